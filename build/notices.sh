#!/bin/sh
# Prints the notices of what is linked into the binaries besides our own code:
# Go itself and every module, with its licence. `make notices` writes them to
# version/notices.txt, which the programs print when asked with --notices.
set -eu
section() { # NAME FILE
	printf '%s\n%s\n%s\n\n' '--------------------------------------------------------------------------------' "$1" '--------------------------------------------------------------------------------'
	cat "$2"
	printf '\n'
}
printf '%s\n\n' 'gocorosync is licensed under the Apache License 2.0. Its binaries contain the following.'
section "Go (standard library and runtime)" "$(go env GOROOT)/LICENSE"
go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/... | sort -u | while read -r path version dir; do
	[ -n "$path" ] || continue
	for f in LICENSE LICENSE.md COPYING; do
		[ ! -f "$dir/$f" ] || { section "$path $version" "$dir/$f"; continue 2; }
	done
	echo "notices.sh: $path has no licence file" >&2
	exit 1
done
