package rules

import (
	"strconv"
	"strings"
)

// Infinity is the score that stands for "must"; scores never exceed it.
const Infinity = 1_000_000

// AddScores adds two scores: a ban always wins, then INFINITY, then the
// clamped sum (scheduler.md 2.2).
func AddScores(a, b int) int {
	switch {
	case a <= -Infinity || b <= -Infinity:
		return -Infinity
	case a >= Infinity || b >= Infinity:
		return Infinity
	}
	return max(-Infinity, min(Infinity, a+b))
}

// FormatScore is the text form of a score.
func FormatScore(v int) string {
	switch {
	case v >= Infinity:
		return "INFINITY"
	case v <= -Infinity:
		return "-INFINITY"
	}
	return strconv.Itoa(v)
}

// Colours is what the health strategy made of the scores that are colours.
type Colours struct{ Green, Yellow, Red int }

// Score reads a score: an integer, a form of INFINITY, or a colour. A text
// that is none of these is reported, and 0.
func (e *Evaluator) Score(s string) int {
	switch s {
	case "":
		return 0
	case "INFINITY", "+INFINITY":
		return Infinity
	case "-INFINITY":
		return -Infinity
	}
	switch strings.ToLower(s) {
	case "red":
		return e.Colours.Red
	case "yellow":
		return e.Colours.Yellow
	case "green":
		return e.Colours.Green
	}
	return int(max(-Infinity, min(Infinity, e.Integer(s))))
}

// Integer reads the integer a text starts with, 0 if there is none, and reports
// it if that is not all of the text.
func (e *Evaluator) Integer(s string) int64 {
	n, ok := Int(s)
	if !ok {
		e.report(Problem{Origin: "scan_ll", Text: "Could not parse integer from '" + s + "' (using 0 instead): No digits found", Value: s, NoInteger: true})
	}
	rest := strings.TrimLeft(s, blanks)
	if ok {
		end := digits(rest)
		if _, err := strconv.ParseInt(rest[:end], 10, 64); err != nil {
			e.report(Problem{Origin: "scan_ll", Text: "Integer parsed from '" + s + "' was clipped to " + strconv.FormatInt(n, 10), Value: s, Clipped: true})
		}
		rest = rest[end:]
	}
	if rest != "" {
		e.report(Problem{Origin: "scan_ll", Text: "Characters left over after parsing '" + s + "': '" + rest + "'", Value: s})
	}
	return n
}
