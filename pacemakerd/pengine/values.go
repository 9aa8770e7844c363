package pengine

import (
	"math"
	"strconv"
	"strings"

	"github.com/gocorosync/gocorosync/pacemakerd/iso8601"
)

// Infinity is the score that stands for "must"; scores never exceed it.
const Infinity = 1_000_000

// AddScores adds two scores: a ban always wins, then INFINITY, then the
// clamped sum (spec: scheduler.md 2.2).
func AddScores(a, b int) int {
	switch {
	case a <= -Infinity || b <= -Infinity:
		return -Infinity
	case a >= Infinity || b >= Infinity:
		return Infinity
	}
	return clamp(a + b)
}

func clamp(v int) int { return max(-Infinity, min(Infinity, v)) }

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

// score reads a score. The colours stand for what the health strategy made of
// them.
func (c *Cluster) score(s string) int {
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
		return c.opt.healthRed
	case "yellow":
		return c.opt.healthYellow
	case "green":
		return c.opt.healthGreen
	}
	return int(max(-Infinity, min(Infinity, c.integer(s))))
}

// integer reads the integer a text starts with and tells if that is not all of
// it.
func (c *Cluster) integer(s string) int64 {
	n, ok := leadingInt(s)
	if !ok {
		c.log("scan_ll", Warning, "Could not parse integer from '%s' (using 0 instead): No digits found", s)
	}
	number := strings.TrimLeft(s, " \t\n\v\f\r")
	if ok {
		number = strings.TrimLeft(strings.TrimLeft(number, "+-"), "0123456789")
	}
	if number != "" {
		c.log("scan_ll", Warning, "Characters left over after parsing '%s': '%s'", s, number)
	}
	return n
}

// leadingInt reads the integer a text starts with, and whether there is one.
func leadingInt(s string) (int64, bool) {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	from := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == from {
		return 0, false
	}
	n, err := strconv.ParseInt(s[:i], 10, 64)
	if err != nil { // out of range: the clamped value is what ParseInt returns
		return n, true
	}
	return n, true
}

// isTrue reads a boolean; anything not known to be true is not.
func isTrue(s string) bool {
	v, ok := parseBool(s)
	return ok && v
}

func parseBool(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true", "on", "yes", "y", "1":
		return true, true
	case "false", "off", "no", "n", "0":
		return false, true
	}
	return false, false
}

// milliseconds reads a time span: a number whose fraction is cut off, blanks,
// and a unit (spec: scheduler.md 2.3). ok is false for anything else.
func milliseconds(s string) (ms int64, ok bool) {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	from := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == from {
		return 0, false
	}
	n, err := strconv.ParseInt(s[:i], 10, 64)
	rest := s[i:]
	if strings.HasPrefix(rest, ".") {
		rest = strings.TrimLeft(rest[1:], "0123456789")
	}
	rest = strings.TrimLeft(rest, " \t\n\v\f\r")
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

// interval reads an interval option in milliseconds; an ISO 8601 duration is
// welcome, an unreadable text is 0.
func interval(s string) int64 {
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
	ms, _ := milliseconds(s)
	return min(ms, math.MaxUint32)
}

// compareNames orders node names: without regard to case, runs of digits as
// numbers (spec: scheduler.md 2.5).
func compareNames(a, b string) int {
	i, j := 0, 0
	longer := 0 // which text had the longer first run of equal numbers
	for i < len(a) && j < len(b) {
		if isDigit(a[i]) && isDigit(b[j]) {
			x, y := digitRun(a, i), digitRun(b, j)
			nx, ny := strings.TrimLeft(a[i:x], "0"), strings.TrimLeft(b[j:y], "0")
			if len(nx) != len(ny) {
				return sign(len(nx) - len(ny))
			}
			if nx != ny {
				return strings.Compare(nx, ny)
			}
			if longer == 0 {
				longer = sign((x - i) - (y - j))
			}
			i, j = x, y
			continue
		}
		if x, y := lower(a[i]), lower(b[j]); x != y {
			return sign(int(x) - int(y))
		}
		i++
		j++
	}
	if n := sign((len(a) - i) - (len(b) - j)); n != 0 {
		return n
	}
	return longer
}

func digitRun(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// Role is what a resource does or is to do. The order of the constants is the
// order of the roles.
type Role int

const (
	RoleUnknown Role = iota
	RoleStopped
	RoleStarted
	RoleUnpromoted
	RolePromoted
)

func (r Role) String() string {
	switch r {
	case RoleStopped:
		return "Stopped"
	case RoleStarted:
		return "Started"
	case RoleUnpromoted:
		return "Unpromoted"
	case RolePromoted:
		return "Promoted"
	}
	return "Unknown"
}

// parseRole reads a role name, the old names included.
func parseRole(s string) Role {
	switch strings.ToLower(s) {
	case "stopped":
		return RoleStopped
	case "started":
		return RoleStarted
	case "slave", "unpromoted":
		return RoleUnpromoted
	case "master", "promoted":
		return RolePromoted
	}
	return RoleUnknown
}

// opKey is the name of an operation: RESOURCE_TASK_MILLISECONDS.
func opKey(rsc, task string, ms int64) string {
	return rsc + "_" + task + "_" + strconv.FormatInt(ms, 10)
}

// parseOpKey takes an operation key apart, from the right because resource ids
// may contain underscores (spec: scheduler.md 2.8).
func parseOpKey(key string) (rsc, task string, ms int64, ok bool) {
	i := strings.LastIndexByte(key, '_')
	if i < 0 {
		return "", "", 0, false
	}
	ms, err := strconv.ParseInt(key[i+1:], 10, 64)
	if err != nil {
		return "", "", 0, false
	}
	key = key[:i]
	for _, when := range [...]string{"_pre_notify_", "_post_notify_", "_confirmed-pre_notify_", "_confirmed-post_notify_"} {
		if j := strings.LastIndex(key, when); j > 0 {
			return key[:j], "notify", ms, true
		}
	}
	for _, long := range [...]string{"_migrate_to", "_migrate_from"} {
		if r, found := strings.CutSuffix(key, long); found && r != "" {
			return r, long[1:], ms, true
		}
	}
	j := strings.LastIndexByte(key, '_')
	if j <= 0 {
		return "", "", 0, false
	}
	return key[:j], key[j+1:], ms, true
}

// itoa keeps the many small conversions readable.
func itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }
