package wire

import "fmt"

// A ForeignError says that a datagram is of another generation than the one
// expected, or of a protocol that is recognised but not spoken.
type ForeignError struct {
	Got  string // "el7 (corosync 2.4)", "el9 (corosync 3.1)" or "knet"
	Want Generation
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("totem: message of %s, this node speaks %v", e.Got, e.Want)
}

// Detect tells from the first bytes of a UDP payload which generation sent it,
// or 0 if it is neither. knet is set for unencrypted packets of knet, which
// only EL9 has. Spec: totem.md 1.1.
func Detect(b []byte) (g Generation, knet bool) {
	if len(b) < 2 {
		return 0, false
	}
	switch {
	case b[0] == envelopeMark && b[1] == envelopeMark:
		return EL7, false
	case b[0] == 0x70 && b[1] == 0xc0, b[0] == 0xc0 && b[1] == 0x70:
		return EL9, false
	case b[0] == 1 && (b[1] == 0 || b[1] >= 0x81 && b[1] <= 0x84):
		return EL9, true
	}
	return 0, false
}

// expect returns nil if b begins as a UDP payload of g does. Otherwise the error
// is a *ForeignError, or ErrMagic for what nobody sends.
func expect(g Generation, b []byte) error {
	switch got, knet := Detect(b); {
	case got == g && !knet:
		return nil
	case knet:
		return &ForeignError{Got: "knet", Want: g}
	case got != 0:
		return &ForeignError{Got: got.String(), Want: g}
	}
	if len(b) < 2 {
		return fmt.Errorf("totem: %w (%d bytes)", ErrShort, len(b))
	}
	return fmt.Errorf("totem: first bytes %#02x %#02x: %w", b[0], b[1], ErrMagic)
}
