package option

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gocorosync/gocorosync/conf"
)

// example is a program that writes down what its options are given.
func example(d Dialect, got *[]string) *Program {
	note := func(name string) Target {
		return func(v string) error {
			text := name
			if v != "" {
				text += "=" + v
			}
			*got = append(*got, text)
			return nil
		}
	}
	return &Program{Name: "prog", Dialect: d, Groups: []Group{
		{Options: []Option{{Flags: "-a", To: note("a")}, {Flags: "-b", To: note("b")}, {Flags: "-c", Arg: "X", To: note("c")}, {Flags: "-m", May: true, To: note("m")}}},
		{Title: "Words", Options: []Option{
			{Flags: "--force", To: note("force")},
			{Flags: "-F --format", Arg: "X", To: note("F")},
			{Flags: "-o --output --outfile", May: true, To: note("o")},
			{Flags: "-w --wait", May: true, Else: "ever", To: note("w")},
			{Flags: "-7", Only: "el7", To: note("7")},
			{Flags: "-9", Only: "el9", To: note("9")},
		}},
	}}
}

// TestRead: what each dialect makes of a command line; "!" is before an error.
func TestRead(t *testing.T) {
	for _, tt := range []struct {
		d          Dialect
		args, want string
		operands   string
	}{
		{Getopt, "-ab", "a b", ""},
		{Getopt, "-ab x -c1 -c 2", "a b c=1 c=2", "x"},
		{Getopt, "-bc", "b !option requires an argument -- 'c'", ""},
		{Getopt, "-Z -a", "!invalid option -- 'Z' a", ""},
		{Getopt, "-aZb", "a !invalid option -- 'Z' b", ""},
		{Getopt, "--for", "!option '--for' is ambiguous; possibilities: '--force' '--format'", ""},
		{Getopt, "--forc --form=x", "force F=x", ""},
		{Getopt, "--format x y", "F=x", "y"},
		{Getopt, "--format", "!option '--format' requires an argument", ""},
		{Getopt, "--form", "!option '--format' requires an argument", ""},
		{Getopt, "--format= x", "F", "x"},
		{Getopt, "--out=1", "o=1", ""},
		{Getopt, "--out 1", "o", "1"},
		{Getopt, "--force=1", "!option '--force' doesn't allow an argument", ""},
		{Getopt, "--nope", "!unrecognized option '--nope'", ""},
		{Getopt, "--=1", "!option '--' is ambiguous; possibilities: '--force' '--format' '--output' '--outfile' '--wait'", ""},
		{Getopt, "a -b -- -c", "b", "a -c"},
		{Getopt, "-m -mx", "m m=x", ""},
		{Getopt, "-m x", "m", "x"},
		{Getopt, "- -a", "a", "-"},
		{Getopt, "-c -a", "c=-a", ""},
		{Getopt, "-c -- -a", "c=-- a", ""},
		{Getopt, "-aa -a", "a a a", ""},
		{Getopt, "-c1 -c2", "c=1 c=2", ""},
		{Getopt, "-wab -awx -w", "w=ab a w=x w=ever", ""},
		{GLib, "-wab -aw x --wait y -w -a -w", "w=ab a w=x w=y w=ever a w=ever", ""},
		{Getopt, "-7 -9", "!invalid option -- '7' 9", ""},
		{Nearest, "--for", "!option '--for' is ambiguous", ""},
		{Nearest, "--form=x --forc", "F=x force", ""},
		{Nearest, "--fromat=1", "!unrecognized option '--fromat'; did you mean '--format'?", ""},
		{Nearest, "--=1", "!unrecognized option '--'", ""},
		{Nearest, "-abx", "a b !invalid option -- 'x'", ""},
		{Exact, "-a b -c 1 -1 -INFINITY", "a c=1", "b -1 -INFINITY"},
		{Exact, "-ab -c1 -", "", "-ab -c1 -"},
		{Exact, "--forc", "!unrecognized option '--forc'", ""},
		{Exact, "--force=1", "!option '--force' doesn't allow an argument", ""},
		{Exact, "--wait --wait=3 4", "w=ever w=3", "4"},
		{Exact, "--format", "!option '--format' requires an argument", ""},
		{Exact, "-c", "!option requires an argument -- 'c'", ""},
		{Exact, "-- -a", "!unrecognized option '--' a", ""},
	} {
		var got []string
		r := example(tt.d, &got).Reader(conf.EL9, strings.Fields(tt.args))
		for {
			more, err := r.Next()
			if !more {
				break
			}
			if err != nil {
				got = append(got, "!"+err.Error())
			}
		}
		if s := strings.Join(got, " "); s != tt.want || !slices.Equal(r.Operands, strings.Fields(tt.operands)) {
			t.Errorf("%d %s: %s, operands %q; want %s, %s", tt.d, tt.args, s, r.Operands, tt.want, tt.operands)
		}
	}
}

// TestReadPosix: the first operand ends the options.
func TestReadPosix(t *testing.T) {
	var got []string
	p := example(Getopt, &got)
	p.Posix = true
	operands, err := p.Read(conf.EL7, []string{"-a", "x", "-b", "--", "y"})
	if err != nil || !slices.Equal(got, []string{"a"}) || !slices.Equal(operands, []string{"x", "-b", "--", "y"}) {
		t.Errorf("%q, operands %q, %v", got, operands, err)
	}
}

// TestReadLettersOnly: where there are no long options, two dashes are the
// letter "-", as to getopt.
func TestReadLettersOnly(t *testing.T) {
	p := &Program{Groups: []Group{{Options: []Option{{Flags: "-a"}}}}}
	_, err := p.Read(conf.EL7, []string{"--all"})
	if err == nil || err.Error() != "invalid option -- '-'" {
		t.Error(err)
	}
}

// TestTargets: each kind of target, and that reading stops where one says so.
func TestTargets(t *testing.T) {
	var on, never bool
	var count int
	var text, mark, both string
	var list []string
	p := &Program{Groups: []Group{{Options: []Option{
		{Flags: "-a --on", To: On(&on)}, {Flags: "-v", To: Count(&count)}, {Flags: "-t", Arg: "X", To: All(Text(&text), Text(&both))},
		{Flags: "-l", Arg: "X", To: List(&list)}, {Flags: "-q", To: Mark(&mark, "query")}, {Flags: "-u", To: Mark(&mark, "update")},
		{Flags: "-h", To: Help}, {Flags: "-V", To: Version}, {Flags: "-n", To: On(&never)}, {Flags: "-i"},
	}}}}
	operands, err := p.Read(conf.EL7, strings.Fields("x -vvi --on -v -t1 -t 2 -l1 -l2 -uq y -h -n"))
	if err != ErrHelp || never || !on || count != 3 || text != "2" || both != "2" || mark != "query" || !slices.Equal(list, []string{"1", "2"}) || !slices.Equal(operands, []string{"x", "y"}) {
		t.Errorf("%v: %v %d %q %q %q %q, operands %q, %v", never, on, count, text, both, mark, list, operands, err)
	}
	if _, err := p.Read(conf.EL7, []string{"-V"}); err != ErrVersion {
		t.Error(err)
	}
}

// FuzzRead: a reader comes to an end, takes each word once at most, gives no
// value to an option without one and knows what it complains about.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"-ab x -c1 -c 2", "--for --form=x -- -a", "-wab -wx -mx", "--=1 - --", "-c", "-\xff --\xff=\xff"} {
		f.Add(uint8(0), false, s)
		f.Add(uint8(2), true, s)
	}
	f.Fuzz(func(t *testing.T, d uint8, posix bool, line string) {
		args := strings.Split(line, " ")
		var got []string
		p := example(Dialect(d%3), &got)
		p.Posix = posix
		r := p.Reader(conf.EL9, args)
		for n := 0; ; n++ {
			more, err := r.Next()
			if !more {
				break
			}
			var e *Error
			if err != nil && (!errors.As(err, &e) || e.Problem == 0 || e.Error() == "" || !slices.Contains(args, e.Word)) {
				t.Fatalf("%q: error %#v", args, err)
			}
			if n > len(line) {
				t.Fatalf("%q: no end", args)
			}
		}
		if len(r.Operands) > len(args) {
			t.Fatalf("%q: operands %q", args, r.Operands)
		}
		for _, g := range got {
			if name, v, has := strings.Cut(g, "="); has && strings.Contains(" a b force 9 ", " "+name+" ") {
				t.Fatalf("%q: %s has a value %q", args, name, v)
			}
		}
	})
}
