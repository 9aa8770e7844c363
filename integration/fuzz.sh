#!/bin/sh
# Runs every fuzz target for the given time.
set -eu
time=${1:-60s}
grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r f; do
	pkg=./$(dirname "$f")
	grep -oE '^func Fuzz[A-Za-z0-9_]*' "$f" | sed 's/^func //' | while read -r name; do
		echo "== $pkg $name"
		go test "$pkg" -run '^$' -fuzz "^$name\$" -fuzztime "$time"
	done
done
