// Package agent finds and runs resource agents and fence agents: OCF, LSB,
// systemd and stonith. Each run is a process group of its own with exactly the
// environment that pacemaker gives (resource-agents.md).
//
// It knows nothing of queues, intervals or the cluster: package lrmd does.
package agent
