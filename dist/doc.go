// Package dist holds what an installation needs besides the programs: systemd
// units with the names and the order of the originals' and rules for logrotate.
package dist
