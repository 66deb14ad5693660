// Package bench puts edenwait beside the other ways to wait for many jobs, in
// the same run on the same work, and writes down how each did.
//
// It is a test, because virtual time (testing/synctest) is to be had in tests
// only. From the root of the repository:
//
//	go test -C bench                                              # small: a minute
//	go test -C bench -run TestReport -timeout 60m -full           # all of docs/benchmarks.md
//	go test -C bench -run TestReport -timeout 60m -full -v        # with the figures as they come
//	go test -C bench -run TestReport -timeout 60m -full -only edenwait  # the others as stored
//	go test -C bench -run TestReport -render                      # the page anew from the stored figures
//	go test -C bench ./picture -draw                              # the pictures of docs/how-it-asks.md
//
// Without -full it fails if a rival has less lag than edenwait at as many
// requests or fewer, or if the page is not what the figures beside it make.
package bench
