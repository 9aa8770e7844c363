package daemon

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/totem"
	"github.com/gocorosync/gocorosync/totem/wire"
)

// original returns the lines that corosync logs, at notice level, for what a
// record of totem is about, or none.
func original(note totem.Note, a map[string]slog.Value) []string {
	ring, _ := a["ring"].Any().(totem.RingID)
	switch note {
	case totem.NoteFormed:
		name := fmt.Sprintf("%x.%x", uint32(ring.Rep), ring.Seq)
		if addr := ring.RepAddr(); addr.IsValid() {
			name = fmt.Sprintf("%v:%d", addr, ring.Seq)
		}
		joined, left := list(a["joined"]), list(a["left"])
		text := "A new membership (" + name + ") was formed. Members"
		if len(joined) > 0 {
			text += " joined: " + strings.Join(joined, " ")
		}
		if len(left) > 0 {
			text += " left: " + strings.Join(left, " ")
		}
		lines := []string{text}
		var failed []string
		for _, id := range left {
			if id != fmt.Sprint(a["bye"].Any()) {
				failed = append(failed, id)
			}
		}
		if len(failed) > 0 {
			lines = append(lines, "Failed to receive the leave message. failed: "+strings.Join(failed, " "))
		}
		return lines
	case totem.NoteTokenLost:
		if a["generation"].Any() == wire.EL9 {
			token, _ := a["timeout"].Any().(time.Duration)
			consensus, _ := a["consensus"].Any().(time.Duration)
			return []string{fmt.Sprintf("A processor failed, forming new configuration: token timed out (%dms), waiting %dms for consensus.",
				token.Milliseconds(), consensus.Milliseconds())}
		}
		return []string{"A processor failed, forming new configuration."}
	case totem.NoteTokenLate:
		d, _ := a["silence"].Any().(time.Duration)
		return []string{fmt.Sprintf("Token has not been received in %d ms ", d.Milliseconds())}
	case totem.NoteFailedToReceive:
		return []string{"FAILED TO RECEIVE"}
	}
	return nil
}

// list returns the elements of a slice in an attribute as text.
func list(v slog.Value) (items []string) {
	rv := reflect.ValueOf(v.Any())
	if rv.Kind() != reflect.Slice {
		return nil
	}
	for i := range rv.Len() {
		items = append(items, fmt.Sprint(rv.Index(i).Interface()))
	}
	return items
}
