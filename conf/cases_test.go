package conf

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
)

// TestCases reads files that people had trouble with on host 10.77.0.1: what
// corosync -t of 3.1.7 says of them.
func TestCases(t *testing.T) {
	host := Host{Hostname: "node1", Addrs: []netip.Prefix{netip.MustParsePrefix("10.77.0.1/24")}, Resolve: func(name string) ([]netip.Addr, error) {
		a, err := netip.ParseAddr(name)
		return []netip.Addr{a}, err
	}}
	for _, c := range []struct{ file, err, warning string }{
		{"03-bindnetaddr-of-another-net.conf", "", "interface section bindnetaddr is used together with nodelist. Nodelist one is going to be used."},
		{"04-own-name-unresolvable.conf", "failed to parse node address 'primary-typo'", ""},
		{"10-member-sections.conf", "No valid name found for local host", "member section is deprecated."},
	} {
		text, err := os.ReadFile("testdata/cases/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(c.file, text, EL9, nil)
		if err != nil {
			t.Fatal(err)
		}
		tt, err := ReadTotem(FromKeys(f.Keys), EL9, host)
		var warnings []string
		var bad *Error
		switch {
		case errors.As(err, &bad):
			warnings = bad.Warnings
		case err == nil:
			warnings = tt.Warnings
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.file, err, c.err)
		}
		if len(warnings) == 0 && c.warning != "" || len(warnings) > 0 && warnings[0] != c.warning {
			t.Errorf("%s: warnings %q, want %q", c.file, warnings, c.warning)
		}
	}
}
