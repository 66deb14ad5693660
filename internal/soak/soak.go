// Package soak drives random scenarios in virtual time, and checks every call of a
// Waiter against what the scenario knows. It has tests only.
package soak

// Scenarios is how many scenarios a plain go test runs, -short a fifth of them;
// EDENWAIT_SOAK asks for another number.
const Scenarios = 500
