package iso8601

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// ErrDuration is the error of every text that is not a duration.
var ErrDuration = errors.New("not an ISO 8601 duration")

// A Duration counts calendar units, so that adding a month is a month.
type Duration struct {
	Years, Months, Weeks, Days, Hours, Minutes, Seconds int
}

// ParseDuration reads P[nY][nM][nW][nD][T[nH][nM][nS]].
func ParseDuration(s string) (Duration, error) {
	var d Duration
	if len(s) < 2 || s[0] != 'P' {
		return d, fmt.Errorf("%w: %q", ErrDuration, s)
	}
	inTime, units := false, 0
	for i := 1; i < len(s); {
		if s[i] == 'T' && !inTime {
			inTime = true
			i++
			continue
		}
		p := cursor{s: s, i: i}
		n := p.digits()
		if n == 0 || n > 9 || i+n >= len(s) {
			return d, fmt.Errorf("%w: %q", ErrDuration, s)
		}
		v, _ := p.number(n)
		i += n
		field := d.field(s[i], inTime)
		if field == nil {
			return d, fmt.Errorf("%w: unit %q in %q", ErrDuration, s[i], s)
		}
		*field = v
		units++
		i++
	}
	if units == 0 {
		return d, fmt.Errorf("%w: %q", ErrDuration, s)
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
	return t.Add(time.Duration(min(seconds, most)) * time.Second)
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
