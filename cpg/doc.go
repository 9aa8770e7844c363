// Package cpg is the service of closed process groups: processes anywhere in
// the cluster join a group by name, see who else is in it, and send messages
// that all of them get in one order.
//
// A [Machine] is the service on one node. It knows every process of every
// group in the cluster, and the local connections that joined. It is an engine
// of package service. Spec: services.md 5, corosync-ipc.md 3.
package cpg
