// Package corosync is a corosync node to embed: [Start] runs one inside a
// program, without a daemon, a configuration file or a local socket. It forms
// rings with daemons of corosync and with other programs.
//
// A [Node] knows which nodes are there and whether they may act: [Node.View],
// and [Node.Views] for each change. A [Group] is a closed process group (CPG).
// Its members, programs here and on other nodes, hear the same [Event]s in the
// same order: messages, changes of members and of quorum. That is enough to keep
// copies of any state the same; examples/embed is a map that all nodes share, in
// some 150 lines.
//
// The nodes of a cluster speak one generation of corosync's protocol:
// [Config.Generation] is 3 if nothing is said. The transports are udpu and, in a
// configuration that says so, udp.
//
// All methods of Node and Group may be called from any goroutine. Errors that a
// caller can do something about are values or types of this package, to be found
// by [errors.Is] and [errors.As]; those of the system, such as
// syscall.EADDRINUSE from Start, are below them.
package corosync
