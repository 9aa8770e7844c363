package acl

import "testing"

func TestListed(t *testing.T) {
	file := []byte("root:x:0:\nhaclient:x:110:carol,dave\nbroken\nops:x:7:erin\nops:x:7:frank\n")
	for _, c := range []struct {
		user, group string
		want        bool
	}{
		{"carol", "haclient", true}, {"dave", "haclient", true}, {"car", "haclient", false}, {"erin", "haclient", false},
		{"frank", "ops", true}, {"", "root", false}, {"x", "", false}, {"", "", false}, {"carol", "nosuch", false},
	} {
		if got := Listed(file, c.user, c.group); got != c.want {
			t.Errorf("%q in %q: %v", c.user, c.group, got)
		}
	}
}
