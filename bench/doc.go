// Package bench puts edenwait beside the other ways to wait for many jobs, in
// the same run on the same work, and writes down how each did.
//
// It is a test, because virtual time (testing/synctest) exists in tests only. From
// the root of the repository:
//
//	go test -C bench                                              # a small set: a minute or two
//	go test -C bench -run TestReport -timeout 60m -full           # all of docs/benchmarks.md, and the README's figures
//	go test -C bench -run TestReport -timeout 60m -full -v        # with the figures as they come
//	go test -C bench -run TestReport -timeout 60m -full -only edenwait  # the others as stored
//	go test -C bench -run TestReport -timeout 60m -full -seeds 2 -out DIR  # a trial: DIR has a copy of README.md
//	go test -C bench -run TestReport -render                      # the pages from the stored figures
//	go test -C bench ./picture -draw                              # the pictures of docs/how-it-asks.md
//	go run -C bench ./realtime                                    # a raised limit, in real time
//
// Without -full it fails if a baseline has less lag than edenwait at as many
// requests or fewer and that is not expected, or if the pages are not what the
// figures beside them make. No test asserts anything about real time.
package bench
