#!/bin/sh
# govulncheck over the whole module. It fails for a known vulnerability that
# our code reaches. Where the database cannot be had, it says that nothing was
# checked: a machine without a way to it must still be able to work.
set -eu
if out=$(go tool -modfile=build/go.mod govulncheck ./... 2>&1); then
	echo "govulncheck: $(printf '%s\n' "$out" | tail -n 1)"
	exit 0
fi
case "$out" in
*"fetching vulnerabilities"*)
	echo "govulncheck: NOT CHECKED, its database cannot be reached: $(printf '%s\n' "$out" | tail -n 1)" ;;
*)
	printf '%s\n' "$out" >&2
	exit 1 ;;
esac
