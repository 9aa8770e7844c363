// Package keeper makes the death of pacemaker's process one that the cluster
// does not see. The process that the service manager started is the parent: it
// starts the worker, which is everything else, and holds copies of the
// descriptors of the worker's memberships in process groups. When the worker
// dies, corosync still finds somebody at the other end, the other nodes see no
// controller leave, and the next worker goes on as the same members.
//
//	service manager ── parent ══ worker ── corosync, agents, clients
//	                     └── copies of the worker's sockets to corosync
//
// When the parent dies, the worker, which has all of this too, goes on; the next
// parent finds it by a socket in the run folder and takes it over.
//
// A parent does nothing that may fail: it decodes no message of the cluster,
// reads no file and runs no agent.
package keeper
