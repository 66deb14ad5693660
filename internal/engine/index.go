package engine

import "hash/maphash"

// index finds jobs by their keys. A map would keep a copy of each key, in tables
// that are half empty: 44 bytes per job of a million. This one takes 4: the jobs of
// one bucket are linked to each other, and a key is compared where the job has it.
//
// It grows by linear hashing (Litwin 1980), one bucket per job that is added, so
// that a million jobs are never moved at once under the lock. It does not shrink:
// it is dropped with the last call.
type index struct {
	seed    maphash.Seed
	buckets arena[int32] // the first job of each, plus one; 0 if it is empty
	jobs    int32
	half    int32 // the largest power of two up to the number of buckets
}

// bucket is the number of a key's bucket.
func (x *index) bucket(key *Key) int32 {
	hash := maphash.Bytes(x.seed, key[:])
	if n := int32(hash & uint64(2*x.half-1)); n < x.buckets.len() {
		return n
	}
	return int32(hash & uint64(x.half-1))
}

// find returns the job with the key.
func (x *index) find(jobs *arena[job], key *Key) (int32, bool) {
	if x.jobs == 0 {
		return none, false
	}
	for j := *x.buckets.at(x.bucket(key)) - 1; j != none; {
		job := jobs.at(j)
		if job.key == *key {
			return j, true
		}
		j = job.chain
	}
	return none, false
}

// add adds a job whose key is not there yet.
func (x *index) add(jobs *arena[job], j int32) {
	if x.half == 0 {
		x.seed, x.half = maphash.MakeSeed(), 1
		x.buckets.add()
	}
	x.jobs++
	if x.jobs > x.buckets.len() {
		x.split(jobs)
	}
	job := jobs.at(j)
	first := x.buckets.at(x.bucket(&job.key))
	job.chain, *first = *first-1, j+1
}

// split adds a bucket, and moves the jobs that belong there to it. All of them are
// in one other bucket.
func (x *index) split(jobs *arena[job]) {
	if x.buckets.len() == 2*x.half {
		x.half *= 2
	}
	added := x.buckets.add()
	from := x.buckets.at(added - x.half)
	j := *from - 1
	*from = 0
	for j != none {
		job := jobs.at(j)
		next := job.chain
		first := x.buckets.at(x.bucket(&job.key))
		job.chain, *first = *first-1, j+1
		j = next
	}
}

// remove takes a job out.
func (x *index) remove(jobs *arena[job], j int32) {
	x.jobs--
	job := jobs.at(j)
	first := x.buckets.at(x.bucket(&job.key))
	if *first == j+1 {
		*first = job.chain + 1
		return
	}
	before := jobs.at(*first - 1)
	for before.chain != j {
		before = jobs.at(before.chain)
	}
	before.chain = job.chain
}
