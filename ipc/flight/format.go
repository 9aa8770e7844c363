package flight

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// format prints a message: a format of printf, NUL and its arguments. What is
// missing is printed as "?".
func format(b []byte) string {
	f, args, _ := bytes.Cut(b, []byte{0})
	a := arguments{rest: args}
	var out strings.Builder
	for len(f) > 0 {
		i := bytes.IndexByte(f, '%')
		if i < 0 {
			out.Write(f)
			break
		}
		out.Write(f[:i])
		n := a.directive(&out, f[i+1:])
		f = f[i+1+n:]
	}
	return out.String()
}

type arguments struct{ rest []byte }

// directive prints what follows a per cent sign and returns its length.
func (a *arguments) directive(out *strings.Builder, f []byte) int {
	flags, width, precision := "", "", ""
	size, i := 4, 0
	number := func() string {
		if i < len(f) && f[i] == '*' {
			i++
			n, _ := a.integer(4)
			return strconv.Itoa(int(int32(n)))
		}
		start := i
		for i < len(f) && f[i] >= '0' && f[i] <= '9' {
			i++
		}
		return string(f[start:i])
	}
	for i < len(f) && strings.IndexByte("-+ #0'", f[i]) >= 0 {
		if f[i] != '\'' {
			flags += string(f[i])
		}
		i++
	}
	width = number()
	if i < len(f) && f[i] == '.' {
		i++
		precision = "." + number()
	}
	for i < len(f) && strings.IndexByte("hlLqjzt", f[i]) >= 0 {
		if f[i] != 'h' {
			size = 8
		}
		i++
	}
	if i == len(f) {
		out.WriteByte('%')
		return 0
	}
	verb := f[i]
	i++
	spec := "%" + flags + bounded(width) + bounded(precision)
	switch verb {
	case '%':
		out.WriteByte('%')
	case 'd', 'i':
		n, ok := a.integer(size)
		if size == 4 {
			n = uint64(int64(int32(n)))
		}
		put(out, ok, spec+"d", int64(n))
	case 'u', 'x', 'X', 'o':
		n, ok := a.integer(size)
		if verb == 'u' {
			verb = 'd'
		}
		put(out, ok, spec+string(verb), n)
	case 'c':
		n, ok := a.integer(1)
		put(out, ok, spec+"c", rune(n))
	case 'p':
		n, ok := a.integer(8)
		if ok && n == 0 {
			out.WriteString("(nil)")
			break
		}
		put(out, ok, "%#x", n)
	case 's':
		s, rest, ok := bytes.Cut(a.rest, []byte{0})
		a.rest = rest
		put(out, ok, spec+"s", string(s))
	case 'e', 'E', 'f', 'F', 'g', 'G':
		n, ok := a.integer(8)
		put(out, ok, spec+string(verb), math.Float64frombits(n))
	default:
		out.WriteByte('%')
		return 0
	}
	return i
}

// bounded is a width or precision that nobody needs a page for.
func bounded(s string) string {
	digits, isPrecision := strings.CutPrefix(s, ".")
	n, err := strconv.Atoi(digits)
	if digits != "" && (err != nil || n > 200 || n < -200 || isPrecision && n < 0) {
		return ""
	}
	return s
}

func put(out *strings.Builder, ok bool, spec string, v any) {
	if !ok {
		out.WriteByte('?')
		return
	}
	fmt.Fprintf(out, spec, v)
}

func (a *arguments) integer(size int) (n uint64, ok bool) {
	if len(a.rest) < size {
		a.rest = nil
		return 0, false
	}
	for i := range size {
		n |= uint64(a.rest[i]) << (8 * i)
	}
	a.rest = a.rest[size:]
	return n, true
}
