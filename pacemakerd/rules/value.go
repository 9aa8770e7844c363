package rules

import (
	"math"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/iso8601"
)

// Int reads the integer a text starts with, after blanks, and tells whether
// there is one. What is out of range becomes the nearest that is not.
func Int(s string) (int64, bool) {
	s = strings.TrimLeft(s, blanks)
	i := digits(s)
	if i == 0 {
		return 0, false
	}
	n, _ := strconv.ParseInt(s[:i], 10, 64)
	return n, true
}

const blanks = " \t\n\v\f\r"

// digits is the length of the integer, with its sign, that s starts with.
func digits(s string) int {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	from := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == from {
		return 0
	}
	return i
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// IsTrue reads a boolean; anything not known to be true is not.
func IsTrue(s string) bool {
	v, ok := ParseBool(s)
	return ok && v
}

// ParseBool reads a boolean, of whatever case; ok is false for any other text.
func ParseBool(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true", "on", "yes", "y", "1":
		return true, true
	case "false", "off", "no", "n", "0":
		return false, true
	}
	return false, false
}

// Milliseconds reads a time span: a number whose fraction is cut off, blanks,
// and a unit, without which it is seconds (scheduler.md 2.3). ok is false
// for anything else.
func Milliseconds(s string) (ms int64, ok bool) {
	s = strings.TrimLeft(s, blanks)
	i := digits(s)
	if i == 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(s[:i], 10, 64)
	rest := s[i:]
	if strings.HasPrefix(rest, ".") {
		rest = strings.TrimLeft(rest[1:], "0123456789")
	}
	rest = strings.TrimLeft(rest, blanks)
	factor := int64(1000)
	switch {
	case rest == "" || hasFold(rest, "s"):
	case hasFold(rest, "ms"):
		factor = 1
	case hasFold(rest, "us"):
		return n / 1000, n >= 0
	case hasFold(rest, "m"):
		factor = 60_000
	case hasFold(rest, "h"):
		factor = 3_600_000
	default:
		return 0, false
	}
	if n < 0 {
		return 0, false
	}
	if err != nil || n > math.MaxInt64/factor {
		return math.MaxInt64, true
	}
	return n * factor, true
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// CheckInterval tells whether a text is an interval as an option has it, and
// what is to be said of one that is a duration gone wrong.
func CheckInterval(s string) (complaint string, ok bool) {
	if strings.HasPrefix(s, "P") {
		_, err := iso8601.ParseDuration(s)
		if err != nil {
			return "'" + s + "' is not a valid ISO 8601 time duration", false
		}
		return "", true
	}
	_, ok = Milliseconds(s)
	return "", ok && !strings.HasPrefix(strings.TrimLeft(s, blanks), "-")
}

// Interval reads an option that is an interval in milliseconds; an ISO 8601
// duration is welcome, an unreadable text is 0.
func Interval(s string) int64 {
	if s == "" {
		return 0
	}
	if s[0] == 'P' {
		d, err := iso8601.ParseDuration(s)
		if err != nil {
			return 0
		}
		return d.Span() * 1000
	}
	ms, _ := Milliseconds(s)
	return min(ms, math.MaxUint32)
}
