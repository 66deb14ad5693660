// Package netfault holds tests only: a Waiter, over loopback, through a proxy
// that does to real connections what networks do. It is a module of its own so
// that nobody who imports edenwait or edentest downloads the proxy.
//
// What can be had in virtual time is tested there, in edenwait's own tests; here
// is what only the kernel and net/http can show: resets, half-open connections,
// keep-alive connections that die, a port where nobody listens for a while.
package netfault
