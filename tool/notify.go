package tool

import (
	"net"
	"os"
)

// NotifyService tells the service manager that started this process, if one
// did and wants to know, how it is: "READY=1".
func NotifyService(state string) {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: name})
	if err != nil {
		return
	}
	defer conn.Close()
	conn.Write([]byte(state))
}
