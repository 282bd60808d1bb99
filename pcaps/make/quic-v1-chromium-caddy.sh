#!/bin/sh
# shows: HTTP/3 of a current browser: a post-quantum ClientHello over two Initials, its CRYPTO frames shuffled
# origin: Chromium 156 against caddy 2.6 (quic-go)
# needs: chromium, caddy
. "$(dirname "$0")/lib.sh"
record 'udp port 443'
caddy_server
spki=$(openssl x509 -in "$pki/rsa.pem" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
CLIENT_TIMEOUT=40
client chromium --headless=new --no-sandbox --disable-gpu --user-data-dir="$run/chromium" --no-first-run --disable-background-networking \
	--disable-component-update --ignore-certificate-errors-spki-list="$spki" --enable-quic --origin-to-force-quic-on="$sni:443" \
	--host-resolver-rules="MAP $sni $S" --virtual-time-budget=8000 --dump-dom "https://$sni/"
says 'hello'
expect transport=quic version=TLSv1.3 cipher=0x1301
finish
