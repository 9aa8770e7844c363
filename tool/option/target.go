package option

import "errors"

// A Target takes the value of an option, "" if it has none. Reading ends with
// the error that it returns.
type Target func(value string) error

// What reading ends with at an option that asks for something else.
var (
	ErrHelp    = errors.New("help is asked for")
	ErrVersion = errors.New("the version is asked for")
)

// Help ends reading with [ErrHelp].
func Help(string) error { return ErrHelp }

// Version ends reading with [ErrVersion].
func Version(string) error { return ErrVersion }

// On sets a switch.
func On(to *bool) Target {
	return func(string) error { *to = true; return nil }
}

// Count counts how often the option stands there.
func Count(to *int) Target {
	return func(string) error { *to++; return nil }
}

// Text stores the value; of several the last one counts.
func Text(to *string) Target {
	return func(v string) error { *to = v; return nil }
}

// List collects values.
func List(to *[]string) Target {
	return func(v string) error { *to = append(*to, v); return nil }
}

// Mark stores what an option without a value stands for: of several that
// exclude each other the last one counts.
func Mark[T any](to *T, as T) Target {
	return func(string) error { *to = as; return nil }
}

// All gives the value to several targets.
func All(to ...Target) Target {
	return func(v string) error {
		for _, t := range to {
			if err := t(v); err != nil {
				return err
			}
		}
		return nil
	}
}
