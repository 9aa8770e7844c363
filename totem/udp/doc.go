// Package udp runs a totem.Machine on real sockets and a real clock: transport
// udpu, where a multicast is one datagram per node, and transport udp, where it
// is one for a group address.
//
// A [Loop] owns the machine, the socket and one goroutine, the one that calls
// [Loop.Run]. What stacks on the ring is an [App], whose methods Run calls on
// that goroutine; they must be quick, for the token waits meanwhile. Other
// goroutines reach the machines by [Loop.Do] only. [Loop.Watch] makes the loop
// wait for other descriptors too.
//
// Linux only.
package udp
