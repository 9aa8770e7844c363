package iso8601

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrPeriod is the error of every text that is not a period.
var ErrPeriod = errors.New("not an ISO 8601 period")

// A Period is what lies between two points in time.
type Period struct{ Start, End time.Time }

// ParsePeriod reads START/END, START/DURATION, DURATION/END, or a duration that
// begins now.
func ParsePeriod(s string, now time.Time) (Period, error) {
	bad := fmt.Errorf("%w: %q", ErrPeriod, s)
	first, second, both := strings.Cut(s, "/")
	second, _, _ = strings.Cut(second, "/") // what follows is not looked at
	if !both {
		d, err := ParseDuration(s)
		if err != nil {
			return Period{}, bad
		}
		return Period{now, d.AddTo(now)}, nil
	}
	if strings.HasPrefix(first, "P") {
		d, err1 := ParseDuration(first)
		end, err2 := point(second, now)
		if err1 != nil || err2 != nil {
			return Period{}, bad
		}
		return Period{d.negative().AddTo(end), end}, nil
	}
	start, err := point(first, now)
	if err != nil {
		return Period{}, bad
	}
	if strings.HasPrefix(second, "P") {
		d, err := ParseDuration(second)
		if err != nil {
			return Period{}, bad
		}
		return Period{start, d.AddTo(start)}, nil
	}
	end, err := point(second, now)
	if err != nil {
		return Period{}, bad
	}
	return Period{start, end}, nil
}

// point is Parse without the words that a period has no place for.
func point(s string, now time.Time) (time.Time, error) {
	if strings.EqualFold(s, "now") || strings.EqualFold(s, "epoch") {
		return time.Time{}, ErrPeriod
	}
	return Parse(s, now)
}

func (d Duration) negative() Duration {
	return Duration{-d.Years, -d.Months, -d.Weeks, -d.Days, -d.Hours, -d.Minutes, -d.Seconds}
}
