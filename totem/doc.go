// Package totem is the totem single-ring protocol: it keeps the nodes of a
// cluster on one ring, tells who is on it, and delivers every message to all of
// them in one order.
//
// A [Machine] is the protocol of one node as a value. It is fed events (a
// datagram, a message to send, the passing of time) and answers with actions
// (send this, save that, deliver, here are the members), which its caller
// carries out strictly in order. It has no goroutine, socket, clock or file of
// its own; package udp has them, package sim has made-up ones.
//
// # States
//
//	         join, foreign message, token lost
//	   ┌──────────────────────────────────────────────┐
//	   ▼                                              │
//	gather ── consensus ──▶ commit ── token back ──▶ recovery ──▶ operational
//	   ▲                      │                        │
//	   └──── join, timeout ───┴────────────────────────┘
//
// In gather the nodes exchange joins until all that hear each other list the
// same candidates. The lowest of them sends a commit token round, twice: once to
// collect what each has of its old ring, once to spread it. In recovery the
// members of one old ring fill each other's holes; then the new ring is
// operational, and the token goes round for new messages.
//
// # Generations
//
// Both generations of corosync are spoken (see package wire); one ring speaks
// one of them. They differ in bytes and in a few habits, which are data in the
// Config, never a different machine.
//
// # Application messages
//
// What is submitted and delivered are application messages of up to [MaxMessage]
// bytes with a table of group names in front (wire.AppendGroup,
// wire.SplitGroups), which this package does not look at. Small ones share a
// frame, big ones are cut into several.
//
// # Not supported
//
// knet.
package totem
