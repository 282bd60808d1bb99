#!/bin/sh
# shows: an old Java application (TLS 1.0 only) against an OpenSSL 3.0 server of TLS 1.2: alert protocol_version
# origin: OpenJDK 17.0.15 client, OpenSSL 3.0 s_server
# needs: javac, java 17 (openjdk-17-jdk-headless)
. "$(dirname "$0")/lib.sh"
record
old_tls
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2
unset OPENSSL_CONF
java_client 443 TLSv1
says 'client error'
expect outcome=alert_server alert=s70
finish
