package rules

import (
	"strconv"
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/iso8601"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// date evaluates a date_expression and tells when its result may change
// (scheduler.md 3.3, 3.4).
func (e *Evaluator) date(x *xml.Element) bool {
	start, hasStart := e.moment(x, "start")
	end, hasEnd := e.moment(x, "end")
	if d := x.Child("duration"); d != nil && hasStart && !hasEnd {
		end, hasEnd = duration(d).AddTo(start), true
	}
	now := e.Now
	switch op := x.Get("operation"); op {
	case "", "in_range":
		if hasStart && now.Before(start) {
			e.recheck(start)
			return false
		}
		if hasEnd {
			if now.After(end) {
				return false
			}
			e.recheck(end.Add(time.Second))
		}
		return hasStart || hasEnd
	case "gt":
		if !hasStart {
			return false
		}
		if now.After(start) {
			return true
		}
		e.recheck(start.Add(time.Second))
		return false
	case "lt":
		if !hasEnd || !now.Before(end) {
			return false
		}
		e.recheck(end)
		return true
	case "date_spec":
		spec := x.Child("date_spec")
		return spec != nil && specHolds(spec, now)
	}
	return false
}

// moment reads an attribute that is a date.
func (e *Evaluator) moment(x *xml.Element, name string) (time.Time, bool) {
	v, ok := x.Lookup(name)
	if !ok {
		return time.Time{}, false
	}
	t, err := iso8601.Parse(v, e.Now)
	if err != nil {
		e.report(Problem{Origin: "parse_date", Error: true, Text: "'" + v + "' is not a valid ISO 8601 date/time specification", Value: v})
	}
	return t, err == nil
}

func duration(e *xml.Element) iso8601.Duration {
	n := func(name string) int {
		v, _ := Int(e.Get(name))
		return int(max(-1_000_000_000, min(1_000_000_000, v)))
	}
	return iso8601.Duration{Years: n("years"), Months: n("months"), Weeks: n("weeks"), Days: n("days"),
		Hours: n("hours"), Minutes: n("minutes"), Seconds: n("seconds")}
}

func specHolds(spec *xml.Element, t time.Time) bool {
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
