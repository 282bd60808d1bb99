#!/bin/sh
# shows: a current browser: GREASE, permuted extensions, X25519MLKEM768, ECH grease, and a certificate it accepts only because told to
# origin: Chromium 156 against nginx 1.22 (OpenSSL 3.0)
# needs: chromium, nginx-light
. "$(dirname "$0")/lib.sh"
record
nginx_server
spki=$(openssl x509 -in "$pki/ec.pem" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
CLIENT_TIMEOUT=40
client chromium --headless=new --no-sandbox --disable-gpu --user-data-dir="$run/chromium" --no-first-run --disable-background-networking \
	--disable-component-update --ignore-certificate-errors-spki-list="$spki" --host-resolver-rules="MAP $sni $S" \
	--virtual-time-budget=4000 --dump-dom "https://$sni/"
says 'hello'
expect version=TLSv1.3 cipher=0x1301
finish
