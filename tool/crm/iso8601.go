package crm

import (
	"context"
	"fmt"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/iso8601"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

// dateStyle is how iso8601 shows points in time.
type dateStyle struct{ seconds, epoch, local, ordinal, week bool }

// dates are what a call of iso8601 asks for.
type dates struct {
	now                              bool
	style                            dateStyle
	date, period, duration, expected string

	given map[*string]bool // what came, though it may be empty
}

// takes is the target of a text that counts though it is empty.
func (d *dates) takes(to *string) option.Target {
	return func(v string) error {
		if d.given == nil {
			d.given = map[*string]bool{}
		}
		*to, d.given[to] = v, true
		return nil
	}
}

func (d *dates) table() *option.Program {
	return program("iso8601", "Display and parse ISO 8601 dates and times", "[options]", nil, []option.Option{
		{Flags: "-n --now", Text: "Display the current date/time", To: option.On(&d.now)},
		{Flags: "-d --date", Arg: "DATE", Text: "Parse an ISO 8601 date/time (for example, '2019-09-24 00:30:00 +01:00' or '2019-040')", To: d.takes(&d.date)},
		{Flags: "-p --period", Arg: "PERIOD", Text: "Parse an ISO 8601 period (interval) with start time (for example, '2005-040/2005-043')", To: d.takes(&d.period)},
		{Flags: "-D --duration", Arg: "DURATION", Text: "Parse an ISO 8601 duration (for example, 'P1M')", To: d.takes(&d.duration)},
		{Flags: "-E --expected", Arg: "TEXT", Text: "Exit with error status if result does not match this text. Requires: -n or -d", To: d.takes(&d.expected)},
		{Flags: "-s --seconds", Text: "Show result as a seconds since 0000-001 00:00:00Z", To: option.On(&d.style.seconds)},
		{Flags: "-S --epoch", Text: "Show result as a seconds since EPOCH (1970-001 00:00:00Z)", To: option.On(&d.style.epoch)},
		{Flags: "-L --local", Text: "Show result as a 'local' date/time", To: option.On(&d.style.local)},
		{Flags: "-O --ordinal", Text: "Show result as an 'ordinal' date/time", To: option.On(&d.style.ordinal)},
		{Flags: "-W --week", Text: "Show result as an 'calendar week' date/time", To: option.On(&d.style.week)},
	})
}

// ISO8601 is the tool iso8601: it shows what pacemaker makes of the texts in
// rules.
func ISO8601(_ context.Context, env *tool.Env) int {
	d := &dates{}
	if done, code := parse(env, d.table()); done {
		return code
	}
	for _, x := range []struct {
		text *string
		what string
	}{{&d.date, "date/time"}, {&d.duration, "duration"}, {&d.period, "interval"}} {
		if d.given[x.text] && *x.text == "" {
			env.Errorf("%s: Invalid %s specified: \n", env.Name, x.what)
			return 2
		}
	}
	code := showDates(env, time.Now(), d.style, d.now, d.date, d.period, d.duration, d.expected)
	if code == 0 && d.given[&d.expected] && d.expected == "" && (d.now || d.date != "") {
		return exitError // no date looks like that
	}
	return code
}

// showDates answers one call at the time clock.
func showDates(env *tool.Env, clock time.Time, style dateStyle, now bool, date, period, duration, expected string) int {
	invalid := func(what, text string) int {
		env.Errorf("%s: Invalid %s specified: %s\n", env.Name, what, text)
		return 2
	}
	var at time.Time
	if now {
		date = "now"
	}
	if date != "" {
		t, err := iso8601.Parse(date, clock)
		if err != nil {
			return invalid("date/time", date)
		}
		at = t
		label := "Date"
		if t.Equal(clock) {
			label = "Current date/time"
		}
		env.Printf("%s: %s\n", label, style.format(at))
	}
	var span iso8601.Duration
	if duration != "" {
		d, err := iso8601.ParseDuration(duration)
		if err != nil {
			return invalid("duration", duration)
		}
		span = d
		env.Printf("Duration: %s\n", d)
	}
	if period != "" {
		p, err := iso8601.ParsePeriod(period, clock)
		if err != nil {
			return invalid("interval", period)
		}
		env.Printf("Period: %s to %s\n", style.format(p.Start), style.format(p.End))
	}
	if date == "" {
		return 0
	}
	result := style.format(at)
	if duration != "" {
		end := span.AddTo(at)
		result = style.format(end)
		style.local = true // shown in whatever zone the date came in
		env.Printf("Duration ends at: %s\n", style.format(end))
	}
	if expected != "" && expected != result {
		return exitError
	}
	return 0
}

// format writes a point in time, in UTC unless it shall be local.
func (s dateStyle) format(t time.Time) string {
	const yearOne = 62135596800 // seconds from 0001-01-01 to 1970-01-01
	switch {
	case s.seconds:
		return fmt.Sprint(t.Unix() + yearOne)
	case s.epoch:
		return fmt.Sprint(t.Unix())
	}
	zone := "Z"
	if _, offset := t.Zone(); s.local && offset != 0 {
		zone = t.Format(" -07:00")
	} else {
		t = t.UTC()
	}
	day := t.Format("2006-01-02")
	switch {
	case s.week:
		year, week := t.ISOWeek()
		day = fmt.Sprintf("%d-W%02d-%d", year, week, (int(t.Weekday())+6)%7+1)
	case s.ordinal:
		day = fmt.Sprintf("%d-%03d", t.Year(), t.YearDay())
	}
	return day + t.Format(" 15:04:05") + zone
}
