// Package corosync is a whole corosync node: the ring, the services on it,
// cmap and the local IPC. A program may embed one with [Start]; [Main] is the
// corosync daemon.
//
// An embedded node reads the same corosync.conf and forms rings with daemons and
// with other programs. What it gives is [Group]: all members hear the same
// messages, changes of members and changes of quorum in the same order.
// examples/embed is a map that all nodes share, in some 150 lines.
//
// One goroutine, the loop, owns all machines and the map of keys. Clients'
// requests come to it from the goroutines of their connections as functions to
// call; what they should hear leaves through bounded queues, so a client that
// does not listen cannot stall the ring.
package corosync
