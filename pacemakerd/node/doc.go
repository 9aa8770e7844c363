// Package node is one node's pacemaker as a single machine: it pumps between
// the machines of packages cib, dc, attrd and stonith, so that a program can
// run many nodes on one virtual clock. Package pacemakerd gives it sockets,
// processes and files; package sim gives it pretended ones.
//
// It decides nothing itself: it only carries what one machine says to where
// another one listens, in order.
package node
