package option

import (
	"fmt"
	"io"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
)

// bash writes the function that completes a program. Bash takes "--x=y" apart at
// the "=".
func bash(w io.Writer, p *Program, profile conf.Profile) {
	line := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	var flags []string
	line("%s() {", function(p.Name))
	line("\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}")
	line("\tif [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi")
	line("\tcase $prev in")
	for _, o := range p.shown(profile) {
		short, long := o.spellings()
		flags = append(append(flags, short...), long...)
		if spelled := append(short, long...); o.Arg != "" {
			if o.May { // it comes with "=", not as the next word
				spelled = long
			}
			line("\t%s) %sreturn ;;", quotedAll(spelled, "|"), bashValues(o.Values))
		}
	}
	line("\tesac")
	line("\tif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W %s -- \"$cur\")); return; fi", single(strings.Join(flags, " ")))
	if spots := p.spots(); len(spots) > 0 {
		line("\tlocal i words=")
		line("\tfor ((i = 1; i < COMP_CWORD; i++)); do")
		line("\t\tcase ${COMP_WORDS[i]} in")
		if valued := p.valued(profile); len(valued) > 0 {
			line("\t\t%s) i=$((i + 1)) ;;", quotedAll(valued, "|"))
		}
		line("\t\t-*) ;;")
		line("\t\t*) words+=\" ${COMP_WORDS[i]}\" ;;")
		line("\t\tesac\n\tdone")
		line("\tcase $words in")
		for _, s := range spots {
			before := ""
			for _, b := range s.before {
				before += " " + b
			}
			line("\t%s) COMPREPLY=($(compgen -W %s -- \"$cur\")); return ;;", single(before), single(strings.Join(names(s.next), " ")))
		}
		line("\tesac")
	}
	line("\t%sreturn", bashValues(p.Operands))
	line("}\ncomplete -F %s %s", function(p.Name), p.Name)
}

// bashBox writes the function for what is behind the name of a box.
func bashBox(w io.Writer, box *Program) {
	fmt.Fprintf(w, `%[1]s_box() {
	if ((COMP_CWORD == 1)) || [[ ${COMP_WORDS[1]} == -* ]]; then %[1]s; return; fi
	local f=_gocorosync_${COMP_WORDS[1]//[-.]/_}
	declare -F "$f" >/dev/null || f=%[1]s_${COMP_WORDS[1]//[-.]/_}
	declare -F "$f" >/dev/null || return
	COMP_WORDS=("${COMP_WORDS[@]:1}")
	COMP_CWORD=$((COMP_CWORD - 1))
	"$f"
}
complete -F %[1]s_box %[2]s
`, function(box.Name), box.Name)
}

func bashValues(v Values) string {
	switch {
	case len(v.Words) > 0:
		return "COMPREPLY=($(compgen -W " + single(strings.Join(v.Words, " ")) + ` -- "$cur")); `
	case v.Files:
		return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); `
	case v.Dirs:
		return `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")); `
	}
	return ""
}

func quotedAll(list []string, between string) string {
	var quoted []string
	for _, s := range list {
		quoted = append(quoted, single(s))
	}
	return strings.Join(quoted, between)
}
