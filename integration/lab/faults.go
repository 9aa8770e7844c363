package lab

import (
	"context"
	"fmt"
	"strings"
)

// A cut drops what goes from one host to another, as a dead cable does.
type cut struct{ from, to *Host }

// Cut separates two groups of hosts, both ways, until Heal.
func (l *Lab) Cut(a, b []*Host) error {
	for _, x := range a {
		for _, y := range b {
			l.cuts = append(l.cuts, cut{x, y}, cut{y, x})
		}
	}
	return l.filter()
}

// CutOneWay drops what goes from one host to another; the way back is open.
func (l *Lab) CutOneWay(from, to *Host) error {
	l.cuts = append(l.cuts, cut{from, to})
	return l.filter()
}

// Hole makes the switch drop IP packets of more than so many bytes without a
// word, as a path does whose MTU is smaller than it seems; 0 ends it.
func (l *Lab) Hole(size int) error {
	for _, h := range l.hosts { // else the switch sees many datagrams as one
		if err := h.ip("link", "set", "eth0", "gso_max_segs", "1"); err != nil {
			return err
		}
	}
	l.hole = size
	return l.filter()
}

// Loss makes the switch lose a share of all frames, in percent; 0 ends it.
func (l *Lab) Loss(percent int) error {
	l.loss = percent
	return l.filter()
}

// Heal ends all cuts, the loss and the hole.
func (l *Lab) Heal() error {
	l.cuts, l.loss, l.hole = nil, 0, 0
	return l.filter()
}

// filter sets the switch's rules in one step.
func (l *Lab) filter() error {
	var b strings.Builder
	b.WriteString("table bridge lab {}\ndelete table bridge lab\ntable bridge lab {\n chain forward {\n  type filter hook forward priority 0; policy accept;\n")
	for _, c := range l.cuts {
		fmt.Fprintf(&b, "  iifname %q oifname %q drop\n", c.from.port("eth0"), c.to.port("eth0"))
	}
	if l.hole > 0 {
		fmt.Fprintf(&b, "  ether type { ip, ip6 } meta length > %d drop\n", l.hole)
	}
	if l.loss > 0 {
		fmt.Fprintf(&b, "  numgen random mod 100 < %d drop\n", l.loss)
	}
	b.WriteString(" }\n}\n")
	cmd := l.Command(context.Background(), "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(b.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("lab: nft: %w: %s", err, out)
	}
	return nil
}
