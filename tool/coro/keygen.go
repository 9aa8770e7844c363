package coro

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/durable"
	"github.com/gocorosync/gocorosync/tool"
	"github.com/gocorosync/gocorosync/tool/option"
)

const keygenUsageEL9 = `Usage: corosync-keygen [-k <keyfile>] [-s size] [-m <randomfile>] [-l] [-h]
     -k / --key-file=<filename> -  Write to the specified keyfile
            instead of the default /etc/corosync/authkey.
     -r / --random-file -  Random number source file. Default is 
            /dev/urandom. As an example /dev/random may be requested
            (that may require user input for entropy).
     -l / --less-secure - Not used, option is kept only
            for compatibility.
     -s / --size -  Length of key.
     -h / --help -  Print basic usage.

`

const keygenUsageEL7 = `Usage: corosync-keygen [-k <keyfile>] [-l] [-h]
     -k / --key-file=<filename> -  Write to the specified keyfile
            instead of the default /etc/corosync/authkey.
     -l / --less-secure -  Use a less secure random number source
            (/dev/urandom) that is guaranteed not to require user
            input for entropy.  This can be used when this
            application is used from a script.
     -h / --help -  Print basic usage.

`

// Sizes of a key in bytes.
const (
	keySizeEL7 = 128
	keySizeEL9 = 256
	keyMin     = 128
	keyMax     = 4096
)

// keygen is one run of corosync-keygen.
type keygen struct {
	env          *tool.Env
	file, source string
	size         int
}

func (k *keygen) table() *option.Program {
	return &option.Program{
		Name: "corosync-keygen", Section: 8, Purpose: "make the key that the nodes of a ring share", Synopsis: []string{"[OPTION...]"},
		About: []string{"The key is copied to all nodes, by a way on which nobody else can read it."},
		Groups: []option.Group{{Options: []option.Option{
			{Flags: "-k --key-file", Arg: "FILE", Text: "Write to this file.", Values: option.Files(), To: option.Text(&k.file)},
			{Flags: "-r --random-file", Arg: "FILE", Text: "Take random numbers from this file.", Only: "el9", Values: option.Files(), To: option.Text(&k.source)},
			{Flags: "-s --size", Arg: "BYTES", Text: "Size of the key.", Only: "el9", To: k.setSize},
			{Flags: "-m", Arg: "FILE", Text: "The same as -r.", Only: "el9", Values: option.Files(), To: option.Text(&k.source)},
			{Flags: "-l --less-secure", Text: "Accepted. The system's generator never waits."},
			{Flags: "-h --help", Text: "Print the options and exit.", To: option.Help},
		}}},
		Usage:  usage(keygenUsageEL7, keygenUsageEL9),
		Status: okOrNot(), Files: []string{"/etc/corosync/authkey: the key, unless -k names another file"}, See: []string{"corosync.conf(5)"},
	}
}

// errKeySize is a size that no key has.
type errKeySize string

func (e errKeySize) Error() string {
	return fmt.Sprintf("Key size %s is out of allowed range <%d, %d>", string(e), keyMin, keyMax)
}

func (k *keygen) setSize(text string) (err error) {
	if k.size, err = strconv.Atoi(text); err != nil || k.size < keyMin || k.size > keyMax {
		return errKeySize(text)
	}
	return nil
}

// Keygen is corosync-keygen.
func Keygen(_ context.Context, env *tool.Env) int {
	el9 := env.Profile == conf.EL9
	k := &keygen{env: env, file: "/etc/corosync/authkey", size: keySizeEL7}
	if el9 {
		k.size = keySizeEL9
	}
	p := k.table()
	_, err := p.Read(env.Profile, env.Args)
	var size errKeySize
	switch {
	case err == option.ErrHelp:
		env.Printf("%s", p.Help(env.Profile))
		return tool.OK
	case errors.As(err, &size):
		env.Errorf("%v\n", err)
		return tool.Failed
	case err != nil:
		env.Errorf("%s: %v\n", env.Name, err)
		env.Printf("%s", p.Help(env.Profile))
		return tool.Failed
	}
	env.Printf("Corosync Cluster Engine Authentication key generator.\n")
	if env.Root == "" && os.Geteuid() != 0 && !el9 {
		env.Printf("Error: Authorization key must be generated as root user.\n")
		return tool.Failed
	}
	from := "/dev/random"
	if el9 {
		from = "/dev/urandom"
	}
	if k.source != "" {
		from = k.source
	}
	env.Printf("Gathering %d bits for key from %s.\n", k.size*8, from)
	if !el9 {
		env.Printf("Press keys on your keyboard to generate entropy.\n")
	}
	key := make([]byte, k.size)
	if k.source == "" {
		_, err = rand.Read(key)
	} else {
		err = readKey(k.source, key)
	}
	if err != nil {
		env.Errorf("Could not read %s: %v\n", from, err)
		return tool.Failed
	}
	env.Printf("Writing corosync key to %s.\n", k.file)
	if err := durable.Write(env.Path(k.file), key, durable.Owned(0o400)); err != nil {
		env.Errorf("Could not create %s: %v\n", k.file, err)
		return tool.Failed
	}
	return tool.OK
}

func readKey(source string, key []byte) error {
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.ReadFull(f, key)
	return err
}
