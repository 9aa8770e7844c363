// Package node is one whole corosync node: the loop, the machines it owns, the
// map of keys and the local IPC. Package corosync is what a program sees of it,
// package daemon what the service manager does.
//
// One goroutine, the loop, owns all machines and the map of keys. Clients'
// requests come to it from the goroutines of their connections as functions to
// call; what they should hear leaves through bounded queues, so a client that
// does not listen cannot stall the ring.
package node
