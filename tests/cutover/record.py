# SPDX-License-Identifier: Apache-2.0
"""Records the packets of an interface into a pcap file: tcpdump without needing it. What `hidden` addresses send is left out, as by a
mirror port that shows one direction."""
import select
import socket
import struct
import threading
import time

SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33


class Recorder(threading.Thread):
    def __init__(self, interface, path, hidden=()):
        super().__init__(daemon=True)
        self.path, self.done = path, threading.Event()
        self.hidden = {socket.inet_aton(a) for a in hidden}
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        except PermissionError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((interface, 0))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        time.sleep(0.3)
        self.done.set()
        self.join()

    def run(self):
        with open(self.path, 'wb') as f:
            f.write(struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 262144, 1))
            while True:
                ready, _, _ = select.select([self.socket], [], [], 0.1)
                if not ready:
                    if self.done.is_set():
                        return
                    continue
                data, control, _, _ = self.socket.recvmsg(262144, 64)
                sec, nsec = struct.unpack('qq', control[0][2][:16]) if control else divmod(time.time_ns(), 10 ** 9)
                if data[26:30] in self.hidden:
                    continue
                f.write(struct.pack('<IIII', sec, nsec, len(data), len(data)) + data)
