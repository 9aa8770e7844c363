// Package pengine is the policy engine: a pure function from a CIB to a plan.
//
// Plan reads configuration and status of a CIB into a working set (Cluster),
// decides where every resource should run (scores), what must be done to get
// there (actions), in which order (orderings), and writes that down as the
// transition graph that the designated controller walks.
//
// The files follow the pipeline, in this order:
//
//	options, nodes, resource, clone,
//	bundle, template, tags             the configuration
//	nodestate, history, historyop,
//	migration, failcount               the status
//	location, colocation, order,
//	ticket                             constraints
//	criteria, assign*, promote,
//	utilization                        where everything runs
//	action, opmeta, create*, recurring,
//	probe, digest, notify, fence,
//	remote                             what must be done
//	ordering, update, actionflags,
//	relation, interleave, blocked,
//	orderloop, graph                   in which order
//	summary                            what to tell about it
//
// The same CIB gives the same plan to the byte: what the expected results
// depend on (order of creation, newest-first lists) is spelled out where it
// matters. Values and rules are read by package rules. The spec is scheduler.md; its sections are cited.
package pengine
