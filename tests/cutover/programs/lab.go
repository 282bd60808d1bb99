// The lab's Go: "serve ADDRESS PORT CERT KEY" or "ask ADDRESS PORT NAME [CERT KEY]"; settings by LAB_MIN, LAB_MAX (numbers of versions),
// LAB_SUITES and LAB_GROUPS (numbers, comma-separated).
package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

func number(s string) uint16 {
	n, _ := strconv.ParseUint(s, 0, 16)
	return uint16(n)
}

func config() *tls.Config {
	c := &tls.Config{InsecureSkipVerify: true, MinVersion: number(os.Getenv("LAB_MIN")), MaxVersion: number(os.Getenv("LAB_MAX"))}
	for _, s := range strings.FieldsFunc(os.Getenv("LAB_SUITES"), func(r rune) bool { return r == ',' }) {
		c.CipherSuites = append(c.CipherSuites, number(s))
	}
	for _, s := range strings.FieldsFunc(os.Getenv("LAB_GROUPS"), func(r rune) bool { return r == ',' }) {
		c.CurvePreferences = append(c.CurvePreferences, tls.CurveID(number(s)))
	}
	return c
}

func answer(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 4096)
	if n, _ := c.Read(b); n > 0 {
		c.Write([]byte("HTTP/1.0 200 OK\r\n\r\nhi\n"))
	}
}

func main() {
	a, c := os.Args, config()
	load := func(i int) {
		pair, err := tls.LoadX509KeyPair(a[i], a[i+1])
		if err != nil {
			panic(err)
		}
		c.Certificates = append(c.Certificates, pair)
	}
	if a[1] == "serve" {
		for i := 4; i+1 < len(a); i += 2 {
			load(i)
		}
		l, err := tls.Listen("tcp", a[2]+":"+a[3], c)
		if err != nil {
			panic(err)
		}
		for {
			if x, err := l.Accept(); err == nil {
				go answer(x)
			}
		}
	}
	if len(a) > 6 {
		load(5)
	}
	c.ServerName = a[4]
	x, err := tls.DialWithDialer(&net.Dialer{Timeout: 4 * time.Second}, "tcp", a[2]+":"+a[3], c)
	if err != nil {
		fmt.Println("ERR", err)
		os.Exit(1)
	}
	x.SetDeadline(time.Now().Add(4 * time.Second))
	x.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
	b := make([]byte, 4096)
	n, _ := x.Read(b)
	if strings.Contains(string(b[:n]), " 200") {
		fmt.Println("OK")
	} else {
		fmt.Println("ERR no answer")
	}
}
