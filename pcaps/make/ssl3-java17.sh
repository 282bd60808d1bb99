#!/bin/sh
# shows: Java's SSL 3.0 with 3DES: each handshake message in a record of its own
# origin: OpenJDK 17.0.15 both sides, blacklist emptied
# needs: javac, java 17 (openjdk-17-jdk-headless)
. "$(dirname "$0")/lib.sh"
record
java_server 443 SSLv3,TLSv1
java_client 443 SSLv3 SSL_RSA_WITH_3DES_EDE_CBC_SHA
says 'client java: SSLv3 SSL_RSA_WITH_3DES_EDE_CBC_SHA'
expect version=SSLv3 cipher=0x000a
finish
