// Package conf reads, edits and writes corosync.conf, and tells what its
// values mean to each generation of corosync.
//
// [Parse] keeps every byte of the file, so what is not edited is printed back
// unchanged. It accepts and refuses what the corosync of the [Profile] does,
// with its messages; besides, an [Error] knows its place and a remedy.
// [File.Keys] are the typed keys that the file puts into cmap, and [ReadTotem],
// [ReadLogging] turn keys into settings with all defaults filled in.
// Spec: corosync-conf.md.
package conf
