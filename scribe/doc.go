// Package scribe writes what a program says about itself to places that may not
// take it: a file on a full or hanging disk, a pipe that nobody reads, a syslog
// daemon that is stopped. Who says it never waits. Each place has a queue with a
// bound and one goroutine that writes; what finds no room is counted, and the
// place is told how many lines it misses as soon as it takes lines again.
package scribe
