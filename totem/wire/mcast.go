package wire

// McastSize returns the size of an mcast before its payload, in bytes.
func McastSize(g Generation) int {
	if g == EL9 {
		return 45
	}
	return 99
}
