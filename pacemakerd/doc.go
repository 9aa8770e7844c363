// Package pacemakerd is the pacemaker daemon: one process that is what
// pacemakerd, pacemaker-based, -controld, -schedulerd, -execd, -fenced and
// -attrd are in the original. It gives package node what that needs of the
// world: corosync's CPG and quorum, local clients, agents, the planner, the
// disk and a clock.
//
// It is a client of whatever corosync runs on the node, ours or the original.
package pacemakerd
