// Package xml is the tree that every pacemaker document lives in: the CIB,
// its patches, transition graphs, and the messages between daemons.
//
// It keeps what pacemaker's own digests depend on (attribute order, child
// order, comments on request), writes exactly the text that pacemaker writes,
// and computes its digests and its patch format 2 (cib.md 9,
// pacemaker-ipc.md 2 and 4.4).
//
// It is not a general XML library: no name spaces, no internal DTD, no
// processing instructions, and white space between elements is dropped.
package xml
