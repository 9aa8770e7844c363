package tool

import (
	"slices"
	"strings"
	"testing"
)

func TestGetopt(t *testing.T) {
	long := []Long{{"force", NoArg, "force"}, {"format", NeedsArg, "F"}, {"output", MayArg, "o"}, {"outfile", MayArg, "o"}}
	for _, tt := range []struct {
		args, want string
		operands   string
	}{
		{"-ab", "a b", ""},
		{"-ab x -c1 -c 2", "a b c=1 c=2", "x"},
		{"-bc", "b !prog: option requires an argument -- 'c'", ""},
		{"-Z -a", "!prog: invalid option -- 'Z' a", ""},
		{"--for", "!prog: option '--for' is ambiguous; possibilities: '--force' '--format'", ""},
		{"--forc --form=x", "force F=x", ""},
		{"--format x y", "F=x", "y"},
		{"--out=1", "o=1", ""},
		{"--force=1", "!prog: option '--force' doesn't allow an argument", ""},
		{"--nope", "!prog: unrecognized option '--nope'", ""},
		{"a -b -- -c", "b", "a -c"},
		{"-m -mx", "m m=x", ""},
		{"- -a", "a", "-"},
	} {
		g := NewGetopt("prog", strings.Fields(tt.args), "abc:m::", long...)
		var got []string
		for {
			opt, arg, err := g.Next()
			if opt == "" {
				break
			}
			switch {
			case err != nil:
				got = append(got, "!"+err.Error())
			case arg != "":
				got = append(got, opt+"="+arg)
			default:
				got = append(got, opt)
			}
		}
		if s := strings.Join(got, " "); s != tt.want || !slices.Equal(g.Operands, strings.Fields(tt.operands)) {
			t.Errorf("%s: %s, operands %q; want %s, %s", tt.args, s, g.Operands, tt.want, tt.operands)
		}
	}
	g := NewGetopt("prog", []string{"-a", "x", "-b"}, "+ab")
	g.Next()
	if opt, _, _ := g.Next(); opt != "" || !slices.Equal(g.Operands, []string{"x", "-b"}) {
		t.Errorf("+: %q %q", opt, g.Operands)
	}
}
