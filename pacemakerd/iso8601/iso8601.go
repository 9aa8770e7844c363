// Package iso8601 reads and writes the date, duration and period texts that
// pacemaker understands in rules, options and the iso8601 tool (spec:
// scheduler.md 2.4).
//
// Dates are YYYY-MM-DD, YYYYMMDD, YYYY-DDD (ordinal) or YYYY-Www-D, then
// optionally a "T" or blanks and HH[:MM[:SS]], then optionally Z or ±HH[:MM].
// A text may also be a time alone, "now", "epoch" or "Unix epoch". Without a
// zone the text is in the location the caller names.
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
// location of texts without zone.
func Parse(s string, now time.Time) (time.Time, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return time.Time{}, fmt.Errorf("%w: empty", ErrDate)
	case strings.EqualFold(s, "now"):
		return now, nil
	case strings.EqualFold(s, "epoch"):
		return time.Unix(0, 0).UTC(), nil
	}
	p := &cursor{s: s}
	year, month, day := now.Date()
	dateGiven := false
	if s[0] != 'T' && !(len(s) > 2 && s[2] == ':') {
		var ok bool
		if year, month, day, ok = p.date(); !ok {
			return time.Time{}, fmt.Errorf("%w: %q", ErrDate, s)
		}
		dateGiven = true
	}
	p.skip("T ")
	c, ok := p.clock()
	if !ok || !dateGiven && !c.given {
		return time.Time{}, fmt.Errorf("%w: %q", ErrDate, s)
	}
	loc := now.Location()
	if c.zone {
		loc = time.UTC
		if c.offset != 0 {
			loc = time.FixedZone("", c.offset)
		}
	}
	if c.hour == 24 && c.minute == 0 && c.second == 0 {
		return time.Date(year, month, day+1, 0, 0, 0, 0, loc), nil
	}
	return time.Date(year, month, day, c.hour, c.minute, c.second, 0, loc), nil
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

// number reads exactly n digits.
func (p *cursor) number(n int) (int, bool) {
	if p.digits() < n {
		return 0, false
	}
	v := 0
	for range n {
		v = v*10 + int(p.s[p.i]-'0')
		p.i++
	}
	return v, true
}

func (p *cursor) date() (year int, month time.Month, day int, ok bool) {
	year, ok = p.number(4)
	if !ok {
		return
	}
	dash := p.take('-')
	if p.take('W') {
		week, ok1 := p.number(2)
		weekday := 1
		if ok1 && (p.take('-') || p.digits() > 0) {
			weekday, ok1 = p.number(1)
		}
		if !ok1 || week < 1 || week > WeeksIn(year) || weekday < 1 || weekday > 7 {
			return 0, 0, 0, false
		}
		jan4 := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
		monday := jan4.AddDate(0, 0, -(int(jan4.Weekday()+6) % 7))
		d := monday.AddDate(0, 0, (week-1)*7+weekday-1)
		year, month, day = d.Date()
		return year, month, day, true
	}
	if dash && p.digits() == 3 || !dash && p.digits() == 3 {
		yday, _ := p.number(3)
		if yday < 1 || yday > DaysIn(year) {
			return 0, 0, 0, false
		}
		d := time.Date(year, 1, yday, 0, 0, 0, 0, time.UTC)
		return year, d.Month(), d.Day(), true
	}
	m, ok := p.number(2)
	if !ok {
		return 0, 0, 0, false
	}
	p.take('-')
	day, ok = p.number(2)
	if !ok || m < 1 || m > 12 || day < 1 || day > DaysInMonth(year, time.Month(m)) {
		return 0, 0, 0, false
	}
	return year, time.Month(m), day, true
}

type clock struct {
	hour, minute, second int
	given, zone          bool
	offset               int // seconds east
}

func (p *cursor) clock() (c clock, ok bool) {
	if p.i == len(p.s) {
		return c, true
	}
	if p.digits() > 0 {
		c.given = true
		if c.hour, ok = p.number(2); !ok {
			return c, false
		}
		p.take(':')
		if p.digits() >= 2 {
			c.minute, _ = p.number(2)
			p.take(':')
			if p.digits() >= 2 {
				c.second, _ = p.number(2)
				if p.take('.') {
					p.i += p.digits()
				}
			}
		}
		if c.hour > 24 || c.minute > 59 || c.second > 59 || c.hour == 24 && c.minute+c.second > 0 {
			return c, false
		}
	}
	p.skip(" ")
	switch {
	case p.i == len(p.s):
		return c, true
	case p.take('Z'):
		c.zone = true
	case p.rest()[0] == '+' || p.rest()[0] == '-':
		sign := 1
		if p.rest()[0] == '-' {
			sign = -1
		}
		p.i++
		h, ok1 := p.number(2)
		m := 0
		if ok1 && (p.take(':') || p.digits() > 0) {
			m, ok1 = p.number(2)
		}
		if !ok1 || h > 24 || m > 59 {
			return c, false
		}
		c.zone, c.offset = true, sign*(h*3600+m*60)
	}
	return c, p.i == len(p.s)
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
