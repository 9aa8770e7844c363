// Package controller is the controller of one node (pacemaker-controld) as a machine:
// it elects a DC, joins nodes, asks for a plan when something changed, walks
// the plan's graph, and runs this node's share of it through the executor.
// Spec: pacemaker-cluster.md 3, 4, 6 to 8 and 12.
//
// It neither plans (package pengine does) nor runs agents (package agent), nor
// keeps the CIB: those are Actions, and their results come back as calls. The
// names of states and inputs are pacemaker's own.
//
//	STARTING → PENDING → ELECTION → INTEGRATION → FINALIZE_JOIN → POLICY_ENGINE
//	              ↓↑                                     ↑            ↓
//	            NOT_DC                                 IDLE ← TRANSITION_ENGINE
package controller
