"""Requests as bytes, right and wrong ones, and a client that sends whatever it is given."""
import select
import socket
import struct
import time

GOOD = b'{"text": "You won a prize, claim it now"}'
PATIENCE = 240  # seconds that a machine which is busy with other things may take: no test asserts on time, but none waits for ever


def request(body=GOOD, headers=(), line=b"POST /v1/classify HTTP/1.1", length=True):
    """One request's bytes."""
    head = [line, b"Host: localhost", b"Content-Type: application/json", *headers]
    if length:
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def chunked(*chunks, end=b"0\r\n\r\n", headers=()):
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end
    return request(body, [b"Transfer-Encoding: chunked", *headers], length=False)


def get(target, version=b"HTTP/1.1", headers=(b"Host: localhost",), method=b"GET"):
    return b"\r\n".join([method + b" " + target + b" " + version, *headers]) + b"\r\n\r\n"


class Answer:
    def __init__(self, status, version, headers, body):
        self.status, self.version, self.headers, self.body = status, version, headers, body

    def stays_open(self):
        connection = self.headers.get("connection", "").lower()
        return connection == "keep-alive" if self.version == "HTTP/1.0" else connection != "close"


class Client:
    """One connection. Reads while it sends, as a server may answer before it has seen everything."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.seen = bytearray()  # to which long answers are added in linear time
        self.closed = False  # by the server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _read(self):
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        self.seen += data
        self.closed = self.closed or not data

    def send(self, data, until_answered=False):
        """Returns what could not be sent, since the server has closed (or answered, where that ends it)."""
        view = memoryview(data)
        until = time.monotonic() + PATIENCE
        while view and not self.closed and not (until_answered and self.seen) and time.monotonic() < until:
            readable, writable, _ = select.select([self.socket], [self.socket], [], 1)
            if readable:
                self._read()
            if writable and not self.closed:
                try:
                    view = view[self.socket.send(view[:1 << 18]):]
                except BlockingIOError:
                    pass
                except ConnectionError:
                    while not self.closed:
                        self._read()
        return bytes(view)

    def read_until(self, done):
        until = time.monotonic() + PATIENCE
        while not done() and not self.closed and time.monotonic() < until:
            if select.select([self.socket], [], [], 1)[0]:
                self._read()
        return done()

    def answer(self, to_head=False):
        """The next one; None where the server closes without it."""
        if not self.read_until(lambda: b"\r\n\r\n" in self.seen):
            return None
        head, _, rest = self.seen.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        version, status = lines[0].split(" ")[:2]
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        status = int(status)
        if to_head or status in (204, 304) or 100 <= status < 200:
            length = 0
        elif "chunked" in headers.get("transfer-encoding", ""):
            raise AssertionError("the server sent chunks, which this client can't read")
        elif "content-length" in headers:
            length = int(headers["content-length"])
        else:
            self.read_until(lambda: False)
            length = len(self.seen) - len(head) - 4
        start = len(head) + 4
        if not self.read_until(lambda: len(self.seen) >= start + length):
            return None
        body = bytes(self.seen[start:start + length])
        del self.seen[:start + length]
        return Answer(status, version, headers, body)

    def is_closed_by_server(self):
        return self.read_until(lambda: False) or self.closed

    def leave(self, reset=False):
        """With a reset: as a process that is killed with unread data leaves."""
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
