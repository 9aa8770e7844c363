package pengine

import (
	"strings"
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/rules"
)

// A run is one making of a plan: what was asked for, what it may still spend,
// and what there is to say about it. All stages write it.
type run struct {
	ask    Options
	limits Limits
	now    time.Time

	said    []Message
	recheck time.Time // when to look again, if not zero
	whys    map[*Resource]map[*Node][]Contribution

	steps      int
	nresources int // instances and members included
	nmembers   int // of resource sets
	failed     error
}

// log notes something to tell.
func (u *run) log(origin string, s Severity, format string, args ...any) {
	u.said = append(u.said, message(0, origin, s, format, args...))
}

// logNoted is log for a message that is told from others of its origin.
func (u *run) logNoted(note Note, origin string, s Severity, format string, args ...any) {
	u.said = append(u.said, message(note, origin, s, format, args...))
}

// logOnce is log for things that are said once a run.
func (u *run) logOnce(origin string, s Severity, format string, args ...any) {
	m := message(0, origin, s, format, args...)
	for _, old := range u.said {
		if old == m {
			return
		}
	}
	u.said = append(u.said, m)
}

// logDeprecated tells of a setting that goes away, the first time in a run that
// it is found.
func (u *run) logDeprecated(note Note, origin, setting, text string) {
	for _, old := range u.said {
		if old.Note == note && old.Names[0] == setting {
			return
		}
	}
	u.said = append(u.said, Message{Origin: origin, Severity: Warning, Text: text, Note: note, Names: [2]string{setting}})
}

// reportValue notes what is wrong with a value or a rule.
func (u *run) reportValue(p rules.Problem) {
	s := Warning
	if p.Error {
		s = Error
	}
	m := Message{Origin: p.Origin, Severity: s, Text: p.Text, Names: [2]string{p.Value}}
	if p.NoInteger {
		m.Note = NoteNoInteger
	} else if p.Clipped {
		m.Note = NoteClipped
	}
	u.said = append(u.said, m)
}

// recheckAt keeps the earliest future moment at which the plan may change.
func (u *run) recheckAt(t time.Time) {
	if t.After(u.now) && (u.recheck.IsZero() || t.Before(u.recheck)) {
		u.recheck = t
	}
}

// fits tells whether there may be n more of what there are have of, and gives
// the plan up if not.
func (u *run) fits(have, n, most int, what string) bool {
	if u.failed == nil && n > most-have {
		u.failed = &LimitError{what, most}
	}
	return u.failed == nil
}

// spend counts steps. Once there were too many, or another limit was met, what
// is under way is to come to its end.
func (u *run) spend(n int, what string) bool {
	if u.failed == nil {
		if u.steps += n; u.steps > u.limits.Steps {
			u.failed = &LimitError{"steps, the last of them " + what, u.limits.Steps}
		}
	}
	return u.failed == nil
}

// affordsRule is the budget of rules, which may refer to one that contains
// them.
func (u *run) affordsRule(depth, expressions int) bool {
	return u.spend(1+expressions, "evaluating rules") && u.fits(depth, 0, u.limits.RuleDepth, "rules inside each other")
}

// because remembers why a score is what it is, if anybody asked. The reason is
// put together from its words only then: this is called for every score.
func (u *run) because(r *Resource, n *Node, score int, why ...string) {
	if !u.ask.Explain || len(why) == 0 || why[0] == "" {
		return
	}
	if u.whys == nil {
		u.whys = make(map[*Resource]map[*Node][]Contribution)
	}
	if u.whys[r] == nil {
		u.whys[r] = make(map[*Node][]Contribution)
	}
	u.whys[r][n] = append(u.whys[r][n], Contribution{score, strings.Join(why, "")})
}
