#!/bin/sh
# shows: 802.1X on a wire: EAP-TLS in EAPOL at TLSv1.0; both parties are MAC addresses
# origin: wpa_supplicant and hostapd 2.10 (OpenSSL 3.0), wired
# needs: wpasupplicant, hostapd
. "$(dirname "$0")/lib.sh"
old_tls
record 'ether proto 0x888e'
keys
mkdir -m 755 "$run/ctrl"
printf '"u" TLS\n"u" MSCHAPV2 "pass" [2]\n' >"$run/users"
cat >"$run/hostapd.conf" <<X
interface=s0
driver=wired
ieee8021x=1
eap_server=1
eap_user_file=$run/users
ca_cert=$pki/ca.pem
server_cert=$pki/rsa.pem
private_key=$pki/rsa.key
openssl_ciphers=DEFAULT@SECLEVEL=0
tls_flags=[ENABLE-TLSv1.0]
X
cat >"$run/supplicant.conf" <<X
ap_scan=0
network={
 key_mgmt=IEEE8021X
 eap=TLS
 identity="u"
 password="pass"
 openssl_ciphers="DEFAULT@SECLEVEL=0"
 ca_cert="$pki/ca.pem"
 client_cert="$pki/client.pem"
 private_key="$pki/client.key"
 phase1="tls_disable_tlsv1_0=0 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2=1 tls_disable_tlsv1_3=1"
 eapol_flags=0
}
X
at_server hostapd "$run/hostapd.conf" >"$run/server.log" 2>&1 </dev/null &
pids="$pids $!"
sleep 0.5
CLIENT_TIMEOUT=4
client wpa_supplicant -D wired -i c0 -c "$run/supplicant.conf"
says 'CTRL-EVENT-EAP-SUCCESS'
tshark_blind='it has no IP addresses to give'
expect transport=l2 client=02:00:00:00:00:10 server=02:00:00:00:00:20 upgrade=eap version=TLSv1.0 cipher=0xc014 sentinel=00 sni=
finish
