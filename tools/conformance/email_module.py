#!/usr/bin/env python3
"""Compares how messages are decoded with Python's email package.

    tools/conformance/email_module.py PROBE [--messages N] [--seed N]

Messages of random parts inside each other, in random charsets and transfer encodings, with encoded words and parameters in
their headers, are read by both: subject, addresses, date and Message-ID, the list of parts with their types and names, and
the text of each part that a reader sees must be the same. A long run is --messages 50000. Exits 0 when all agree, else 1.
"""
import argparse
import base64
import email
import email.policy
import email.utils
import json
import quopri
import random
import struct
import subprocess
import sys
from datetime import timezone
from email.header import Header

TEXTS = {"utf-8": ["caf\u00e9", "\u4e2d\u6587", "\U0001f600", "\u0434\u0430", "na\u00efve"], "us-ascii": ["plain", "text"],
         "iso-8859-1": ["caf\u00e9", "\u00fcber"], "iso-8859-15": ["\u20ac 5", "\u0153uvre"], "windows-1252": ["\u201cq\u201d", "\u20ac"],
         "koi8-r": ["\u043f\u0440\u0438\u0432\u0435\u0442"], "windows-1251": ["\u043f\u0440\u0438\u0432\u0435\u0442"], "gb18030": ["\u4f60\u597d", "\u20ac"],
         "big5": ["\u4f60\u597d"], "shift_jis": ["\u65e5\u672c", "\u30ab\u30bf"], "euc-jp": ["\u65e5\u672c"], "iso-2022-jp": ["\u65e5\u672c", "\u306f"],
         "euc-kr": ["\ud55c\uad6d"], "iso-8859-2": ["\u0142\u00f3d\u017a"], "utf-16": ["caf\u00e9", "\u4e2d"]}
WORDS = ["win", "see you", "at six", "100 %", "a=b", "=20", "_", "x?=", "From me", ".", "..", "--", "a\tb", "(c)", "\"q\""]
NAMES = ["a.pdf", "a b.txt", "caf\u00e9.doc", "\u4e2d.zip", "x;y.bin", "semi'quote.txt", "long" * 20 + ".txt", "per%cent.txt"]


def some_text(rng, charset):
    lines = []
    for _ in range(rng.randrange(1, 6)):
        lines.append(" ".join(rng.choice(WORDS if rng.random() < 0.7 else TEXTS[charset]) for _ in range(rng.randrange(1, 12))))
    return "\n".join(lines) + rng.choice(["", "\n"])


def a_leaf(rng):
    """The header lines and the body of a part without parts, both as bytes with LF."""
    kind = rng.choice(["text/plain"] * 4 + ["text/html", "application/octet-stream", "image/png"])
    headers = []
    if kind.startswith("text/"):
        charset = rng.choice(list(TEXTS))
        text = some_text(rng, charset)
        if kind == "text/html":
            text = f"<p>{text.replace('<', '')}</p>"
        data = text.encode(charset)
        label = rng.choice([charset, charset.upper(), f'"{charset}"'])
        headers.append(f"Content-Type: {rng.choice([kind, kind.upper()])}; {rng.choice(['charset', 'Charset'])}={label}")
        plain = charset not in ("utf-16",) and all(len(line) < 900 for line in data.split(b"\n"))
    else:
        data = bytes(rng.randrange(256) for _ in range(rng.randrange(60)))
        headers.append(f"Content-Type: {kind}")
        plain = False
    encoding = rng.choice(["base64", "quoted-printable"] + (["8bit", ""] if plain else []))
    if encoding == "quoted-printable" and charset_of(headers) == "utf-16" or encoding == "quoted-printable" and not kind.startswith("text/"):
        encoding = "base64"
    if encoding == "base64":
        body = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(data, quotetabs=rng.random() < 0.5)
    else:
        body = data
        if b"\n--" in b"\n" + body:  # a line that could be a boundary's; what the two readers do is defined by the boundary alone
            body = body.replace(b"--", b"-")
    if encoding:
        headers.append(f"Content-Transfer-Encoding: {rng.choice([encoding, encoding.upper()])}")
    if not kind.startswith("text/") or rng.random() < 0.2:
        disposition = rng.choice(["attachment", "attachment", "inline"])
        name = rng.choice(NAMES)
        form = rng.randrange(3)
        if name.isascii() and form == 0:
            parameter = f'filename="{name}"'
        elif form == 1 or not name.isascii() and form == 0:
            parameter = f"filename*=utf-8''{''.join(f'%{byte:02X}' for byte in name.encode())}"
        else:
            encoded = "".join(f"%{byte:02X}" for byte in name.encode())
            pieces = [encoded[at:at + 30] for at in range(0, len(encoded), 30)]
            pieces[0] = "utf-8''" + pieces[0]
            parameter = "; ".join(f"filename*{i}*={piece}" for i, piece in enumerate(pieces))
        headers.append(f"Content-Disposition: {disposition}; {parameter}")
    rng.shuffle(headers)
    return headers, body


def charset_of(headers):
    for line in headers:
        if "harset=" in line:
            return line.split("harset=")[1].strip('"').lower()
    return ""


def a_part(rng, depth, count):
    roll = rng.random()
    if depth == 0 or roll < 0.5:
        return a_leaf(rng)
    if roll < 0.58:
        headers, body = a_part(rng, depth - 1, count)
        inner = "\n".join(["Subject: inner", "From: in@ner.example", *headers]).encode() + b"\n\n" + body
        return ["Content-Type: message/rfc822"], inner
    count[0] += 1
    boundary = rng.choice([f"b{count[0]}", f"=_{count[0]}_x", f"'{count[0]}()+_,-./:=?"])
    parts = [a_part(rng, depth - 1, count) for _ in range(rng.randrange(1, 4))]
    body = rng.choice([b"", b"preamble\n"])
    for headers, inner in parts:
        # The line end before a boundary belongs to it.
        body += b"--" + boundary.encode() + rng.choice([b"", b"", b"  "]) + b"\n" + "\n".join(headers).encode() + b"\n\n" + inner + b"\n"
    body += b"--" + boundary.encode() + b"--\n" + rng.choice([b"", b"epilogue\n"])
    subtype = rng.choice(["mixed", "mixed", "alternative", "related"])
    return [f'Content-Type: multipart/{subtype};{rng.choice([" ", chr(10) + " "])}boundary="{boundary}"'], body


def a_message(rng):
    charset = rng.choice(["utf-8", "iso-8859-1", "koi8-r", "iso-2022-jp", "us-ascii"])
    words = " ".join(rng.choice(["win", "a prize", "see you", *TEXTS[charset]]) for _ in range(rng.randrange(1, 12)))
    subject = Header(words, charset, header_name="Subject", maxlinelen=rng.choice([40, 76])).encode(linesep="\n")
    name = rng.choice(["", "Joe", '"Joe, Mr"', Header("J\u00fcrgen X", "utf-8").encode(), '"J \\"x\\" Y"'])
    headers = [f"Subject: {subject}", f"From: {name + ' <a@b.example>' if name else rng.choice(['a@b.example', '<a@b.example>'])}",
               f"To: {', '.join(rng.sample(['x@y.example', 'Z <z@y.example>', '<u+v@y.example>'], rng.randrange(1, 4)))}",
               f"Date: {rng.choice(['Sun, 29 Nov 2026 14:00:00 +0100', '1 Dec 2026 03:04:05 -0800', 'Tue, 1 Dec 2026 03:04:05 GMT'])}",
               f"Message-ID: <{rng.randrange(10 ** 9)}@x.example>"]
    rng.shuffle(headers)
    part_headers, body = a_part(rng, rng.randrange(4), [0])
    raw = "\n".join(["MIME-Version: 1.0", *headers, *part_headers]).encode() + b"\n\n" + body
    return raw.replace(b"\n", b"\r\n") if rng.random() < 0.5 else raw


def leaves(part, alternative=False):
    """The parts without parts, and whether only some of their siblings are shown."""
    if part.get_content_maintype() == "multipart":
        some = alternative or part.get_content_subtype() in ("alternative", "related")
        for child in part.iter_parts():
            yield from leaves(child, some)
    elif part.get_content_type() == "message/rfc822":
        yield from leaves(part.get_content(), alternative)
    else:
        yield part, alternative


def normal(text):
    """A text without what layout changes: white space at ends of lines, lines without text."""
    return [" ".join(line.split()) for line in text.replace("\r", "\n").split("\n") if line.strip()]


def compare(raw, found):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    problems = []

    def same(what, wanted, got):
        if wanted != got:
            problems.append(f"{what}: email {wanted!r}, Winnow {got!r}")

    same("subject", " ".join(str(message["Subject"]).split()), " ".join(found["subject"].split()))
    sender = message["From"].addresses[0]
    same("From", (sender.display_name, sender.addr_spec), (found["from"]["name"], found["from"]["address"]))
    same("To", [(each.display_name, each.addr_spec) for each in message["To"].addresses], [(each["name"], each["address"]) for each in found["to"]])
    same("Date", message["Date"].datetime.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), found["date"])
    same("Message-ID", str(message["Message-ID"]).strip("<>"), found["message_id"])
    parts = list(leaves(message))
    same("parts", [(part.get_content_type(), part.get_filename() or "") for part, _ in parts],
         [(part["type"], part["name"]) for part in found["parts"] if part["type"] != "message/rfc822" and not part["type"].startswith("multipart/")])
    body = normal(found["body"])
    for part, some in parts:
        if part.get_content_type() == "text/plain" and not some and part.get_content_disposition() is None:
            lines = normal(part.get_content())
            if not any(body[at:at + len(lines)] == lines for at in range(len(body) - len(lines) + 1)):
                problems.append(f"text: email {lines!r}, Winnow {body!r}")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--messages", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    differences = left = 0
    while left < arguments.messages:
        batch = [a_message(rng) for _ in range(min(500, arguments.messages - left))]
        left += len(batch)
        done = subprocess.run([arguments.probe], input=b"".join(struct.pack("<I", len(raw)) + raw for raw in batch), capture_output=True, check=True)
        for raw, line in zip(batch, done.stdout.splitlines(), strict=True):
            problems = compare(raw, json.loads(line))
            if problems:
                differences += 1
                if differences <= 10:
                    print(raw.decode("utf-8", "backslashreplace"), *problems, sep="\n  ")
    print(f"{arguments.messages} messages: {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
