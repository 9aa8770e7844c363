// Package status turns a working set of the planner into what administrators
// read: who is where, what failed, what will change.
//
// One model (entries, records, lists of nodes) is made from the working set, and
// there is one way to print it, [Form]: its values are text, XML and HTML of
// pacemaker 1.1.20 ([EL7]) and of 2.1.5 ([EL9]), each in a file that says so.
// What both generations say in other words stands in [Words]. A tool chooses a
// [Format] and a [View]; a simulation is printed likewise by a [SimulationForm].
package status
