// tls-peer s|c|v ADDRESS MINOR [CERT KEY]: a TLS server or one client handshake of Go's own stack; MINOR 1 is TLS 1.0, 4 is 1.3, 0 the
// default. The client v verifies the server's certificate, and knows no issuer.
package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"strconv"
)

func main() {
	minor, _ := strconv.Atoi(os.Args[3])
	conf := &tls.Config{InsecureSkipVerify: os.Args[1] != "v", ServerName: "www.example.test"}
	if minor != 0 {
		conf.MinVersion, conf.MaxVersion = uint16(0x300+minor), uint16(0x300+minor)
	}
	if os.Args[1] == "s" {
		pair, err := tls.LoadX509KeyPair(os.Args[4], os.Args[5])
		if err != nil {
			panic(err)
		}
		conf.Certificates = []tls.Certificate{pair}
		l, err := tls.Listen("tcp", os.Args[2], conf)
		if err != nil {
			panic(err)
		}
		for {
			c, err := l.Accept()
			if err == nil {
				fmt.Fprintln(c, "hello")
				c.Close()
			}
		}
	}
	c, err := tls.Dial("tcp", os.Args[2], conf)
	if err != nil {
		fmt.Println("client error", err)
		return
	}
	s := c.ConnectionState()
	fmt.Printf("client go: %04x %04x\n", s.Version, s.CipherSuite)
	buf := make([]byte, 100)
	c.Read(buf)
	c.Close()
}
