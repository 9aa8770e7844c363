package acl

import (
	"bytes"
	"slices"
	"strings"
)

// Listed tells whether a group file has a user in a group's list of members,
// where the original looks alone: not by the user's own group.
func Listed(file []byte, user, group string) bool {
	if user == "" || group == "" {
		return false
	}
	for line := range bytes.Lines(file) {
		f := strings.Split(strings.TrimSpace(string(line)), ":")
		if len(f) == 4 && f[0] == group && slices.Contains(strings.Split(f[3], ","), user) {
			return true
		}
	}
	return false
}
