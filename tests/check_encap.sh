#!/bin/sh
# One recorded TLS 1.2 handshake, written again by tools/rewrap in every encapsulation and damaged in every way it knows, is
# found in each, exactly once, with the same version, cipher and parties as in the plain capture.
set -eu
bin=${TLSUNSET:-./tlsunset}
rewrap=${TOOLS:-build/tools}/rewrap
from=pcaps/tls12-camellia-openssl3.0.pcap
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

# The handshakes of a capture: version, cipher, highest version offered and parties of each, on one line.
facts() {
	"$bin" read -f ndjson "$1" | grep '"type":"tls"' |
		grep -oE '"(client_ip|client_port|server_ip|server_port|version|cipher|client_max_version)":[^,]*' | cut -d: -f2- | tr '\n"' '  ' | tr -s ' '
}
expect() { # kind, facts
	"$rewrap" "$1" "$from" "$dir/x.pcap"
	got=$(facts "$dir/x.pcap") || got="tlsunset failed"
	[ "$got" = "$2" ] && return
	echo "encap: $1: got '$got', not '$2'" >&2
	bad=1
}

plain=$(facts "$from")
case $plain in
*192.0.2.10*192.0.2.20*443*TLSv1.2*0x0041*) ;;
*) echo "encap: $from: got '$plain'" >&2 && exit 1 ;;
esac
ipv6=$(echo "$plain" | sed 's/192\.0\.2\.10/2001:db8::c000:20a/; s/192\.0\.2\.20/2001:db8::c000:214/')
teredo=$(echo "$ipv6" | sed 's/2001:db8::/2001::/g')
client=$(echo "$plain" | sed 's/TLSv1.2 0x0041/null null/')
n=0
for kind in $("$rewrap" --list | cut -d' ' -f2); do
	n=$((n + 1))
	case $kind in
	gre-over-ipv6) expect "$kind" "$plain" ;;
	*ip6frag | ipv6* | 6in* | *-ipv6) expect "$kind" "$ipv6" ;;
	teredo*) expect "$kind" "$teredo" ;;
	client-only) expect "$kind" "$client" ;;
	server-only) ;; # below
	snap:N) expect snap:1000 "$plain" ;;
	*) expect "$kind" "$plain" ;;
	esac
done
[ "$n" -gt 100 ] || { echo "encap: only $n kinds" >&2 && bad=1; }

# Without the client there is no offer, but what the server chose.
"$rewrap" server-only "$from" "$dir/x.pcap"
case $(facts "$dir/x.pcap") in
*192.0.2.10*192.0.2.20*443*TLSv1.2*0x0041*) ;;
*) echo "encap: server-only: got '$(facts "$dir/x.pcap")'" >&2 && bad=1 ;;
esac
[ $bad = 0 ] && echo "encap: $n kinds passed"
exit $bad
