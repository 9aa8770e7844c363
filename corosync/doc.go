// Package corosync is a whole corosync node: the ring, the services on it,
// cmap and the local IPC. A program may embed one with [Start]; [Main] is the
// corosync daemon.
//
// One goroutine, the loop, owns all machines and the map of keys. Clients'
// requests come to it from the goroutines of their connections as functions to
// call; what they should hear leaves through bounded queues, so a client that
// does not listen cannot stall the ring.
package corosync
