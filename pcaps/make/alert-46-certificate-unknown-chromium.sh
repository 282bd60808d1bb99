#!/bin/sh
# shows: a browser that does not know the issuer: TLS 1.2, alert certificate_unknown, and its retries
# origin: Chromium 156 against OpenSSL 3.0 s_server
# needs: chromium
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2
CLIENT_TIMEOUT=20
client chromium --headless=new --no-sandbox --disable-gpu --user-data-dir="$run/chromium" --no-first-run --disable-background-networking \
	--disable-component-update --host-resolver-rules="MAP $sni $S" --virtual-time-budget=3000 --dump-dom "https://$sni/"
# How often it tries again differs.
for _ in $(grep -o 'alert number 46' "$run/server.log" | tr ' ' -); do
	expect outcome=alert_client version=TLSv1.2 cipher=0xc02f alert=c46
done
finish
