// Package version holds the version of gocorosync, and nothing else.
package version

// Version is what the daemons and tools call themselves; the newest entry of
// CHANGELOG.md has the same number.
const Version = "0.1.0"
