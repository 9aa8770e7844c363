// Package iso8601 reads and writes the date, duration and period texts that
// pacemaker understands in rules, options and the iso8601 tool
// (scheduler.md 2.4).
//
// Dates are YYYY-MM-DD, YYYYMMDD, YYYY-DDD (ordinal) or YYYY-Www-D, then
// optionally a "T" or a blank and HH[:MM[:SS]], then optionally Z, or blanks and
// [±]HH[:MM]. A text may also be a time alone, "now" or "epoch". As in the
// original, what follows is not looked at; a date alone begins at midnight UTC;
// a time without a zone has the offset from UTC that is in force now, whatever
// it is at that date.
package iso8601

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrDate is the error of every text that is not a date.
var ErrDate = errors.New("not an ISO 8601 date and time")

// Parse reads a date, a time of today, or both. now gives "now", today and the
// offset of times without a zone.
func Parse(s string, now time.Time) (time.Time, error) {
	bad := fmt.Errorf("%w: %q", ErrDate, s)
	s = strings.TrimLeft(s, " \t\n")
	switch {
	case s == "":
		return time.Time{}, bad
	case strings.EqualFold(s, "now"):
		return now, nil
	case strings.EqualFold(s, "epoch"):
		return time.Unix(0, 0).UTC(), nil
	}
	p := &cursor{s: s}
	year, month, day := now.Date()
	if s[0] == 'T' || len(s) > 2 && s[2] == ':' {
		p.take('T')
	} else {
		var ok bool
		if year, month, day, ok = p.date(); !ok {
			return time.Time{}, bad
		}
		if !p.take('T') && !p.take(' ') {
			return time.Date(year, month, day, 0, 0, 0, 0, time.UTC), nil
		}
	}
	c, ok := p.clock(now)
	if !ok {
		return time.Time{}, bad
	}
	if c.hour == 24 {
		return time.Date(year, month, day+1, 0, 0, 0, 0, c.zone), nil
	}
	return time.Date(year, month, day, c.hour, c.minute, c.second, 0, c.zone), nil
}

// A cursor reads digits and separators from the front of a text.
type cursor struct {
	s string
	i int
}

func (p *cursor) rest() string { return p.s[p.i:] }

func (p *cursor) skip(set string) {
	for p.i < len(p.s) && strings.IndexByte(set, p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *cursor) take(b byte) bool {
	if p.i < len(p.s) && p.s[p.i] == b {
		p.i++
		return true
	}
	return false
}

// digits counts the digits that follow.
func (p *cursor) digits() int {
	n := 0
	for p.i+n < len(p.s) && p.s[p.i+n] >= '0' && p.s[p.i+n] <= '9' {
		n++
	}
	return n
}

// number reads exactly n digits, at least one.
func (p *cursor) number(n int) (int, bool) {
	if n == 0 || p.digits() < n {
		return 0, false
	}
	v := 0
	for range n {
		v = v*10 + int(p.s[p.i]-'0')
		p.i++
	}
	return v, true
}

// upTo reads a number of at most n digits.
func (p *cursor) upTo(n int) (int, bool) { return p.number(min(n, p.digits())) }

func (p *cursor) date() (year int, month time.Month, day int, ok bool) {
	if n := p.digits(); n >= 7 { // YYYYMMDD, YYYYDDD
		year, _ = p.number(4)
		if n == 7 {
			yday, _ := p.number(3)
			return ordinal(year, yday)
		}
		m, _ := p.number(2)
		d, _ := p.number(2)
		return calendar(year, m, d)
	}
	year, ok = p.upTo(4)
	if !ok || !p.take('-') {
		return 0, 0, 0, false
	}
	if p.take('W') {
		week, ok1 := p.upTo(2)
		ok2 := p.take('-')
		weekday, ok3 := p.upTo(1)
		if !ok1 || !ok2 || !ok3 || week > WeeksIn(year) || weekday < 1 || weekday > 7 {
			return 0, 0, 0, false
		}
		jan4 := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
		monday := jan4.AddDate(0, 0, -(int(jan4.Weekday()+6) % 7))
		year, month, day = monday.AddDate(0, 0, (week-1)*7+weekday-1).Date()
		return year, month, day, true
	}
	m, ok := p.upTo(4)
	if !ok {
		return 0, 0, 0, false
	}
	if !p.take('-') {
		return ordinal(year, m)
	}
	d, ok := p.upTo(2)
	if !ok {
		return 0, 0, 0, false
	}
	return calendar(year, m, d)
}

func ordinal(year, yday int) (int, time.Month, int, bool) {
	if yday < 1 || yday > DaysIn(year) {
		return 0, 0, 0, false
	}
	d := time.Date(year, 1, yday, 0, 0, 0, 0, time.UTC)
	return year, d.Month(), d.Day(), true
}

func calendar(year, month, day int) (int, time.Month, int, bool) {
	if month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, time.Month(month)) {
		return 0, 0, 0, false
	}
	return year, time.Month(month), day, true
}

type clock struct {
	hour, minute, second int
	zone                 *time.Location
}

// clock reads a time and its zone, which begins at the first blank, be it in
// front of the time.
func (p *cursor) clock(now time.Time) (c clock, ok bool) {
	rest := p.rest()
	p.skip(" ")
	if p.take('+'); p.rest() != "" {
		if c.hour, ok = p.upTo(2); !ok {
			return c, false
		}
		for _, field := range [...]*int{&c.minute, &c.second} {
			p.take(':')
			if p.digits() == 0 {
				break
			}
			*field, _ = p.upTo(2)
		}
		if c.hour > 24 || c.minute > 59 || c.second > 59 || c.hour == 24 && c.minute+c.second > 0 {
			return c, false
		}
	}
	switch z := strings.IndexByte(rest, 'Z'); {
	case z >= 0:
		c.zone = time.UTC
		return c, true
	case !strings.Contains(rest, " "): // what stands right behind the seconds is no zone
		_, offset := now.Zone()
		c.zone = fixed(offset)
		return c, true
	}
	p.i = len(p.s) - len(rest) + strings.IndexByte(rest, ' ')
	p.skip(" ")
	c.zone, ok = p.offset(now)
	return c, ok
}

// offset reads [±]HH[:MM]; what is none of that is UTC.
func (p *cursor) offset(now time.Time) (*time.Location, bool) {
	if p.rest() == "" {
		_, offset := now.Zone()
		return fixed(offset), true
	}
	sign := 1
	if p.take('-') {
		sign = -1
	} else {
		p.take('+')
	}
	h, ok := p.upTo(2)
	if !ok {
		return time.UTC, true
	}
	p.take(':')
	m, _ := p.upTo(2)
	if h > 24 || m > 59 {
		return nil, false
	}
	return fixed(sign * (h*3600 + m*60)), true
}

func fixed(offset int) *time.Location {
	if offset == 0 {
		return time.UTC
	}
	return time.FixedZone("", offset)
}

// DaysIn returns the number of days of a year.
func DaysIn(year int) int {
	if leap(year) {
		return 366
	}
	return 365
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// DaysInMonth returns the number of days of a month.
func DaysInMonth(year int, m time.Month) int {
	return time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// WeeksIn returns the number of ISO weeks of a year, 52 or 53.
func WeeksIn(year int) int {
	_, w := time.Date(year, 12, 28, 0, 0, 0, 0, time.UTC).ISOWeek()
	return w
}
