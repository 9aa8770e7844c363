// Package attrd keeps the transient attributes of all nodes (pacemaker-attrd)
// as a machine. Every node holds every value; one elected writer puts them into
// the CIB's status section. Spec: pacemaker-cluster.md 9, pacemaker-ipc.md 6.
//
// Permanent node attributes live in the CIB alone and are none of its business.
package attrd
