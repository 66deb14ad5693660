// Package testbed has what tests of edenwait share: a Waiter of a fake API, of a
// scripted Source or of a server on loopback, scenarios and their scores, hooks and
// logs that record, and connections that fall silent. Only tests import it.
package testbed
