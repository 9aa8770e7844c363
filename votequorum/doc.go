// Package votequorum decides whether this node's partition may act: it counts
// the votes of the members against the expected votes of the cluster, with
// corosync's options for small clusters and for the last ones standing.
//
// A [Machine] is the service on one node, an engine of package service. Its
// configuration is read from cmap by [Read]. Spec: services.md 7.
package votequorum
