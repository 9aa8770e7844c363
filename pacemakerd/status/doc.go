// Package status turns a working set of the planner into what administrators
// read: who is where, what failed, what will change. One model (Entry, node
// lines) is made from the working set; text of pacemaker 2.1.5 (el9) and
// 1.1.20 (el7), XML and HTML are written from it.
package status
