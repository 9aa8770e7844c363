package iso8601

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// ErrDuration is the error of every text that is not a duration.
var ErrDuration = errors.New("not an ISO 8601 duration")

// A Duration counts calendar units, so that adding a month is a month.
type Duration struct {
	Years, Months, Weeks, Days, Hours, Minutes, Seconds int
}

// ParseDuration reads P[nY][nM][nW][nD][T[nH][nM][nS]], each n with a sign if
// need be, up to a blank or a slash. A unit that comes twice adds up, but of
// years and months the last counts.
func ParseDuration(s string) (Duration, error) {
	var d Duration
	bad := fmt.Errorf("%w: %q", ErrDuration, s)
	if len(s) < 2 || s[0] != 'P' {
		return d, bad
	}
	inTime := false
	p := cursor{s: s, i: 1}
	for rest := p.rest(); rest != "" && rest[0] != ' ' && rest[0] != '/'; rest = p.rest() {
		if p.take('T') {
			inTime = true
			continue
		}
		sign := 1
		if p.take('-') {
			sign = -1
		} else {
			p.take('+')
		}
		n := p.digits()
		if n == 0 || n > 9 {
			return d, bad
		}
		v, _ := p.number(n)
		if p.rest() == "" {
			return d, bad
		}
		field := d.field(p.rest()[0], inTime)
		if field == nil {
			return d, fmt.Errorf("%w: unit %q in %q", ErrDuration, p.rest()[0], s)
		}
		if field == &d.Years || field == &d.Months {
			*field = 0
		}
		*field += sign * v
		p.i++
	}
	return d, nil
}

// field finds the unit. As in the original, H and S count as time even
// without the T that should introduce them.
func (d *Duration) field(unit byte, inTime bool) *int {
	switch unit {
	case 'Y':
		return &d.Years
	case 'M':
		if inTime {
			return &d.Minutes
		}
		return &d.Months
	case 'W':
		return &d.Weeks
	case 'D':
		return &d.Days
	case 'H':
		return &d.Hours
	case 'S':
		return &d.Seconds
	}
	return nil
}

// AddTo adds years first, then months, weeks, days, hours, minutes, seconds. A
// year keeps the number of the day in the year, so that after the end of
// February it is another day of the month in a leap year. A day of the month
// that does not exist becomes the last one that does.
func (d Duration) AddTo(t time.Time) time.Time {
	if d.Years != 0 {
		t = time.Date(t.Year()+d.Years, time.January, t.YearDay(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	}
	t = addMonths(t, d.Months)
	t = t.AddDate(0, 0, d.Weeks*7+d.Days)
	seconds := int64(d.Hours)*3600 + int64(d.Minutes)*60 + int64(d.Seconds)
	const most = math.MaxInt64 / int64(time.Second)
	return t.Add(time.Duration(max(-most, min(seconds, most))) * time.Second)
}

func addMonths(t time.Time, n int) time.Time {
	if n == 0 {
		return t
	}
	y, m, day := t.Date()
	first := time.Date(y, m+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	return first.AddDate(0, 0, min(day, DaysInMonth(first.Year(), first.Month()))-1)
}

// Span is the duration in seconds, a year being 365 days and a month 30.
func (d Duration) Span() int64 {
	days := int64(d.Years)*365 + int64(d.Months)*30 + int64(d.Weeks)*7 + int64(d.Days)
	return days*86400 + int64(d.Hours)*3600 + int64(d.Minutes)*60 + int64(d.Seconds)
}

// String is the duration as pacemaker's iso8601 tool shows it, all that is
// longer than a month apart.
func (d Duration) String() string {
	var b strings.Builder
	unit := func(format string, n int, name string) {
		if n != 0 {
			fmt.Fprintf(&b, format+" %s%s ", n, name, plural(int64(n)))
		}
	}
	unit("%4d", d.Years, "year")
	unit("%2d", d.Months, "month")
	unit("%2d", d.Weeks*7+d.Days, "day")
	seconds := int64(d.Hours)*3600 + int64(d.Minutes)*60 + int64(d.Seconds)
	if seconds == 0 && b.Len() > 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "%d second%s", seconds, plural(seconds))
	if abs := max(seconds, -seconds); abs >= 60 {
		var parts []string
		for _, u := range [...]struct {
			n    int64
			name string
		}{{abs / 3600, "hour"}, {abs % 3600 / 60, "minute"}, {abs % 60, "second"}} {
			if u.n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s%s", u.n, u.name, plural(u.n)))
			}
		}
		b.WriteString(" (" + strings.Join(parts, " ") + ")")
	}
	return b.String()
}

func plural(n int64) string {
	if n == 1 {
		return ""
	}
	return "s"
}
