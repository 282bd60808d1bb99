#!/bin/sh
# shows: TLS 1.0 between Go programs
# origin: Go 1.19.8 both sides
# needs: golang-go
. "$(dirname "$0")/lib.sh"
record
keys
g=$(build tls-peer.go)
serve 443 "$g" s 0.0.0.0:443 1 "$pki/rsa.pem" "$pki/rsa.key"
client "$g" c $S:443 1
says 'client go: 0301 c013'
expect version=TLSv1.0 cipher=0xc013
finish
