package crm

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/tool"
)

// What iso8601 of 2.1.5 answers where the offset from UTC is one hour.
func TestISO8601(t *testing.T) {
	clock := time.Date(2026, 11, 22, 12, 49, 5, 0, time.FixedZone("CET", 3600))
	var out, errs bytes.Buffer
	run := func(style dateStyle, now bool, date, period, duration, expected string) string {
		out.Reset()
		errs.Reset()
		env := &tool.Env{Name: "iso8601", Profile: conf.EL9, Stdout: &out, Stderr: &errs}
		code := showDates(env, clock, style, now, date, period, duration, expected)
		return out.String() + errs.String() + strconv.Itoa(code)
	}
	local := dateStyle{local: true}
	for _, c := range []struct {
		style                            dateStyle
		date, period, duration, expected string
		want                             string
	}{
		{date: "2024-02-29 12:00:00", want: "Date: 2024-02-29 11:00:00Z\n0"},
		{style: local, date: "2024-07-29 12:00:00", want: "Date: 2024-07-29 12:00:00 +01:00\n0"},
		{style: local, date: "2024-02-29T12:00:00+02:00", want: "Date: 2024-02-29 12:00:00 +01:00\n0"},
		{style: local, date: "2024-02-29", want: "Date: 2024-02-29 00:00:00Z\n0"},
		{style: dateStyle{ordinal: true}, date: "2024-01-01 00:30:00 +01:00", want: "Date: 2023-365 23:30:00Z\n0"},
		{style: dateStyle{week: true}, date: "2024-12-31", want: "Date: 2025-W01-2 00:00:00Z\n0"},
		{style: dateStyle{seconds: true}, date: "2024-02-29", want: "Date: 63844761600\n0"},
		{style: dateStyle{epoch: true}, date: "2024-01-01 00:30:00 -05:00", want: "Date: 1704087000\n0"},
		{date: "now", want: "Current date/time: 2026-11-22 11:49:05Z\n0"},
		{date: "2024-01-01 00:30:00 +01:00", duration: "P1M", want: "Date: 2023-12-31 23:30:00Z\nDuration:  1 month \nDuration ends at: 2024-02-01 00:30:00 +01:00\n0"},
		{date: "2024-01-31", duration: "P1M", expected: "2024-03-02", want: "Date: 2024-01-31 00:00:00Z\nDuration:  1 month \nDuration ends at: 2024-02-29 00:00:00Z\n1"},
		{duration: "P1Y2M3W4DT5H6M7S", want: "Duration:    1 year  2 months 25 days 18367 seconds (5 hours 6 minutes 7 seconds)\n0"},
		{duration: "PT-65S", want: "Duration: -65 seconds (1 minute 5 seconds)\n0"},
		{period: "P1M/2024-02-01", want: "Period: 2024-01-01 00:00:00Z to 2024-02-01 00:00:00Z\n0"},
		{period: "2005-040/2005-043", want: "Period: 2005-02-09 00:00:00Z to 2005-02-12 00:00:00Z\n0"},
		{period: "now/P1D", want: "iso8601: Invalid interval specified: now/P1D\n2"},
		{date: "foo", want: "iso8601: Invalid date/time specified: foo\n2"},
		{date: "2024-01-01", duration: "bad", want: "Date: 2024-01-01 00:00:00Z\niso8601: Invalid duration specified: bad\n2"},
		{want: "0"},
	} {
		if got := run(c.style, false, c.date, c.period, c.duration, c.expected); got != c.want {
			t.Errorf("%+v:\ngot  %q\nwant %q", c, got, c.want)
		}
	}
}
