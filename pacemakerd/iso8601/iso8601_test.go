package iso8601

import (
	"testing"
	"time"
)

var now = time.Date(2024, 2, 29, 12, 34, 56, 0, time.UTC)

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"2019-09-20 15:10:52 +00:00", "2019-09-20T15:10:52Z"},
		{"2019-09-23 11:00:00 -05:00", "2019-09-23T11:00:00-05:00"},
		{"2005-020", "2005-01-20T00:00:00Z"},
		{"2005-020T12:30", "2005-01-20T12:30:00Z"},
		{"20240229T010203Z", "2024-02-29T01:02:03Z"},
		{"2009-W53-7", "2010-01-03T00:00:00Z"},
		{"2014-05-07 00:28:00", "2014-05-07T00:28:00Z"},
		{"2024-02-29T24:00:00", "2024-03-01T00:00:00Z"},
		{"T10:11", "2024-02-29T10:11:00Z"},
		{"2024-01-01x", "2024-01-01T00:00:00Z"},
		{"2024-01-01 12:00+01:00", "2024-01-01T12:00:00Z"},
		{"2024-01-01 7 -0530", "2024-01-01T07:00:00-05:30"},
		{"now", "2024-02-29T12:34:56Z"},
		{"2040-01-01", "2040-01-01T00:00:00Z"},
		{"", ""}, {"yesterday", ""}, {"2024-13-01", ""}, {"2023-02-29", ""}, {"2024-01-01 25:00", ""}, {"2023-W53-1", ""},
	} {
		got, err := Parse(c.in, now)
		if c.want == "" {
			if err == nil {
				t.Errorf("Parse(%q) = %v, want an error", c.in, got)
			}
			continue
		}
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("Parse(%q) = %s, %v, want %s", c.in, got.Format(time.RFC3339), err, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"P1M", "2024-03-29T12:34:56Z"},
		{"P1Y", "2025-03-01T12:34:56Z"}, // the 60th day again
		{"P1DT1H", "2024-03-01T13:34:56Z"},
		{"PT5M10S", "2024-02-29T12:40:06Z"},
		{"P40S", "2024-02-29T12:35:36Z"},
		{"P", ""}, {"PT", "2024-02-29T12:34:56Z"}, {"P1M-1D", "2024-03-28T12:34:56Z"}, {"5M", ""}, {"P5", ""}, {"P1X", ""},
	} {
		d, err := ParseDuration(c.in)
		if c.want == "" {
			if err == nil {
				t.Errorf("ParseDuration(%q) = %v, want an error", c.in, d)
			}
			continue
		}
		if got := d.AddTo(now).Format(time.RFC3339); err != nil || got != c.want {
			t.Errorf("now + %q = %s, %v, want %s", c.in, got, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2019-09-20 15:10:52 +00:00")
	f.Add("P1Y2M3W4DT5H6M7S")
	f.Fuzz(func(t *testing.T, s string) {
		Parse(s, now)
		if d, err := ParseDuration(s); err == nil {
			d.AddTo(now)
		}
	})
}
