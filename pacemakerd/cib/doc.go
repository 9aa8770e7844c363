// Package cib is the cluster information base: the document, its versions, the
// operations on it, and the machine that replicates it over the CPG group "cib".
//
// Every modifying operation is multicast as the client gave it, and every node
// applies it when CPG delivers it. So Apply must have exactly the same effect
// everywhere, version counters included; the rules are those of
// pacemaker-cluster.md 5.1.1, and the captured operations of real clusters are
// replayed against them in the tests.
//
// The package does not touch files or sockets: the machine says Save and Send,
// and package pacemakerd does it. Schemas come in through Schemas.
package cib
