// Package servertest tests edentemporal against a real Temporal server, which runs in the test's
// process, with worker processes that are killed, frozen and stopped.
//
// It is a module of its own, and outside the workspace: the server needs a newer Go than the other
// modules, and takes minutes to compile.
//
//	GOWORK=off go test -C temporal/servertest -v ./...
package servertest
