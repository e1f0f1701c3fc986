#!/usr/bin/env python3
"""Compares how the server reads HTTP requests with llhttp, the parser of Node.js, and h11.

    tools/conformance/http_grammar.py PROBE [--venv DIR] [--inputs N]

Right and wrong requests, and N random changes of them, are given to all three. The server must be looser than neither peer
where both are strict, and where it accepts a request, it must see the same method, headers, body and end as each peer that
accepts it too: a proxy in front that reads the same bytes in another way is how requests are smuggled.
Exits 0 when all is as it should be, 77 when the packages can't be had ("skipped: ..."), else 1.
"""
import argparse
import json
import random
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path

import packages

HEADS = [b"Host: a", b"Host: localhost:8080", b"Content-Length: 5", b"Content-Length: 0", b"Transfer-Encoding: chunked", b"Connection: close", b"Connection: keep-alive",
         b"Expect: 100-continue", b"X-A: b", b"X-A:", b"X-A: \t b \t", b"X-A: \xe4\xf6", b"Cookie: a=b; c=d", b"Content-Type: application/json", b"Upgrade: h2c",
         b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity", b"Content-Length: 5, 5", b"Content-Length: +5", b"Content-Length: 0x5", b"Content-Length : 5",
         b" folded", b"\tfolded", b"Host: a b", b"X A: b", b"X-A: b\x00c", b"X-A: b\x7fc", b": b", b"X-A", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
         b"Transfer-Encoding: \"chunked\"", b"Transfer-Encoding: chunKed", b"Transfer-Encoding: chunked;q=1", b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: xchunked",
         b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"X-A: b\rX-B: c", b"X-A: b\nX-B: c", b"X-A: b\r\n\tc"]
LINES = [b"GET / HTTP/1.1", b"POST /v1/classify HTTP/1.1", b"POST /a?b=c&d HTTP/1.0", b"OPTIONS * HTTP/1.1", b"HEAD http://a/b HTTP/1.1", b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b"GET / HTTP/1.2",
         b"GET / HTTP/2.0", b"GET / http/1.1", b"GET /\tHTTP/1.1", b"GET / HTTP/1.1 ", b" GET / HTTP/1.1", b"G\x00T / HTTP/1.1", b"GET /\x01 HTTP/1.1", b"GET /a b HTTP/1.1", b"GET HTTP/1.1", b"get / HTTP/1.1",
         b"POST /%zz HTTP/1.1", b"DELETE / HTTP/01.1", b"\r\nGET / HTTP/1.1"]
BODIES = [b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"5;a=b\r\nhello\r\n0\r\n\r\n", b"5 \r\nhello\r\n0\r\n\r\n", b"5\nhello\n0\n\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n",
          b"5\r\nhello0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"00000000000000005\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\nX-T: a\r\n\r\n", b"5\r\nhello\r\n0\r\nX T: a\r\n\r\n", b"5\r\nhello\r\n0\r\n folded\r\n\r\n",
          b"5;\x00\r\nhello\r\n0\r\n\r\n", b"5;a=\"\r\n\r\nhello\r\n0\r\n\r\n", b"5\r\rhello\r\n0\r\n\r\n", b"2\r\nhe\r\n3\r\nllo\r\n00\r\n\r\n", b"FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", b"helloGET / HTTP/1.1\r\nHost: b\r\n\r\n"]
ODD = [b" ", b"\t", b"\r", b"\n", b"\r\n", b"\x00", b",", b";", b":", b"\"", b"\x0b", b"\x0c", b"\x7f", b"\x80", b"0", b"chunked", b"Content-Length: 3\r\n", b"\r\n\r\n"]


def inputs(count):
    for line in LINES:
        for head in HEADS:
            for body in BODIES:
                yield b"\r\n".join([line, b"Host: h", head]) + b"\r\n\r\n" + body
    rng = random.Random(1)
    for _ in range(count):
        heads = [b"Host: h", *rng.choices(HEADS[:16], k=rng.randrange(4))]
        rng.shuffle(heads)
        data = bytearray(b"\r\n".join([rng.choice(LINES[:5]), *heads]) + b"\r\n\r\n" + rng.choice(BODIES))
        for _ in range(rng.randrange(4)):
            at = rng.randrange(len(data) + 1)
            change = rng.randrange(4)
            if change == 0:
                data[at:at] = rng.choice(ODD)
            elif change == 1:
                del data[at:at + rng.randrange(1, 4)]
            elif change == 2 and at < len(data):
                data[at] = rng.randrange(256)
            else:
                end = min(len(data), at + rng.randrange(1, 20))
                data[at:at] = data[at:end]
        yield bytes(data)


def of_server(probe, batch):
    done = subprocess.run([probe], input=b"".join(struct.pack("<I", len(data)) + data for data in batch), capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_h11(data):
    """{"method", "headers", "body", "rest"}, or None where it is refused or incomplete."""
    import h11
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 16)
    seen, body = None, b""
    try:
        connection.receive_data(data)
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                seen = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return {"method": seen.method, "headers": [(bytes(name), bytes(value)) for name, value in seen.headers], "body": body, "rest": len(connection.trailing_data[0])}
            else:
                return None
    except h11.RemoteProtocolError:
        return None


def of_llhttp(data):
    import llhttp

    class Request(llhttp.Request):
        def __init__(self):
            super().__init__()
            self.headers, self.name, self.value, self.body, self.done, self.behind = [], b"", b"", b"", False, False

        def on_header_field(self, data):
            self.name += bytes(data)

        def on_header_value(self, data):
            self.value += bytes(data)

        def on_header_value_complete(self):
            if not self.behind:  # trailers come by the same way
                self.headers.append((self.name.lower(), self.value.rstrip(b" \t")))
            self.name = self.value = b""

        def on_headers_complete(self):
            self.behind = True

        def on_body(self, data):
            self.body += bytes(data)

        def on_message_complete(self):
            self.done = True
            self.pause()

    request = Request()
    try:
        consumed = request.execute(data)
    except llhttp.Error:
        return None
    if not request.done:
        return None
    return {"method": str(request.method).rsplit(".", 1)[-1].encode(), "headers": request.headers, "body": request.body, "rest": len(data) - consumed}


def difference(server, peer):
    """What the server sees otherwise than a peer that accepts the request too."""
    if bytes.fromhex(server["body"]) != peer["body"]:
        return "the body"
    if server["rest"] != peer["rest"]:
        return "the end"

    def of(headers):
        """Sorted by name, as the server keeps those of one name together; without Host, which an absolute target replaces."""
        normal = ((name.lower(), value.strip(b" \t")) for name, value in headers)
        return sorted(((name, value.lower() if name == b"transfer-encoding" else value) for name, value in normal if name != b"host"), key=lambda header: header[0])
    if of((bytes.fromhex(name), bytes.fromhex(value)) for name, value in server["headers"]) != of(peer["headers"]):
        return "the headers"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("probe", type=Path)
    parser.add_argument("--venv", type=Path, help="make a virtual environment with h11 and llhttp here")
    parser.add_argument("--inputs", type=int, default=20000, help="number of random requests")
    arguments = parser.parse_args()
    if arguments.venv:
        packages.use(("h11", "llhttp"), arguments.venv.absolute(), source=("llhttp",))
    try:
        import h11
        import llhttp
    except ImportError:
        packages.skip("this Python has no h11 or no llhttp; --venv DIR installs them")
    batch = list(inputs(arguments.inputs))
    counts, failures = Counter(), Counter()
    for data, server in zip(batch, of_server(arguments.probe.resolve(), batch)):
        accepted = "status" not in server
        peers = {"h11": of_h11(data), "llhttp": of_llhttp(data)}
        counts["accepted" if accepted else "refused"] += 1
        counts["accepted by a peer, refused here"] += not accepted and any(peers.values())
        if not accepted:
            continue
        problems = []
        if not any(peers.values()):
            problems.append("looser than both")
        for name, peer in peers.items():
            other = peer and difference(server, peer)
            if other:
                problems.append(f"{name} sees {other} otherwise")
        for problem in problems:
            failures[problem] += 1
            if failures[problem] <= 5:
                print(f"failed: {problem}: {data!r}\n  {server}\n  {peers}", flush=True)
    print(f"{len(batch)} requests, {dict(counts)}, h11 {h11.__version__}, llhttp {llhttp.version}; failures: {dict(failures) or 'none'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
