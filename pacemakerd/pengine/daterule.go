package pengine

import (
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/iso8601"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// dateHolds evaluates a date_expression and remembers when its result will
// change (spec: scheduler.md 3.3, 3.4).
func (c *Cluster) dateHolds(e *xml.Node) bool {
	start, hasStart := c.date(e, "start")
	end, hasEnd := c.date(e, "end")
	if d := e.Child("duration"); d != nil && hasStart && !hasEnd {
		end, hasEnd = duration(d).AddTo(start), true
	}
	now := c.now
	switch op := e.Get("operation"); op {
	case "", "in_range":
		if hasStart && now.Before(start) {
			c.recheckAt(start)
			return false
		}
		if hasEnd {
			if now.After(end) {
				return false
			}
			c.recheckAt(end.Add(time.Second))
		}
		return hasStart || hasEnd
	case "gt":
		if !hasStart {
			return false
		}
		if now.After(start) {
			return true
		}
		c.recheckAt(start.Add(time.Second))
		return false
	case "lt":
		if !hasEnd || !now.Before(end) {
			return false
		}
		c.recheckAt(end)
		return true
	case "date_spec":
		spec := e.Child("date_spec")
		return spec != nil && dateSpecHolds(spec, now)
	}
	return false
}

func (c *Cluster) date(e *xml.Node, name string) (time.Time, bool) {
	v, ok := e.Lookup(name)
	if !ok {
		return time.Time{}, false
	}
	t, err := iso8601.Parse(v, c.now)
	if err != nil {
		c.log("parse_date", Error, "'%s' is not a valid ISO 8601 date/time specification", v)
	}
	return t, err == nil
}

func duration(e *xml.Node) iso8601.Duration {
	n := func(name string) int {
		v, _ := leadingInt(e.Get(name))
		return int(max(-1_000_000_000, min(1_000_000_000, v)))
	}
	return iso8601.Duration{Years: n("years"), Months: n("months"), Weeks: n("weeks"), Days: n("days"),
		Hours: n("hours"), Minutes: n("minutes"), Seconds: n("seconds")}
}

func dateSpecHolds(spec *xml.Node, t time.Time) bool {
	weekYear, week := t.ISOWeek()
	weekday := (int(t.Weekday())+6)%7 + 1
	for _, f := range [...]struct {
		name  string
		value int
	}{
		{"seconds", t.Second()}, {"minutes", t.Minute()}, {"hours", t.Hour()}, {"monthdays", t.Day()},
		{"weekdays", weekday}, {"yeardays", t.YearDay()}, {"weeks", week}, {"months", int(t.Month())},
		{"years", t.Year()}, {"weekyears", weekYear}, {"moon", moonPhase(t)},
	} {
		if v, ok := spec.Lookup(f.name); ok && !inRange(v, f.value) {
			return false
		}
	}
	return true
}

// inRange reads N, A-B, A- or -B. A text that is none of these restricts
// nothing.
func inRange(s string, v int) bool {
	low, high, dash := strings.Cut(s, "-")
	a, errA := strconv.Atoi(strings.TrimSpace(low))
	b, errB := strconv.Atoi(strings.TrimSpace(high))
	switch {
	case !dash:
		return errA != nil || v == a
	case low == "" && errB == nil:
		return v <= b
	case high == "" && errA == nil:
		return v >= a
	case errA == nil && errB == nil:
		return v >= a && v <= b
	}
	return true
}

// moonPhase is 0 for new moon to 7.
func moonPhase(t time.Time) int {
	golden := t.Year()%19 + 1
	epact := (11*golden + 18) % 30
	if epact == 25 && golden > 11 || epact == 24 {
		epact++
	}
	return ((((t.YearDay() + epact) * 6) + 11) % 177) / 22 % 8
}

// recheckAt keeps the earliest future moment at which the plan may change.
func (c *Cluster) recheckAt(t time.Time) {
	if t.After(c.now) && (c.recheck.IsZero() || t.Before(c.recheck)) {
		c.recheck = t
	}
}
