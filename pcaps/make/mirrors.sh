# mirrors.sh - a switch with a mirror port between client and server: Open vSwitch in user space. Sourced after lib.sh, never run.
# shellcheck shell=sh
#
# Client and server are ports c and s of the switch; what it mirrors goes to the collector's namespace, where the capture is
# made. All of it lives in namespaces of the recipe; the daemons are found there by cleanup().
nsv=rec$$v
nsm=rec$$m
U=172.31.0.1 M=172.31.0.2 # the switch's underlay address and the collector
# switch [MTU]: the stage.
switch() {
	space "$nsc"
	space "$nss"
	space "$nsv"
	space "$nsm"
	wire "$nsc" c0 02:00:00:00:00:10 "$nsv" c 02:00:00:00:01:10
	wire "$nss" s0 02:00:00:00:00:20 "$nsv" s 02:00:00:00:01:20
	wire "$nsv" u 02:00:00:00:01:01 "$nsm" m0 02:00:00:00:01:02 "${1:-1600}"
	ip -n "$nsc" addr add $C/24 dev c0
	ip -n "$nss" addr add $S/24 dev s0
	ip -n "$nsm" addr add $M/24 dev m0
	mkdir "$run/ovs"
	db=unix:$run/ovs/db.sock
	export OVS_RUNDIR="$run/ovs" OVS_LOGDIR="$run/ovs" OVS_DBDIR="$run/ovs"
	ovsdb-tool create "$run/ovs/conf.db" /usr/share/openvswitch/vswitch.ovsschema
	ip netns exec "$nsv" ovsdb-server "$run/ovs/conf.db" --remote="punix:$run/ovs/db.sock" --pidfile="$run/ovs/db.pid" \
		--unixctl="$run/ovs/db.ctl" >"$run/ovs/db.log" 2>&1 </dev/null &
	pids="$pids $!"
	for _ in $(seq 100); do [ -S "$run/ovs/db.sock" ] && break || sleep 0.05; done
	ip netns exec "$nsv" ovs-vswitchd "$db" --pidfile="$run/ovs/vs.pid" --unixctl="$run/ovs/vs.ctl" >"$run/ovs/vs.log" 2>&1 </dev/null &
	pids="$pids $!"
	vsctl add-br br -- set bridge br datapath_type=netdev
	vsctl add-port br c -- add-port br s
}
vsctl() { ip netns exec "$nsv" ovs-vsctl --timeout=20 --db="$db" "$@"; }
port_of() { vsctl get interface "$1" ofport; }
# tunnel_mirror TYPE OPTIONS...: mirrors the switch into a tunnel to the collector.
tunnel_mirror() {
	vsctl add-br phy -- set bridge phy datapath_type=netdev -- add-port phy u
	ip -n "$nsv" addr add $U/24 dev phy
	ip -n "$nsv" link set phy up
	ip netns exec "$nsv" ping -c 1 -W 2 $M >/dev/null || die 'the collector does not answer'
	type=$1
	shift
	options=''
	for o in "$@"; do options="$options options:$o"; done
	# shellcheck disable=SC2086
	vsctl add-port br t -- set interface t type="$type" options:remote_ip=$M $options -- --id=@p get port t \
		-- --id=@m create mirror name=m select-all=true output-port=@p -- set bridge br mirrors=@m >/dev/null
	record "src host $U" "$nsm" m0
	sleep 0.5
}
# tagged_mirror ACTIONS-TO ACTIONS-FROM: sends the collector a copy of every packet to the server and from it, after these OpenFlow actions (none: no copy).
tagged_mirror() {
	vsctl add-port br u
	sleep 0.5
	c=$(port_of c) s=$(port_of s) u=$(port_of u)
	to=$(echo "$1" | sed "s/OUT/output:$u/g") from=$(echo "$2" | sed "s/OUT/output:$u/g")
	flow "priority=9,in_port=$c,actions=output:$s${1:+,$to}"
	flow "priority=9,in_port=$s,actions=output:$c${2:+,$from}"
	record 'not arp and not icmp6' "$nsm" m0
	sleep 0.3
}
flow() { ip netns exec "$nsv" ovs-ofctl -O OpenFlow13 add-flow "unix:$run/ovs/br.mgmt" "$1"; }
# one_session [tls10]: a TLS session for the mirror to show: 1.2, or 1.0 where old_tls was called.
one_session() {
	s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" "-${1:-tls1_2}"
	s_client 443 "-${1:-tls1_2}"
	sleep 0.3
}
