// Package daemon is the corosync daemon around a node: its command line, its
// place in the system (process, priority, signals, service manager), its log and
// flight recorder, the services mon and wd, its manual pages, and the check of
// its configuration. A program that embeds a node links none of this.
package daemon
