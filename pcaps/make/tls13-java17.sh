#!/bin/sh
# shows: TLS 1.3 between Java programs
# origin: OpenJDK 17.0.15 both sides
# needs: javac, java 17 (openjdk-17-jdk-headless)
. "$(dirname "$0")/lib.sh"
record
java_server 443 ''
java_client 443 ''
says 'client java: TLSv1.3 TLS_AES_256_GCM_SHA384'
expect version=TLSv1.3 cipher=0x1302
finish
