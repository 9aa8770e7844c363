// Package stonith is the fencer of one node (pacemaker-fenced) as a machine:
// which devices reach which node, who of the cluster uses which, in which
// order, and what came of it. Spec: pacemaker-cluster.md 10, pacemaker-ipc.md 7,
// resource-agents.md 8.
//
// It runs no agent itself: Run is an action.
package stonith
