package rules

import (
	"cmp"
	"strconv"
	"strings"
)

// compareAs compares two attribute values in the way the expression's type
// asks for, or its operation suggests.
func compareAs(kind, op, a, b string) int {
	if kind == "" {
		switch {
		case op == "eq" || op == "ne":
			kind = "string"
		case strings.Contains(a, ".") || strings.Contains(b, "."):
			kind = "number"
		default:
			kind = "integer"
		}
	}
	switch strings.ToLower(kind) {
	case "integer":
		x, ok1 := Int(a)
		y, ok2 := Int(b)
		if ok1 && ok2 {
			return cmp.Compare(x, y)
		}
	case "number":
		x, ok1 := leadingFloat(a)
		y, ok2 := leadingFloat(b)
		if ok1 && ok2 {
			return cmp.Compare(x, y)
		}
	case "version":
		return CompareVersions(a, b)
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

func leadingFloat(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	for n := len(s); n > 0; n-- {
		if f, err := strconv.ParseFloat(s[:n], 64); err == nil {
			return f, true
		}
	}
	return 0, false
}

// CompareVersions compares dotted numbers; a missing part is less than any.
func CompareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		var m, n int64 = -1, -1
		if i < len(x) {
			m, _ = Int(x[i])
		}
		if i < len(y) {
			n, _ = Int(y[i])
		}
		if m != n {
			return cmp.Compare(m, n)
		}
	}
	return 0
}
