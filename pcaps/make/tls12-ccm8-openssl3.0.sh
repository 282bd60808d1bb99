#!/bin/sh
# shows: TLS 1.2 with a suite of small devices, ECDHE_ECDSA_WITH_AES_128_CCM_8
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/ec.pem" -key "$pki/ec.key" -tls1_2 -cipher ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0
s_client 443 -cipher ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0
says 'Cipher is ECDHE-ECDSA-AES128-CCM8'
expect version=TLSv1.2 cipher=0xc0ae
finish
