// Package pengine is the policy engine: a pure function from a CIB to a plan.
//
// Plan reads configuration and status of a CIB into a working set (Cluster),
// decides where every resource should run (scores), what must be done to get
// there (actions), in which order (orderings), and writes that down as the
// transition graph that the designated controller walks (Transition).
//
// The walk has six stages; the name of a file begins with its stage, and plan
// is the whole walk. With what they write:
//
//	read      the configuration: options, nodes, resources, what stands for
//	          others (templates, tags). Writes Cluster.
//	unpack    the status: nodes, tickets, histories of resources, failures.
//	          Writes Cluster, for the last time, and, where something failed,
//	          the first actions of the Transition. Then the constraints, those
//	          implied by what resources are among them: colocations, locations
//	          and orderings of the Transition.
//	place     where everything runs: criteria of nodes, colocations, scores,
//	          instances, room. Writes the resources' tables, places and next
//	          roles, and Scores.
//	act       what must be done: actions and their operations, recurring ones,
//	          probes, changed definitions, notifications, fencing. Writes
//	          actions and more orderings.
//	order     in which order: orderings become links between actions, and
//	          links change actions until all is at rest. Writes actions.
//	tell      the graph, the summary, the reasons, and what a status shows.
//	          Writes Graph.
//
// A Cluster holds its resources and nodes, and those have what later stages
// find out about them; their fields are listed by stage. All stages may note a
// Message, spend of the Limits, or remember when to look again: that is the
// run that both structs share.
//
// The same CIB gives the same plan to the byte: what the expected results
// depend on (order of creation, newest-first lists) is spelled out where it
// matters. Values and rules are read by package rules, a plan is run on paper
// by package simulate. The specification is docs/spec/scheduler.md; its sections are cited.
package pengine
