// Package faults tries every fault by itself, and writes docs/faults.md. It has tests
// only.
package faults
