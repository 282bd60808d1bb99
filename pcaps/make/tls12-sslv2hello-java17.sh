#!/bin/sh
# shows: an SSLv2-format ClientHello that asks for TLS 1.2
# origin: OpenJDK 17.0.15 both sides, blacklist emptied
# needs: javac, java 17 (openjdk-17-jdk-headless)
. "$(dirname "$0")/lib.sh"
record
java_server 443 SSLv2Hello,TLSv1.2 TLS_RSA_WITH_AES_128_CBC_SHA
java_client 443 SSLv2Hello,TLSv1.2 TLS_RSA_WITH_AES_128_CBC_SHA
says 'client java: TLSv1.2 TLS_RSA_WITH_AES_128_CBC_SHA'
expect version=TLSv1.2 cipher=0x002f sni=
finish
