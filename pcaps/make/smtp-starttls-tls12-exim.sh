#!/bin/sh
# shows: SMTP STARTTLS at TLS 1.2 to a server on GnuTLS, commands pipelined
# origin: swaks (OpenSSL 3.0) against exim 4.96 (GnuTLS 3.7)
# needs: exim4-daemon-light (instead of postfix), swaks, libnet-ssleay-perl
. "$(dirname "$0")/lib.sh"
record
keys
mkdir "$run/exim"
chmod 777 "$run/exim"
for f in rsa.key rsa.pem; do install -m 644 "$pki/$f" "$run/exim/$f"; done
cat >"$run/exim.conf" <<X
primary_hostname = mail.example.test
spool_directory = $run/exim
log_file_path = $run/exim/%slog
pid_file_path = $run/exim/pid
domainlist local = example.test
acl_smtp_rcpt = accept
tls_advertise_hosts = *
tls_certificate = $run/exim/rsa.pem
tls_privatekey = $run/exim/rsa.key
begin routers
drop:
  driver = redirect
  data = :blackhole:
X
serve 25 exim4 -bdf -q1h -oX 25 -C "$run/exim.conf"
client swaks --server $S --to office@example.test --from printer@example.test --helo printer.example.test --tls --tls-protocol tlsv1_2 --tls-sni $sni --pipeline
says 'TLS started with cipher TLSv1.2'
expect server=$S:25 upgrade=smtp version=TLSv1.2 cipher=0xc030 sentinel=01
finish
