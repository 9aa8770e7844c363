package schema

import (
	"fmt"
	"regexp"
	"strings"
)

// A datatype is a type of XML Schema with the restrictions that schemas of CIBs
// put on it.
type datatype struct {
	name     string
	patterns []*regexp.Regexp
}

// dataTypes are the types that can be used in schemas.
var dataTypes = map[string]func(string) bool{
	"string":             func(string) bool { return true },
	"normalizedString":   func(string) bool { return true },
	"token":              func(string) bool { return true },
	"ID":                 func(s string) bool { return isID(strings.TrimSpace(s)) },
	"IDREF":              func(s string) bool { return isID(strings.TrimSpace(s)) },
	"NCName":             func(s string) bool { return isID(strings.TrimSpace(s)) },
	"boolean":            isBoolean,
	"integer":            isInteger,
	"int":                isInteger,
	"long":               isInteger,
	"nonNegativeInteger": func(s string) bool { return isInteger(s) && (!isNegative(s) || isZero(s)) },
	"unsignedInt":        func(s string) bool { return isInteger(s) && (!isNegative(s) || isZero(s)) },
	"positiveInteger":    func(s string) bool { return isInteger(s) && !isNegative(s) && !isZero(s) },
}

func isBoolean(s string) bool {
	switch strings.TrimSpace(s) {
	case "true", "false", "1", "0":
		return true
	}
	return false
}

func isNegative(s string) bool { return strings.HasPrefix(strings.TrimSpace(s), "-") }
func isZero(s string) bool     { return strings.Trim(strings.TrimSpace(s), "+-0") == "" }

// newDatatype knows the types above; a pattern is matched as a whole.
func newDatatype(name string, patterns []string) (*datatype, error) {
	if dataTypes[name] == nil {
		return nil, fmt.Errorf("the data type %q is not supported", name)
	}
	d := &datatype{name: name}
	for _, p := range patterns {
		re, err := regexp.Compile("^(?:" + p + ")$")
		if err != nil {
			return nil, err
		}
		d.patterns = append(d.patterns, re)
	}
	return d, nil
}

func (d *datatype) allows(s string) bool {
	if !dataTypes[d.name](s) {
		return false
	}
	for _, re := range d.patterns {
		if !re.MatchString(s) {
			return false
		}
	}
	return true
}

// same tells whether two texts are the same value: all types but string leave
// white space aside.
func (d *datatype) same(a, b string) bool {
	if d.name == "string" {
		return a == b
	}
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}
