package option

import (
	"fmt"
	"io"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
)

// fish writes the lines that complete a program.
func fish(w io.Writer, p *Program, profile conf.Profile) {
	line := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	line("complete -c %s -e", p.Name)
	if !p.Operands.Files {
		line("complete -c %s -f", p.Name)
	}
	for _, o := range p.shown(profile) {
		words := []string{"complete -c " + p.Name}
		short, long := o.spellings()
		for _, s := range short {
			words = append(words, "-s "+fishQuote(s[1:]))
		}
		for _, s := range long {
			words = append(words, "-l "+s[2:])
		}
		switch {
		case o.Arg == "" || o.May && len(o.Values.Words) == 0:
		case len(o.Values.Words) > 0 && o.May:
			words = append(words, "-f -a "+fishQuote(strings.Join(o.Values.Words, " ")))
		case len(o.Values.Words) > 0:
			words = append(words, "-x -a "+fishQuote(strings.Join(o.Values.Words, " ")))
		case o.Values.Files:
			words = append(words, "-r -F")
		case o.Values.Dirs:
			words = append(words, `-x -a "(__fish_complete_directories)"`)
		default:
			words = append(words, "-x")
		}
		line("%s -d %s", strings.Join(words, " "), fishQuote(firstLine(o.Text)))
	}
	for i, s := range p.spots() {
		if i == 0 {
			line(fishAt, p.Name, strings.Join(p.valued(profile), " "))
		}
		when := "__gocorosync_at_" + p.Name + " " + strings.Join(s.before, " ")
		for _, c := range s.next {
			line("complete -c %s -n %s -a %s -d %s", p.Name, fishQuote(strings.TrimSpace(when)), c.Name, fishQuote(firstLine(c.Text)))
		}
	}
}

// fishAt is a function that tells whether the words before the cursor, without
// options and what belongs to them, are its arguments.
const fishAt = `function __gocorosync_at_%s
	set -l words
	set -l skip 0
	for word in (commandline -opc)[2..]
		if test $skip = 1
			set skip 0
		else if contains -- $word %s
			set skip 1
		else if not string match -q -- '-*' $word
			set -a words $word
		end
	end
	test "$words" = "$argv"
end`

// fishBox writes the lines for what is behind the name of a box.
func fishBox(w io.Writer, box *Program, list []*Program) {
	for _, p := range list {
		fmt.Fprintf(w, "complete -c %s -n '__fish_seen_subcommand_from %s' -a '(complete -C (string join \" \" -- %s (commandline -opc)[3..] (commandline -ct)))'\n",
			box.Name, strings.TrimPrefix(p.Name, box.Name+"-"), p.Name)
	}
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
