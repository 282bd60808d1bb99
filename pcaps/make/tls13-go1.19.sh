#!/bin/sh
# shows: TLS 1.3 between Go programs
# origin: Go 1.19.8 both sides, defaults
# needs: golang-go
. "$(dirname "$0")/lib.sh"
record
keys
g=$(build tls-peer.go)
serve 443 "$g" s 0.0.0.0:443 0 "$pki/ec.pem" "$pki/ec.key"
client "$g" c $S:443 0
says 'client go: 0304 1301'
expect version=TLSv1.3 cipher=0x1301
finish
