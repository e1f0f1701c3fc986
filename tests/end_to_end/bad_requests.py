"""What clients send that they should not, and the statuses that are right for it."""
import json

from raw_http import GOOD, chunked, get, request


def many_headers(count):
    return [b"X-%d: y" % i for i in range(count)]


DEEP = b'{"text": ' + b"[" * 5000 + b"]" * 5000 + b"}"
OVERSIZE = 9 << 20  # the server takes 8 MiB

# Name: (bytes, the statuses that are right). Each is complete in itself: the server can tell at once.
ONE_ANSWER = {
    # Bodies
    "bad JSON": (request(b'{"text": '), (400,)),
    "no JSON": (request(b"text=hello"), (400,)),
    "an empty body": (request(b""), (400, 422)),
    "bad UTF-8": (request(b'{"text": "\xff\xfe"}'), (400,)),
    "half a surrogate": (request(b'{"text": "\\ud800"}'), (400, 422)),
    "a truncated UTF-8 sequence": (request(b'{"text": "\xe2\x82"}'), (400,)),
    "an overlong UTF-8 sequence": (request(b'{"text": "\xc0\xaf"}'), (400,)),
    "a null byte in a text": (request(b'{"text": "a\\u0000b"}'), (200,)),
    "a raw null byte in JSON": (request(b'{"text": "a\x00b"}'), (400,)),
    "deep nesting of lists": (request(DEEP), (422,)),
    "deep nesting of objects": (request(b'{"a":' * 5000 + b"1" + b"}" * 5000), (422,)),
    "deep nesting never closed": (request(b"[" * 100000), (400, 422)),
    "a huge number": (request(b'{"text": "a", "top_k": 1e999}'), (400, 422)),
    "a number of many digits": (request(b'{"text": "a", "top_k": ' + b"9" * 10000 + b"}"), (400, 422)),
    "a key twice": (request(b'{"text": "a", "text": "b"}'), (400,)),
    "gzip that is none": (request(GOOD, [b"Content-Encoding: gzip"]), (400, 415)),
    "an unknown encoding": (request(GOOD, [b"Content-Encoding: rot13"]), (400, 415)),
    # Sizes
    "a text over its limit": (request(b'{"text": "' + b"a" * (2 << 20) + b'"}'), (413,)),
    "a body that says it is oversize": (request(b"", [b"Content-Length: %d" % OVERSIZE], length=False), (413,)),
    "a body that says it is enormous": (request(b"", [b"Content-Length: 9223372036854775807"], length=False), (413, 400)),
    "a chunk that says it is oversize": (chunked(end=b"%x\r\n" % OVERSIZE), (413,)),
    "a chunk that says it is enormous": (chunked(end=b"7fffffffffffffff\r\n"), (413, 400)),
    "an oversize body that asks first": (request(b"", [b"Content-Length: %d" % OVERSIZE, b"Expect: 100-continue"], length=False), (413, 417)),
    "a huge header": (request(headers=[b"X-Large: " + b"a" * 100000]), (431,)),
    "a huge header's name": (request(headers=[b"X" * 100000 + b": a"]), (431,)),
    "a header bomb": (request(headers=many_headers(10000)), (431,)),
    "many headers of few bytes": (request(headers=[b"a:"] * 2000), (200, 431)),
    "a huge target": (get(b"/" + b"a" * 100000), (414, 431)),
    "a huge method": (get(b"/health", method=b"A" * 100000), (400, 405, 414, 431, 501)),
    # Request lines
    "a bad request line": (b"GARBAGE\r\n\r\n", (400,)),
    "a request line of one word and a path": (b"GET /health\r\n\r\n", (400,)),
    "a request line of spaces": (b"   \r\n\r\n", (400,)),
    "a request line with too many words": (b"GET /health extra HTTP/1.1\r\nHost: a\r\n\r\n", (400, 505)),
    "a version that there is none of": (get(b"/health", b"HTTP/9.9"), (400, 505)),
    "a version that is no number": (get(b"/health", b"HTTP/x.y"), (400, 505)),
    "another protocol": (get(b"/health", b"FTP/1.1"), (400, 505)),
    "the start of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 404, 405, 501, 505)),
    "a TLS handshake": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2, (400,)),
    "binary rubbish": (bytes(255 - i for i in range(256)) * 4, (400,)),
    "an unknown method": (get(b"/health", method=b"BREW"), (400, 405, 501)),
    "a method in small letters": (get(b"/health", method=b"get"), (400, 405, 501)),
    "TRACE": (get(b"/health", method=b"TRACE"), (400, 405, 501)),
    "CONNECT": (get(b"example.com:443", method=b"CONNECT"), (400, 404, 405, 501)),
    # Headers
    "no Host": (get(b"/health", headers=[]), (400,)),
    "two Hosts": (get(b"/health", headers=[b"Host: a", b"Host: b"]), (400,)),
    "a header without a colon": (get(b"/health", headers=[b"Host: a", b"rubbish"]), (400,)),
    "a header without a name": (get(b"/health", headers=[b"Host: a", b": value"]), (400,)),
    "a space before the colon": (get(b"/health", headers=[b"Host: a", b"X-A : b"]), (400,)),
    "a null byte in a header": (get(b"/health", headers=[b"Host: a", b"X-A: b\x00c"]), (400,)),
    "a null byte in a header's name": (get(b"/health", headers=[b"Host: a", b"X-\x00A: b"]), (400,)),
    "a carriage return in a header": (get(b"/health", headers=[b"Host: a", b"X-A: b\rInjected: c"]), (400,)),
    "a folded header": (get(b"/health", headers=[b"Host: a", b"X-A: b\r\n c"]), (400,)),
    # What smuggling is made of
    "two lengths": (request(headers=[b"Content-Length: 3"]), (400,)),
    "one length twice": (request(headers=[b"Content-Length: %d" % len(GOOD)]), (400,)),
    "a list of lengths": (request(b"abc", [b"Content-Length: 3, 4"], length=False), (400,)),
    "a negative length": (request(b"", [b"Content-Length: -1"], length=False), (400,)),
    "a length with a sign": (request(b"abc", [b"Content-Length: +3"], length=False), (400,)),
    "a length in hexadecimal": (request(b"abc", [b"Content-Length: 0x3"], length=False), (400,)),
    "a length that is no number": (request(b"abc", [b"Content-Length: three"], length=False), (400,)),
    "an empty length": (request(b"abc", [b"Content-Length:"], length=False), (400,)),
    "a length past 64 bits": (request(b"", [b"Content-Length: 99999999999999999999999"], length=False), (400, 413)),
    "chunks and a length": (request(b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD), [b"Transfer-Encoding: chunked"]), (400,)),
    "chunks and a length, the other way": (request(b"0\r\n\r\n", [b"Content-Length: 5", b"Transfer-Encoding: chunked"], length=False), (400,)),
    "an unknown transfer coding": (request(b"", [b"Transfer-Encoding: rot13"], length=False), (400, 501)),
    "chunks twice": (request(b"0\r\n\r\n", [b"Transfer-Encoding: chunked, chunked"], length=False), (400, 501)),
    "chunks that are not last": (request(b"0\r\n\r\n", [b"Transfer-Encoding: chunked, gzip"], length=False), (400, 501)),
    "a coding that only ends like one": (request(b"0\r\n\r\n", [b"Transfer-Encoding: xchunked"], length=False), (400, 501)),
    "a coding with a space before the colon": (request(b"0\r\n\r\n", [b"Transfer-Encoding : chunked"], length=False), (400,)),
    # Chunks
    "a chunk's size that is no number": (chunked(end=b"zz\r\nabc\r\n0\r\n\r\n"), (400,)),
    "a chunk's negative size": (chunked(end=b"-1\r\nabc\r\n0\r\n\r\n"), (400,)),
    "a chunk's size past 64 bits": (chunked(end=b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n"), (400, 413)),
    "a chunk longer than its size": (chunked(end=b"3\r\nabcdef\r\n0\r\n\r\n"), (400,)),
    "a chunk without a size": (chunked(end=b"\r\nabc\r\n0\r\n\r\n"), (400,)),
    "rubbish for chunks": (chunked(end=b"\xff\xfe\x00\x01\r\n\r\n"), (400,)),
    # Targets
    "a null byte in the path": (get(b"/\x00health"), (400,)),
    "an encoded null byte in the path": (get(b"/%00health"), (400, 404)),
    "a space in the path": (get(b"/he alth"), (400, 505)),
    "a percent sign alone": (get(b"/%"), (400, 404)),
    "percent rubbish": (get(b"/%zz%1"), (400, 404)),
    "percent rubbish in a name": (get(b"/v2/models/%e2%28%a1/ready"), (400, 404)),
    "a path out of the root": (get(b"/../../../../etc/passwd"), (400, 404)),
    "an encoded path out of the root": (get(b"/%2e%2e/%2e%2e/%2e%2e/etc/passwd"), (400, 404)),
    "a twice encoded path out of the root": (get(b"/docs/%252e%252e/%252e%252e/etc/passwd"), (400, 404)),
    "a path out of the docs": (get(b"/docs/../../../../etc/passwd"), (400, 404)),
    "a path with backslashes": (get(b"/docs/..\\..\\..\\etc\\passwd"), (400, 404)),
    "a path without a slash": (get(b"health"), (400, 404)),
    "an absolute target": (get(b"http://localhost/health"), (200,)),
    "an absolute target of nothing here": (get(b"http://localhost/nowhere"), (404,)),
    "an absolute target without a path": (get(b"http://localhost"), (200, 302, 400, 404, 405)),
    "an asterisk": (get(b"*", method=b"OPTIONS"), (200, 204, 400, 404, 405)),
    "letters above ASCII in the path": (get("/gesundheit/ß".encode()), (400, 404)),
    # Right, if unusual
    "a good request": (request(), (200,)),
    "a good request in chunks": (chunked(GOOD[:7], GOOD[7:]), (200,)),
    "chunks with extensions and trailers": (request(b"%x;name=value\r\n%s\r\n0\r\nX-Trailer: a\r\n\r\n" % (len(GOOD), GOOD), [b"Transfer-Encoding: chunked"], length=False), (200,)),
    "one byte a chunk": (chunked(*(GOOD[i:i + 1] for i in range(len(GOOD)))), (200,)),
    "empty lines before the request": (b"\r\n" + request(), (200, 400)),
    "a query": (get(b"/health?a=%zz&b=" + b"c" * 100), (200, 400)),
    "an unknown expectation": (request(headers=[b"Expect: a-miracle"]), (200, 417)),
}
# What a client may do without ever hearing an answer: name, bytes, and whether it leaves with a reset.
LEAVING = {
    "before a word": b"",
    "amid the request line": b"POST /v1/cl",
    "amid the headers": b"POST /v1/classify HTTP/1.1\r\nHost: local",
    "amid the body": request()[:-10],
    "amid a large body": request(b'{"text": "' + b"a" * (1 << 20) + b'"}')[:500000],
    "amid a chunk": chunked(GOOD, end=b"400\r\nabc"),
    "amid the computing": request(json.dumps({"texts": ["a message of some words"] * 200}).encode()),
    "amid the answers": request() * 50,
}
