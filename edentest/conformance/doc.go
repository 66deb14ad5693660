// Package conformance holds three things against each other: the contract in
// edentest/openapi.yaml, what package edentest answers, and what edenwait's
// Poller reads. It has tests only, and is a module of its own because the
// validator brings dependencies that users of the library should not get.
//
// With EDENAI_API_KEY set, the live service is held against the contract as
// well; EDENAI_BASE_URL names another host than the worldwide one. That part
// lists and gets, it submits and deletes nothing.
package conformance
