// Package ipc speaks libqb's local inter-process protocol, as corosync's and
// pacemaker's programs use it: a server to listen for their unmodified clients,
// and a client to reach their unmodified daemons.
//
// A connection is one Unix stream socket, used for the handshake and to notice
// when the other side is gone, and three one-way channels: requests, responses
// and events. The channels are shared-memory rings ([SharedMemory], what the
// real daemons use) or datagram sockets ([Socket]); the server decides.
//
// Messages are opaque here except for their first 16 bytes, the id and the size
// (see [Header]); what follows belongs to the protocol above.
//
// Not supported: POSIX and System V message queues, which libqb refuses too.
package ipc
