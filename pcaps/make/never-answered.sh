#!/bin/sh
# shows: a ClientHello that nobody answers while the capture lasts
# origin: OpenSSL 3.0 s_client against a Python socket
# needs: python3
. "$(dirname "$0")/lib.sh"
record
serve 443 python3 -c 'import socket, time; s = socket.create_server(("0.0.0.0", 443)); c, _ = s.accept(); time.sleep(60)'
CLIENT_TIMEOUT=1 LINGER=0
(at_client timeout 5 openssl s_client -connect $S:443 -servername $sni >/dev/null 2>&1 </dev/zero & echo $! >"$run/pid")
sleep 0.7
stop_recording
kill "$(cat "$run/pid")"
expect outcome=unanswered
finish
