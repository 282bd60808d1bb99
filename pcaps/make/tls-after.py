"""tls-after.py HOST PORT PROTOCOL VERSION [SNI] - the dialogue of PROTOCOL up to its switch, then one handshake of that version by Python's ssl.

For the protocols that no ready client speaks at TLS 1.0. VERSION is a name of ssl.TLSVersion.
"""
import socket
import ssl
import sys


def until(sock, text):
    seen = b""
    while text not in seen:
        more = sock.recv(4096)
        if not more:
            sys.exit("client: closed")
        seen += more
    return seen


def rdp(sock):
    """X.224 Connection Request with RDP_NEG_REQ for TLS (MS-RDPBCGR 2.2.1.1)."""
    sock.sendall(bytes.fromhex("0300002b26e00000000000") + b"Cookie: mstshash=user1\r\n" + bytes.fromhex("0100080001000000"))
    answer = sock.recv(100)
    print("client: negotiation answer", answer.hex())
    if len(answer) < 19 or answer[11] != 2 or not any(answer[15:19]):
        sys.exit(0)  # a failure, no answer to it, or standard RDP security


def irc(sock):
    sock.sendall(b"STARTTLS\r\n")
    until(sock, b" 670 ")


def irc_cap(sock):
    sock.sendall(b"CAP LS 302\r\n")
    until(sock, b"CAP ")
    sock.sendall(b"CAP REQ :tls\r\n")
    until(sock, b"ACK")
    sock.sendall(b"STARTTLS\r\n")
    until(sock, b" 670 ")


def nats(sock):
    until(sock, b"INFO ")


def socks4a(sock):
    sock.sendall(b"\x04\x01\x01\xbb\x00\x00\x00\x01user\x00www.example.test\x00")
    print("client: answer", sock.recv(100).hex())


def smtp_injected(sock):
    """A command in the segment of STARTTLS (CVE-2011-0411): it is not TLS, though TLS follows."""
    until(sock, b"220 ")
    sock.sendall(b"EHLO pc17.example.test\r\n")
    until(sock, b"250 ")
    sock.sendall(b"STARTTLS\r\nRSET\r\n")
    until(sock, b"220 ")


def ftp_ssl(sock):
    until(sock, b"220 ")
    sock.sendall(b"auth ssl\r\n")
    until(sock, b"234 ")


def http_upgrade(sock):
    sock.sendall(b"OPTIONS * HTTP/1.1\r\nHost: www.example.test\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n")
    until(sock, b"\r\n\r\n")


DIALOGUES = {"ftp-ssl": ftp_ssl, "http-upgrade": http_upgrade, "smtp-injected": smtp_injected, "rdp": rdp, "irc": irc, "irc-cap": irc_cap, "nats": nats, "socks4a": socks4a}

host, port, protocol, version = sys.argv[1:5]
s = socket.create_connection((host, int(port)), timeout=10)
DIALOGUES[protocol](s)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.check_hostname = False
c.verify_mode = ssl.CERT_NONE
v = getattr(ssl.TLSVersion, version)
c.minimum_version = v
c.maximum_version = v
if v < ssl.TLSVersion.TLSv1_2:
    c.set_ciphers("ALL:@SECLEVEL=0")
t = c.wrap_socket(s, server_hostname=sys.argv[5] if len(sys.argv) > 5 else "www.example.test")
print("client:", t.version(), t.cipher())
if protocol == "nats":
    t.sendall(b'CONNECT {"verbose":false}\r\nPING\r\n')
    t.recv(100)
if protocol.startswith("irc"):
    t.sendall(b"QUIT :bye\r\n")
    while t.recv(4096):
        pass
t.close()
