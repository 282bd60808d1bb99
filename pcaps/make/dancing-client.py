"""dancing-client.py HOST PORT NAME SECONDS: connects with TLS 1.2, and each time nothing answers within SECONDS closes and tries
the next lower version, as browsers did until 2015."""
import socket
import ssl
import sys

host, port, name, seconds = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    try:
        with socket.create_connection((host, port), timeout=seconds) as s, context.wrap_socket(s, server_hostname=name) as t:
            print("spoke", t.version(), flush=True)
            t.unwrap()
            break
    except OSError as e:
        print(version.name, "failed:", e, flush=True)
