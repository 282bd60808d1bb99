"""tds-server.py PORT CERT KEY VERSION ENCRYPTION - a TDS 7.x server as far as its TLS: PRELOGIN, and TLS inside PRELOGIN packets (MS-TDS 2.2.6.5).

VERSION is a name of ssl.TLSVersion; ENCRYPTION the byte of the PRELOGIN answer: 0 login only, 1 on, 2 not supported, 3 required.
"""
import socket
import ssl
import sys

port, cert, key, version, encryption = sys.argv[1:6]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
wanted = getattr(ssl.TLSVersion, version)
context.minimum_version = context.maximum_version = wanted
if wanted < ssl.TLSVersion.TLSv1_2:
    context.set_ciphers("ALL:@SECLEVEL=0")


def read(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def packet(sock):
    head = read(sock, 8)
    return head[0], read(sock, int.from_bytes(head[2:4], "big") - 8)


def send(sock, kind, data):
    while True:
        part, data = data[:4088], data[4088:]
        sock.sendall(bytes([kind, 0 if data else 1]) + (len(part) + 8).to_bytes(2, "big") + b"\0\0\1\0" + part)
        if not data:
            return


def session(sock):
    packet(sock)
    # VERSION at 11, 6 bytes; ENCRYPTION at 17, 1 byte; end.
    send(sock, 4, bytes.fromhex("00000b0006" "0100110001" "ff" "0f0007d00000") + bytes([int(encryption)]))
    if encryption == "2":
        packet(sock)
        return
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            if outgoing.pending:
                send(sock, 0x12, outgoing.read())
            incoming.write(packet(sock)[1])
    if outgoing.pending:
        send(sock, 0x12, outgoing.read())
    print("server: TLS in TDS", tls.version(), tls.cipher(), flush=True)
    sock.recv(4096)


server = socket.create_server(("0.0.0.0", int(port)))
while True:
    client, _ = server.accept()
    try:
        session(client)
    except (EOFError, OSError) as e:
        print("server error", e, flush=True)
    client.close()
