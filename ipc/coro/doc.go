// Package coro holds corosync's five local protocols (cpg, quorum, votequorum,
// cmap and cfg): every request, response and event as a struct with one
// description of its bytes, used by the daemon and by its clients; and clients
// for Go programs: [DialCPG], [DialQuorum], [DialVotequorum], [DialCMAP],
// [DialCFG].
//
// The clients work with corosync 2.4 and 3.1 as well as with gocorosync.
package coro
