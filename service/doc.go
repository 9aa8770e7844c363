// Package service runs corosync's services on top of totem: it sends what
// comes from the ring to the service it is for, and keeps all members in step
// after a change of members (the sync barrier).
//
// A [Machine] holds the services, each an [Engine]. It is fed totem's Deliver
// and Members actions as events, and answers with what to give back to totem
// (totem.Submit, totem.Synced) and with the services' own actions, in order.
// Like totem's it has no clock, no goroutine and no lock.
//
//	*totem.Deliver, totem.Members ─▶ Machine.Step ─▶ totem.Submit, totem.Synced
//	                                 │      ▲
//	                        Exec, SyncInit … Multicast, Processed
//	                                 ▼      │
//	                        cpg, votequorum, [ConfigVersion], [CFG], [Quorum]
//
// # Sync
//
// On a new ring every member tells which services it has. Then, one service
// after the other in order of their ids, each member lets the service send what
// it has to say and then a barrier; when the barriers of all members have come,
// which all see at the same point of the total order, the service takes the new
// state into use. After the last one ordinary traffic goes on.
// Spec: services.md 3.
package service
