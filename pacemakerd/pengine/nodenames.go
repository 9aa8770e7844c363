package pengine

import "strings"

// compareNames orders node names: without regard to case, runs of digits as
// numbers (scheduler.md 2.5).
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
