package pacemakerd

import (
	"bytes"
	"os"
	"slices"
	"strings"
)

// inGroup tells whether a user is in a group's list of members, as the original
// looks for one: in the list alone, not by the user's own group.
func inGroup(user, group string) bool {
	b, err := os.ReadFile("/etc/group")
	return err == nil && listed(b, user, group)
}

// listed is inGroup for the text of a group file.
func listed(file []byte, user, group string) bool {
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
