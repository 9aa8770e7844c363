package status

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// when is a point in time, "" for none.
func when(seconds string) string {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n == 0 {
		return ""
	}
	return time.Unix(n, 0).Format(time.ANSIC)
}

// changed is when an operation came to its result, "" where that is not known.
func changed(op *xml.Element) string { return when(op.Get("last-rc-change")) }

func zero(s string) string { return cmp.Or(s, "0") }

// readable is a time span in words: days to milliseconds.
func readable(ms string) string {
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || n <= 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range [...]struct {
		ms   int64
		unit string
	}{{24 * 3600_000, "d"}, {3600_000, "h"}, {60_000, "m"}} {
		if v := n / u.ms; n > u.ms { // a whole unit is said in the next smaller one
			fmt.Fprintf(&b, "%d%s", v, u.unit)
			n %= u.ms
		}
	}
	switch {
	case n > 1000 && n%1000 != 0:
		fmt.Fprintf(&b, "%d.%03ds", n/1000, n%1000)
	case n > 1000:
		fmt.Fprintf(&b, "%ds", n/1000)
	case n > 0:
		fmt.Fprintf(&b, "%dms", n)
	}
	return b.String()
}
