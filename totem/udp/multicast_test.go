package udp

import "testing"

// TestGroupOf compares with addresses that corosync uses for a cluster without
// mcastaddr. Spec: totem.md 5.4.
func TestGroupOf(t *testing.T) {
	if a := GroupOf("vec", 0, false); a.String() != "239.192.3.8" {
		t.Errorf("GroupOf(vec) = %v, want 239.192.3.8", a)
	}
	if a := GroupOf("vec", 1, true); a.String() != "ff15::306" {
		t.Errorf("GroupOf(vec, ring 1, IPv6) = %v", a)
	}
}
