package option

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gocorosync/gocorosync/conf"
)

// zsh writes the file of functions that zsh looks for by the names in its first
// line.
func zsh(w io.Writer, profile conf.Profile, box *Program, list []*Program) {
	fmt.Fprintf(w, "#compdef %s", box.Name)
	for _, p := range list {
		fmt.Fprintf(w, " %s", p.Name)
	}
	fmt.Fprintln(w)
	for _, p := range append(slices.Clip(list), box) {
		zshProgram(w, p, profile)
	}
	fmt.Fprintf(w, `%[1]s_box() {
	if ((CURRENT == 2)) || [[ ${words[2]} == -* ]]; then %[1]s; return; fi
	shift words
	((CURRENT--))
	local f=_gocorosync_${words[1]//[-.]/_}
	(($+functions[$f])) || f=%[1]s_${words[1]//[-.]/_}
	(($+functions[$f])) && $f
}
if [[ $service == %[2]s ]]; then %[1]s_box; else _gocorosync_${service//[-.]/_}; fi
`, function(box.Name), box.Name)
}

func zshProgram(w io.Writer, p *Program, profile conf.Profile) {
	line := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	spots := p.spots()
	line("%s() {\n\tlocal -a flags=(", function(p.Name))
	for _, o := range p.shown(profile) {
		short, long := o.spellings()
		text := "[" + zshText(firstLine(o.Text)) + "]"
		for _, s := range append(short, long...) {
			spec := zshText(s)
			isLong := strings.HasPrefix(s, "--")
			switch {
			case o.Arg == "":
			case o.May && isLong:
				spec += "=-"
			case o.May:
				spec += "-"
			case isLong:
				spec += "="
			default:
				spec += "+"
			}
			spec += text
			if o.Arg != "" {
				if o.May {
					spec += ":"
				}
				spec += ":" + zshText(o.Arg) + ":" + zshValues(o.Values)
			}
			line("\t\t%s", single("*"+spec))
		}
	}
	line("\t)")
	if len(spots) == 0 {
		line("\t_arguments -S $flags '*::operand:%s'\n}", zshValues(p.Operands))
		return
	}
	line("\tlocal -a found next\n\tlocal i\n\tfor ((i = 2; i < CURRENT; i++)); do\n\t\tcase ${words[i]} in")
	if valued := p.valued(profile); len(valued) > 0 {
		line("\t\t%s) ((i++)) ;;", quotedAll(valued, "|"))
	}
	line("\t\t-*) ;;\n\t\t*) found+=(${words[i]}) ;;\n\t\tesac\n\tdone")
	line("\tif [[ ${words[CURRENT]} == -* ]]; then _arguments $flags; return; fi")
	line("\tcase \"$found\" in")
	for _, s := range spots {
		line("\t%s) next=(", single(strings.Join(s.before, " ")))
		for _, c := range s.next {
			line("\t\t%s", single(c.Name+":"+firstLine(c.Text)))
		}
		line("\t) ;;")
	}
	line("\tesac\n\tif (($#next)); then _describe command next; else _arguments $flags; fi\n}")
}

func zshValues(v Values) string {
	switch {
	case len(v.Words) > 0:
		return "(" + strings.Join(v.Words, " ") + ")"
	case v.Files:
		return "_files"
	case v.Dirs:
		return "_files -/"
	}
	return " "
}

// zshText quotes what means something in a specification of _arguments.
func zshText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ":", `\:`, "[", `\[`, "]", `\]`, "(", `\(`, ")", `\)`).Replace(s)
}
