// Package sim runs a whole cluster in one process, on a clock and a network of
// its own making. Everything that happens in a [World] follows from its seed:
// which packets are lost, late, doubled or replayed, who is cut off, stopped,
// crashed and started again, and what is sent. So a failure replays exactly.
//
// A run has two parts. In the first everything may happen, and checkers watch
// what the nodes report (see [Checker]). Then there is peace, and the cluster
// has to agree within a stated time.
package sim
