package peer

import (
	"testing"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

func parse(t *testing.T, s string) *xml.Element {
	t.Helper()
	n, err := xml.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
