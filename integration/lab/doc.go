// Package lab makes small hosts on one machine: each has a network, mount, pid,
// uts and ipc namespace, an eth0 on a common bridge, and its own /etc, /run,
// /dev/shm, /var/log, /var/lib/corosync and /var/lib/pacemaker. What a host has
// on disk outlives its death, as with a machine whose power fails.
//
// It needs root, the programs ip, mount and nsenter, and a kernel with overlay
// file systems. It changes nothing outside its folder and its namespaces.
//
// A program that uses it must call [Init] first thing in main: the first
// process of each host is that program again.
package lab
