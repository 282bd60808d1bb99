#!/bin/sh
# shows: NBD: option STARTTLS, then TLS 1.3 with a client certificate
# origin: nbdinfo (libnbd) against nbdkit --tls=require (both GnuTLS 3.7)
# needs: nbdkit, libnbd-bin
. "$(dirname "$0")/lib.sh"
record
keys
mkdir "$run/nbd"
cp "$pki/ca.pem" "$run/nbd/ca-cert.pem"
for k in server client; do
	f=rsa; [ $k = server ] || f=client
	cp "$pki/$f.pem" "$run/nbd/$k-cert.pem"
	cp "$pki/$f.key" "$run/nbd/$k-key.pem"
done
serve 10809 nbdkit -f --tls=require --tls-certificates="$run/nbd" memory 1M
client nbdinfo --size "nbds://$sni:10809/?tls-certificates=$run/nbd"
says '1048576'
expect server=$S:10809 upgrade=nbd version=TLSv1.3 cipher=0x1302
finish
