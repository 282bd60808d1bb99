# services.sh - the servers whose TLS begins inside another protocol, each a function; sourced by lib.sh, never run.
# shellcheck shell=sh
# Each starts one server in the server's namespace for every version since TLS 1.0 (call old_tls before, where it matters).

# starttls PROTOCOL PORT OPTIONS...: s_client through an upgrade.
starttls() {
	up=$1 at=$2
	shift 2
	s_client "$at" -starttls "$up" "$@"
}

# chat PORT WAIT SEND...: a session in clear text.
chat() {
	at=$1
	shift
	client python3 "$here/chat.py" "$S" "$at" "$@"
}

# dovecot_server [yes|no]: IMAP 143/993, POP3 110, LMTP 24, ManageSieve 4190, with or without TLS.
dovecot_server() {
	keys
	mkdir -p "$run/dovecot"
	chmod 777 "$run/dovecot"
	cat >"$run/dovecot.conf" <<-X
		base_dir = $run/dovecot/run
		state_dir = $run/dovecot/state
		log_path = $run/dovecot/log
		protocols = imap pop3 lmtp sieve
		listen = *
		ssl = ${1:-yes}
		ssl_cert = <$pki/rsa.pem
		ssl_key = <$pki/rsa.key
		ssl_min_protocol = TLSv1
		ssl_cipher_list = ALL:@SECLEVEL=0
		disable_plaintext_auth = no
		mail_location = maildir:$run/dovecot/mail/%u
		passdb {
		  driver = static
		  args = password=pass
		}
		userdb {
		  driver = static
		  args = uid=65534 gid=65534 home=$run/dovecot/mail/%u
		}
		first_valid_uid = 1
		service managesieve-login {
		  inet_listener sieve {
		    port = 4190
		  }
		}
		service lmtp {
		  inet_listener lmtp {
		    port = 24
		  }
		}
	X
	serve 143 dovecot -F -c "$run/dovecot.conf"
	listening "$nss" 24
}

# postfix_server [may|none] [PORT]: SMTP.
postfix_server() {
	keys
	mkdir -p "$run/postfix/q" "$run/postfix/d" "$run/postfix/etc"
	chown postfix "$run/postfix/d"
	cat >"$run/postfix/etc/main.cf" <<-X
		compatibility_level = 3.6
		queue_directory = $run/postfix/q
		data_directory = $run/postfix/d
		maillog_file = $run/postfix/log
		maillog_file_prefixes = $run
		inet_interfaces = all
		inet_protocols = ipv4
		myhostname = mail.example.test
		mydestination = localhost, example.test
		local_transport = discard:
		local_recipient_maps =
		smtpd_tls_security_level = ${1:-may}
		smtpd_tls_cert_file = $pki/rsa.pem
		smtpd_tls_key_file = $pki/rsa.key
		smtpd_tls_ciphers = medium
		tls_medium_cipherlist = ALL:@SECLEVEL=0
		smtpd_tls_protocols = >=TLSv1
		tls_config_file = none
		smtpd_peername_lookup = no
		smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
	X
	cat >"$run/postfix/etc/master.cf" <<-X
		${2:-25} inet n - n - - smtpd
		pickup unix n - n 60 1 pickup
		cleanup unix n - n - 0 cleanup
		qmgr unix n - n 300 1 qmgr
		tlsmgr unix - - n 1000? 1 tlsmgr
		rewrite unix - - n - - trivial-rewrite
		bounce unix - - n - 0 bounce
		defer unix - - n - 0 bounce
		trace unix - - n - 0 bounce
		discard unix - - n - - discard
		anvil unix - - n - 1 anvil
		postlog unix-dgram n - n - 1 postlogd
		proxymap unix - - n - - proxymap
		proxywrite unix - - n - 1 proxymap
		error unix - - n - - error
		retry unix - - n - - error
	X
	at_server postfix -c "$run/postfix/etc" start >"$run/server.log" 2>&1 || die "$(cat "$run/server.log")"
	listening "$nss" "${2:-25}"
}

# slapd_server [tls|plain]: LDAP on 389 (GnuTLS inside).
slapd_server() {
	keys
	mkdir -p "$run/ldap"
	{
		echo 'include /etc/ldap/schema/core.schema'
		echo "modulepath /usr/lib/ldap"
		echo 'moduleload back_mdb'
		echo "pidfile $run/ldap/pid"
		if [ "${1:-tls}" = tls ]; then
			echo "TLSCertificateFile $pki/rsa.pem"
			echo "TLSCertificateKeyFile $pki/rsa.key"
			echo 'TLSCipherSuite NORMAL:+VERS-TLS1.0:+VERS-TLS1.1:+3DES-CBC'
			echo 'TLSProtocolMin 3.1'
		fi
		echo 'database mdb'
		echo 'suffix dc=example,dc=test'
		echo 'rootdn cn=admin,dc=example,dc=test'
		echo 'rootpw pass'
		echo "directory $run/ldap"
	} >"$run/slapd.conf"
	serve 389 slapd -d 0 -f "$run/slapd.conf" -h 'ldap://0.0.0.0 ldaps://0.0.0.0'
}
ldap_client() { # GnuTLS priority or '', then options of ldapsearch
	prio=$1
	shift
	client env LDAPTLS_REQCERT=never ${prio:+"LDAPTLS_CIPHER_SUITE=$prio"} ldapsearch -x -H "ldap://$S" -D cn=admin,dc=example,dc=test -w pass \
		-b '' -s base "$@" namingContexts
}

# prosody_server [plain]: XMPP c2s 5222 and s2s 5269.
prosody_server() {
	keys
	modules='"tls", "saslauth", "roster", "disco", "dialback"'
	[ "${1:-tls}" = tls ] || modules='"saslauth", "roster", "disco"'
	mkdir -p "$run/xmpp"
	cat >"$run/prosody.cfg.lua" <<-X
		pidfile = "$run/xmpp/pid"
		data_path = "$run/xmpp"
		run_as_root = true
		modules_enabled = { $modules }
		interfaces = { "*" }
		c2s_require_encryption = false
		s2s_require_encryption = false
		allow_unencrypted_plain_auth = true
		log = { info = "$run/xmpp/log" }
		ssl = { key = "$pki/rsa.key", certificate = "$pki/rsa.pem", protocol = "tlsv1+", ciphers = "ALL:@SECLEVEL=0", options = {} }
		authentication = "internal_plain"
		VirtualHost "example.test"
	X
	serve 5222 prosody --config "$run/prosody.cfg.lua" -F
	listening "$nss" 5269
}

# postgres_server [on|off]: PostgreSQL 15 on 5432. Runs as user postgres, so the keys are copied.
postgres_server() {
	keys
	mkdir "$run/pg"
	for f in rsa.key rsa.pem; do install -m 600 -o postgres "$pki/$f" "$run/pg/$f"; done
	chown postgres "$run/pg"
	bin=$(pg_config --bindir 2>/dev/null || ls -d /usr/lib/postgresql/*/bin | tail -1)
	su postgres -s /bin/sh -c "LC_ALL=C.UTF-8 $bin/initdb -A trust -D $run/pg/data" >"$run/server.log" 2>&1 || die "$(cat "$run/server.log")"
	cat >>"$run/pg/data/postgresql.conf" <<-X
		listen_addresses = '*'
		unix_socket_directories = ''
		ssl = ${1:-on}
		ssl_cert_file = '$run/pg/rsa.pem'
		ssl_key_file = '$run/pg/rsa.key'
		ssl_min_protocol_version = 'TLSv1'
		ssl_ciphers = 'ALL:@SECLEVEL=0'
		${2:-}
	X
	echo 'host all all all trust' >>"$run/pg/data/pg_hba.conf"
	serve 5432 su postgres -s /bin/sh -c "exec $bin/postgres -D $run/pg/data"
	sleep 0.5
}
psql_client() { # parameters of libpq
	client psql "host=$S user=postgres dbname=postgres sslsni=1 $*" -c 'select 42 as answer'
}

# mariadb_server [yes|no]: MariaDB on 3306; user 'u'@'%' without a password.
mariadb_server() {
	keys
	mkdir "$run/my"
	chmod 777 "$run/my"
	for f in rsa.key rsa.pem ca.pem; do install -m 644 "$pki/$f" "$run/my/$f"; done
	mariadb-install-db --no-defaults --user=mysql --datadir="$run/my/data" --skip-test-db >"$run/server.log" 2>&1 || die "$(tail "$run/server.log")"
	echo "create user u@'%';" >"$run/my/init.sql"
	tls=
	[ "${1:-yes}" = no ] || tls="--ssl-cert=$run/my/rsa.pem --ssl-key=$run/my/rsa.key --ssl-ca=$run/my/ca.pem --ssl-cipher=ALL:@SECLEVEL=0 --tls-version=TLSv1.0,TLSv1.1,TLSv1.2,TLSv1.3"
	# shellcheck disable=SC2086
	serve 3306 mariadbd --no-defaults --user=mysql --datadir="$run/my/data" --socket="$run/my/s" --pid-file="$run/my/pid" --bind-address=0.0.0.0 \
		--skip-name-resolve --init-file="$run/my/init.sql" $tls
	sleep 1
}
mariadb_client() {
	client mariadb --no-defaults -h "$S" -u u "$@" -e 'select 42 as answer'
}

# proftpd_server [on|off]: FTP on 21, passive ports 50000-50010.
proftpd_server() {
	keys
	mkdir -p "$run/ftp/home"
	chmod 755 "$run/ftp" "$run/ftp/home"
	echo 'a file' >"$run/ftp/home/file.txt"
	printf 'u:%s:65534:65534::%s:/bin/sh\n' "$(openssl passwd -6 pass)" "$run/ftp/home" >"$run/ftp/passwd"
	chmod 600 "$run/ftp/passwd"
	cat >"$run/proftpd.conf" <<-X
		ServerType standalone
		ServerName office
		DefaultAddress $S
		Port 21
		PassivePorts 50000 50010
		UseIPv6 off
		PidFile $run/ftp/pid
		ScoreboardFile $run/ftp/score
		SystemLog $run/ftp/log
		ModulePath /usr/lib/proftpd
		LoadModule mod_tls.c
		User nobody
		Group nogroup
		AuthUserFile $run/ftp/passwd
		AuthOrder mod_auth_file.c
		RequireValidShell off
		UseReverseDNS off
		WtmpLog off
		TLSEngine ${1:-on}
		TLSLog $run/ftp/tls.log
		TLSProtocol TLSv1 TLSv1.1 TLSv1.2 TLSv1.3
		TLSCipherSuite ALL:@SECLEVEL=0
		TLSRSACertificateFile $pki/rsa.pem
		TLSRSACertificateKeyFile $pki/rsa.key
		TLSVerifyClient off
		TLSRequired off
		TLSOptions NoSessionReuseRequired
	X
	serve 21 proftpd -n -c "$run/proftpd.conf"
}

# xrdp_server [tls|rdp]: RDP on 3389.
xrdp_server() {
	keys
	for f in rsa.key rsa.pem; do install -m 644 "$pki/$f" "$run/$f"; done
	cat >"$run/xrdp.ini" <<-X
		[Globals]
		ini_version=1
		fork=true
		port=tcp://0.0.0.0:3389
		use_vsock=false
		security_layer=${1:-tls}
		crypt_level=high
		certificate=$run/rsa.pem
		key_file=$run/rsa.key
		ssl_protocols=TLSv1, TLSv1.1, TLSv1.2, TLSv1.3
		tls_ciphers=ALL:@SECLEVEL=0
		autorun=
		allow_channels=true
		max_bpp=32
		[Logging]
		LogFile=$run/xrdp.log
		LogLevel=INFO
		EnableSyslog=false
		[Xorg]
		name=Xorg
		lib=libxup.so
		username=ask
		password=ask
		port=-1
		code=20
	X
	serve 3389 /usr/sbin/xrdp -n -c "$run/xrdp.ini"
}

# inspircd_server [plain]: IRC on 6667 (GnuTLS inside).
inspircd_server() {
	keys
	mkdir "$run/irc"
	{
		echo '<server name="irc.example.test" description="office" network="Office">'
		echo '<admin name="a" nick="a" email="a@example.test">'
		echo '<bind address="" port="6667" type="clients">'
		echo '<connect allow="*" timeout="60" hardsendq="262140">'
		if [ "${1:-tls}" = tls ]; then
			echo '<module name="ssl_gnutls"><module name="starttls"><module name="cap">'
			echo "<sslprofile name=\"Clients\" provider=\"gnutls\" certfile=\"$pki/rsa.pem\" keyfile=\"$pki/rsa.key\" priority=\"NORMAL:+VERS-TLS1.0:+VERS-TLS1.1\">"
			echo '<starttls ssl="Clients">'
		fi
		echo "<class name=\"x\"><type name=\"x\" classes=\"x\"><pid file=\"$run/irc/pid\"><log method=\"file\" type=\"*\" level=\"default\" target=\"$run/irc/log\">"
	} >"$run/inspircd.conf"
	serve 6667 inspircd --runasroot --config="$run/inspircd.conf" --nofork --nopid
}

# nnrpd_server [tls|plain]: NNTP on 119, an inn2 news reader daemon with an empty spool.
nnrpd_server() {
	keys
	n=$run/news
	mkdir -p "$n/db" "$n/overview" "$n/articles" "$n/run" "$n/etc"
	for f in rsa.key rsa.pem; do install -m 600 -o news "$pki/$f" "$n/etc/$f"; done
	printf 'control 0000000000 0000000001 n\noffice.test 0000000000 0000000001 y\n' >"$n/db/active"
	: >"$n/db/history"
	: >"$n/db/history.index"
	: >"$n/overview/group.index"
	: >"$n/db/newsgroups"
	printf 'auth "all" { hosts: "*" default: "<any>" }\naccess "all" { users: "<any>" newsgroups: "*" }\n' >"$n/etc/readers.conf"
	{
		sed -e '/^tls/d' -e '/^path/d' /etc/news/inn.conf
		printf 'pathnews: /usr/lib/news\npathbin: /usr/lib/news/bin\npathfilter: /etc/news/filter\npathdb: %s/db\npathetc: %s/etc\npathrun: %s/run\npathlog: %s/run\npathhttp: %s/run\npathtmp: %s/run\npathspool: %s\npatharticles: %s/articles\npathoverview: %s/overview\npathoutgoing: %s/run\npathincoming: %s/run\npatharchive: %s/run\npathcontrol: /usr/lib/news/bin/control\n' \
			"$n" "$n" "$n" "$n" "$n" "$n" "$n" "$n" "$n" "$n" "$n" "$n"
		if [ "${1:-tls}" = tls ]; then
			printf 'tlscertfile: %s\ntlskeyfile: %s\ntlscafile: %s\n' "$n/etc/rsa.pem" "$n/etc/rsa.key" "$n/etc/rsa.pem"
			printf 'tlsciphers: "ALL:@SECLEVEL=0"\ntlsprotocols: [ TLSv1 TLSv1.1 TLSv1.2 TLSv1.3 ]\n'
		fi
	} >"$n/etc/inn.conf"
	cp /etc/news/storage.conf "$n/etc/" 2>/dev/null || :
	chown -R news "$n"
	serve 119 env INNCONF="$n/etc/inn.conf" /usr/lib/news/bin/nnrpd -D -f -p 119 -c "$n/etc/readers.conf"
}

# vnc_server SECURITY-TYPES PRIORITY: VNC on 5907. vnc_viewer likewise, for two seconds (TigerVNC's viewer stays).
vnc_server() {
	keys
	serve 5907 Xvnc :7 -rfbport 5907 -SecurityTypes "$1" -GnuTLSPriority "$2" -X509Key "$pki/rsa.key" -X509Cert "$pki/rsa.pem" -geometry 640x480 -depth 16 -desktop office
}
vnc_viewer() {
	at_client Xvnc :78 -rfbport 5978 -SecurityTypes None -geometry 640x480 >/dev/null 2>&1 &
	listening "$nsc" 5978
	CLIENT_TIMEOUT=2
	client env HOME="$run" DISPLAY=:78 xtigervncviewer -SecurityTypes "$1" -GnuTLSPriority "$2" -X509CA "$pki/ca.pem" "$S::5907"
}

# cups_server: IPP on 631, TLS by HTTP Upgrade.
cups_server() {
	keys
	mkdir -p "$run/cups/ssl" "$run/cups/cache" "$run/cups/tmp" "$run/cups/state"
	cp "$pki/rsa.pem" "$run/cups/ssl/server1.crt"
	cp "$pki/rsa.key" "$run/cups/ssl/server1.key"
	printf 'Listen 0.0.0.0:631\nDefaultEncryption IfRequested\nServerAlias *\n%s\n<Location />\n Order allow,deny\n Allow all\n</Location>\n' "${1:-}" >"$run/cupsd.conf"
	printf 'ServerRoot %s\nServerKeychain %s\nCacheDir %s\nTempDir %s\nStateDir %s\nRequestRoot %s\nAccessLog %s\nErrorLog %s\n' \
		"$run/cups" "$run/cups/ssl" "$run/cups/cache" "$run/cups/tmp" "$run/cups/state" "$run/cups/tmp" "$run/cups/access" "$run/cups/error" >"$run/cups-files.conf"
	serve 631 cupsd -f -c "$run/cupsd.conf" -s "$run/cups-files.conf"
}

# haproxy [-v2]: a balancer at the client's address: takes TLS for 10.1.1.1 and passes it on to nginx's 8443 with a PROXY header.
haproxy_balancer() {
	nginx_server
	ip -n "$nsc" addr add 10.1.1.1/24 dev lo
	ip -n "$nsc" addr add 10.1.1.55/24 dev lo
	printf 'defaults\n mode tcp\n timeout connect 5s\n timeout client 5s\n timeout server 5s\nlisten a\n bind 10.1.1.1:443\n server s %s:8443 send-proxy%s\n' \
		"$S" "${1:-}" >"$run/haproxy.cfg"
	serve_in "$nsc" 443 haproxy -db -f "$run/haproxy.cfg"
}

# tinyproxy_server: an HTTP proxy on 3128 that allows CONNECT to 443; [USER PASSWORD] demands them.
tinyproxy_server() {
	printf 'Port 3128\nListen 0.0.0.0\nAllow 192.0.2.0/24\nPidFile "%s"\nConnectPort 443\nConnectPort 25\n' "$run/tinyproxy.pid" >"$run/tinyproxy.conf"
	[ $# = 0 ] || echo "BasicAuth $1 $2" >>"$run/tinyproxy.conf"
	serve 3128 tinyproxy -d -c "$run/tinyproxy.conf"
}
tds_client() { # [encryption]
	printf '[office]\nhost=%s\nport=1433\ntds version=7.4\nencryption=%s\n' "$S" "${1:-require}" >"$run/freetds.conf"
	CLIENT_TIMEOUT=5
	client env FREETDSCONF="$run/freetds.conf" tsql -S office -U sa -P pass
}

# radius_server: EAP in RADIUS on 1812/udp, every EAP method with TLS since 1.0, in fragments of 1024 bytes.
radius_server() {
	keys
	cp -r /etc/freeradius/3.0 "$run/radius"
	for f in rsa.key rsa.pem ca.pem; do cp "$pki/$f" "$run/radius/$f"; done
	cat >"$run/radius/mods-available/eap" <<-X
		eap {
		 default_eap_type = peap
		 timer_expire = 60
		 tls-config t {
		  private_key_file = $run/radius/rsa.key
		  certificate_file = $run/radius/rsa.pem
		  ca_file = $run/radius/ca.pem
		  cipher_list = "ALL@SECLEVEL=0"
		  tls_min_version = "1.0"
		  tls_max_version = "1.3"
		  fragment_size = 1024
		  include_length = yes
		 }
		 tls {
		  tls = t
		 }
		 ttls {
		  tls = t
		  default_eap_type = md5
		  virtual_server = inner-tunnel
		 }
		 peap {
		  tls = t
		  default_eap_type = mschapv2
		  virtual_server = inner-tunnel
		 }
		 mschapv2 {
		 }
		}
	X
	rm -f "$run"/radius/sites-enabled/*
	cat >"$run/radius/sites-enabled/office" <<-X
		server default {
		 listen {
		  type = auth
		  ipaddr = *
		  port = 1812
		 }
		 authorize {
		  files
		  eap {
		   ok = return
		  }
		 }
		 authenticate {
		  eap
		 }
		}
		server inner-tunnel {
		 authorize {
		  files
		  eap
		  pap
		  mschap
		 }
		 authenticate {
		  eap
		  Auth-Type PAP {
		   pap
		  }
		  Auth-Type MS-CHAP {
		   mschap
		  }
		 }
		}
	X
	printf 'client office {\n ipaddr = 192.0.2.0/24\n secret = testing123\n}\n' >"$run/radius/clients.conf"
	printf 'u Cleartext-Password := "pass"\n' >"$run/radius/mods-config/files/authorize"
	chown -R freerad "$run/radius"
	serve 1812 freeradius -X -d "$run/radius"
}
eap_client() { # PEAP|TLS|TTLS, phase1 of wpa_supplicant, [MAC]
	for f in ca.pem client.pem client.key; do cp "$pki/$f" "$run/$f"; done
	cat >"$run/eapol.conf" <<-X
		network={
		 ssid="office"
		 key_mgmt=WPA-EAP
		 eap=$1
		 identity="u"
		 password="pass"
		 openssl_ciphers="DEFAULT@SECLEVEL=0"
		 ca_cert="$run/ca.pem"
		 client_cert="$run/client.pem"
		 private_key="$run/client.key"
		 phase1="$2"
		 phase2="auth=$([ "$1" = TTLS ] && echo PAP || echo MSCHAPV2)"
		}
	X
	client eapol_test -c "$run/eapol.conf" -a $S -p 1812 -s testing123 -M "${3:-02:00:00:00:00:17}" -N 30:s:02-00-00-00-00-99:office -t 8
}

# openvpn_pair udp|tcp MIN MAX [more lines for both]: a server and a client that stay up for two seconds.
openvpn_pair() {
	keys
	for role in server client; do
		k=rsa
		[ $role = server ] || k=client
		{
			printf 'dev tun\ndev-type tun\nport 1194\nca %s\ncert %s\nkey %s\ndata-ciphers AES-128-GCM\ncipher AES-128-GCM\ntls-cipher DEFAULT:@SECLEVEL=0\nverb 3\n' \
				"$pki/ca.pem" "$pki/$k.pem" "$pki/$k.key"
			printf 'tls-version-min %s\ntls-version-max %s\n%s\n' "$2" "$3" "${4:-}"
			if [ $role = server ]; then
				printf 'tls-server\ndh none\nifconfig 10.66.0.1 10.66.0.2\nproto %s\nlocal %s\n' "$([ "$1" = tcp ] && echo tcp-server || echo udp)" "$S"
			else
				printf 'tls-client\nifconfig 10.66.0.2 10.66.0.1\nproto %s\nremote %s\nnobind\n' "$([ "$1" = tcp ] && echo tcp-client || echo udp)" "$S"
			fi
		} >"$run/openvpn-$role.conf"
	done
	serve 1194 openvpn --config "$run/openvpn-server.conf"
	CLIENT_TIMEOUT=${VPN_SECONDS:-3}
	client openvpn --config "$run/openvpn-client.conf"
}

# caddy_server: HTTP/3, HTTP/2 and HTTP/1.1 on 443.
caddy_server() {
	keys
	printf '{\n auto_https off\n admin off\n}\nhttps://%s {\n tls %s %s\n respond "hello"\n}\n' "$sni" "$pki/rsa.pem" "$pki/rsa.key" >"$run/Caddyfile"
	serve 443 env HOME="$run" caddy run --config "$run/Caddyfile" --adapter caddyfile
}

# apache_server [optional|off]: HTTP on 80 that turns to TLS where asked (RFC 2817), or never.
apache_server() {
	keys
	mkdir -p "$run/apache/docs"
	echo hello >"$run/apache/docs/index.html"
	chmod -R a+rX "$run/apache"
	{
		for m in mpm_event ssl socache_shmcb authz_core; do
			printf 'LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n' $m $m
		done
		printf 'ServerName %s\nListen 80\nPidFile %s/pid\nMutex posixsem\nErrorLog %s/log\nDocumentRoot %s/docs\n' "$sni" "$run/apache" "$run/apache" "$run/apache"
		printf '<Directory />\nRequire all granted\n</Directory>\n'
		[ "${1:-optional}" = off ] ||
			printf 'SSLEngine optional\nSSLCertificateFile %s\nSSLCertificateKeyFile %s\nSSLProtocol all\nSSLCipherSuite ALL:@SECLEVEL=0\n' "$pki/rsa.pem" "$pki/rsa.key"
	} >"$run/apache.conf"
	serve 80 apache2 -DFOREGROUND -f "$run/apache.conf"
}
