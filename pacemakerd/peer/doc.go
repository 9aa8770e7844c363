// Package peer is what pacemaker's daemons share when they talk between nodes:
// the envelope around each CPG message, the request XML of the controller, the
// cache of peers, and the election that picks a DC or an attribute writer.
// Spec: pacemaker-cluster.md 1 to 3.
//
// It holds no conversation of its own: packages cib, dc, attrd and stonith do.
package peer
