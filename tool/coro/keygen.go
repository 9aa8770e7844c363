package coro

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"strconv"

	"github.com/gocorosync/gocorosync/conf"
	"github.com/gocorosync/gocorosync/durable"
	"github.com/gocorosync/gocorosync/tool"
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

// Keygen is corosync-keygen.
func Keygen(_ context.Context, env *tool.Env) int {
	el9 := env.Profile == conf.EL9
	usage, size := keygenUsageEL7, keySizeEL7
	if el9 {
		usage, size = keygenUsageEL9, keySizeEL9
	}
	file, source := "/etc/corosync/authkey", ""
	g := getopt(env, "corosync-keygen")
	for {
		opt, arg, err := g.Next()
		if opt == "" {
			break
		}
		if err != nil {
			env.Errorf("%v\n", err)
			env.Printf("%s", usage)
			return tool.Failed
		}
		switch opt {
		case "k":
			file = arg
		case "r", "m":
			source = arg
		case "s":
			if size, err = strconv.Atoi(arg); err != nil || size < keyMin || size > keyMax {
				env.Errorf("Key size %s is out of allowed range <%d, %d>\n", arg, keyMin, keyMax)
				return tool.Failed
			}
		case "h":
			env.Printf("%s", usage)
			return tool.OK
		}
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
	if source != "" {
		from = source
	}
	env.Printf("Gathering %d bits for key from %s.\n", size*8, from)
	if !el9 {
		env.Printf("Press keys on your keyboard to generate entropy.\n")
	}
	key := make([]byte, size)
	var err error
	if source == "" {
		_, err = rand.Read(key)
	} else {
		err = readKey(source, key)
	}
	if err != nil {
		env.Errorf("Could not read %s: %v\n", from, err)
		return tool.Failed
	}
	env.Printf("Writing corosync key to %s.\n", file)
	if err := durable.Write(env.Path(file), key, durable.Owned(0o400)); err != nil {
		env.Errorf("Could not create %s: %v\n", file, err)
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
