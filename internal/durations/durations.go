// Package durations learns how long jobs of a kind take, and says when the next
// look at one of them is worth a request.
//
// A job that is seen running adds exposure to the ages it has passed; a job that
// is seen ended adds an end. Ends per exposure is the hazard, the rate at which
// jobs of that age end. It is kept on bins of ages that grow by 15 %, so some
// hundred numbers hold any law of durations. No law is assumed.
//
// Where little is known the prior rules: the hazard of the parent kind, and for
// the root half of 1/age, which says that a job may last as long again as it has
// lasted, whatever its scale. Under it the delays are 2·√(price × age).
//
// A Model is not safe for concurrent use. It never fails: any age is accepted,
// also one that a wrong clock made negative or huge.
package durations

// A Kind is a kind of job, as Model.Kind returned it. The zero Kind is the root: all jobs.
// It also stands for jobs of unknown kind.
type Kind uint16

// A Model holds what has been learned. It takes at most about 1.2 MB, whatever
// kinds of jobs come.
type Model struct {
	nodes []node
	names map[name]Kind
}

// A node is a kind and what was learned of it.
type node struct {
	parent Kind
	seen   *seen // nil until the first look at a job of the kind
}

// seen is what was seen of the jobs of a kind. With 127 bins it takes 1 KB.
type seen struct {
	bins   [bins]bin
	oldest int // the last bin that a job was seen to end in; -1 if none was
}

// A bin is what was seen of jobs while their age was in one span.
type bin struct {
	ends     float32
	exposure float32 // in seconds
}

// New returns a Model that has learned nothing.
func New() *Model {
	return &Model{nodes: make([]node, 1), names: make(map[name]Kind)}
}
