#!/usr/bin/env python3
"""Compares how tables are read with Python's csv module.

    tools/conformance/csv_module.py PROBE [--files N] [--seed N]

Files: rows of any texts, which the csv module writes in a random dialect and encoding, must be read as these rows, with the
delimiter given and, where nothing in the file speaks for another reading, by detection alone.
Texts: random changes of CSV are divided into rows and fields by both. N files and ten times as many texts; a long run is
--files 20000. Exits 0 when all agree, else 1.
"""
import argparse
import csv
import gzip
import io
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

WORDS = ["win", "a", "prize", "see", "you", "at", "six", "caf\u00e9", "na\u00efve", "\u4e2d\u6587", "\U0001f600", "it's", "100", "-1.5", "=1+1", "#", "x;y"]
ODD = ['"', '""', ",", ";", "\t", "|", "\n", "\r\n", " ", "'", "\\", "\\n", '\\"', "\ufeff", "\u2028", "\x0b", "\r", '"a', 'b"']
PIECES = [b'"', b'""', b",", b";", b"\t", b"\n", b"\r\n", b" ", b"a", b"bc", b'"a"', b'"a,b"', b'"a\nb"', b'"a""b"', b"\\", b"\xc3\xa9", b"\xff", b'" ', b'a"b']


def cell(rng, simple):
    words = [rng.choice(WORDS[:10] if simple else WORDS) for _ in range(rng.randrange(1, 8))]
    if not simple:
        for _ in range(rng.randrange(3)):
            words.insert(rng.randrange(len(words) + 1), rng.choice(ODD))
    return rng.choice([" ", " ", ""]).join(words) or "x"


def a_file(rng, folder, number):
    """A file, what it should be read as, and whether it may be read by detection alone."""
    delimiter = rng.choice([",", ",", ";", "\t", "|"])
    line_end = rng.choice(["\n", "\r\n", "\n", "\r\n"])
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    simple = rng.random() < 0.4
    header = ["text", "label"] if rng.random() < 0.5 else ["id", "text", "label"]
    labels = rng.sample(["spam", "ham", "other", "x y"], 2 + rng.randrange(2))
    rows = []
    for index in range(rng.randrange(2, 30)):
        row = [cell(rng, simple), rng.choice(labels)]
        rows.append(([str(index)] if len(header) == 3 else []) + row)
    text, read = "", []
    for row in [header, *rows]:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerow(row)
        text += out.getvalue()
        # A byte order mark that begins a row is left out, since files that were put together have one there.
        read.append([row[0].removeprefix("\ufeff"), *row[1:]] if out.getvalue().startswith("\ufeff") else row)
    rows = read[1:]
    if rng.random() < 0.2:
        text = text.removesuffix(line_end)  # the last line without an end
    # "utf-16" has a byte order mark; utf-8 may have one.
    encoding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
    data = text.encode(encoding)
    path = folder / f"{number}{rng.choice(['.csv', '.csv', '.txt']) if delimiter != chr(9) else '.tsv'}"
    if rng.random() < 0.2:
        data = gzip.compress(data)
        path = path.with_name(path.name + ".gz")
    path.write_bytes(data)
    # Quotes in a TSV are plain characters, unless all of its header is quoted (docs/data.md).
    alone = simple and (delimiter != "\t" or quoting != csv.QUOTE_MINIMAL)
    return path, delimiter, header, rows, alone


def hexed(rows):
    return [[text.encode("utf-8", "surrogateescape").hex() for text in row] for row in rows]


def a_text(rng):
    data = b""
    for _ in range(rng.randrange(1, 25)):
        data += rng.choice(PIECES)
    # Files are UTF-8 when they are divided; and a carriage return alone ends no row of theirs unless it ends all.
    return data.decode("utf-8", "replace").encode()


def of_python(data, delimiter, quotes):
    """Rows as the csv module reads them, and whether the text ends within quotes."""
    text = data.decode()
    lines = io.StringIO(text, newline="")
    quoting = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    rows = list(csv.reader(lines, delimiter=delimiter, quoting=quoting))
    ends_open = quotes and is_open(text, delimiter)
    return [row or [""] for row in rows], ends_open


def is_open(text, delimiter):
    """Whether a text ends within quotes: one more row stays in the same field then."""
    with_row = list(csv.reader(io.StringIO(text + "\nqqq\n", newline=""), delimiter=delimiter))
    return with_row[-1] != ["qqq"]


def check_texts(rng, count, ask):
    orders, expected = [], []
    for _ in range(count):
        data, delimiter, quotes = a_text(rng), rng.choice([",", ";", "\t"]), rng.random() < 0.8
        orders.append({"text": data.hex(), "delimiter": delimiter, "quotes": quotes})
        expected.append((data, *of_python(data, delimiter, quotes)))
    differences = 0
    for order, (data, rows, ends_open), found in zip(orders, expected, ask(orders)):
        wanted = hexed(rows[:-1] if ends_open else rows)
        if found["open"] != ends_open or found["rows"] != wanted:
            differences += 1
            print(f"{data!r} with {order['delimiter']!r}:\n  csv module: {rows} open: {ends_open}\n  Winnow:     "
                  f"{[[bytes.fromhex(text) for text in row] for row in found['rows']]} open: {found['open']}")
    return differences


def check_files(rng, count, ask, folder):
    orders, expected = [], []
    for number in range(count):
        path, delimiter, header, rows, alone = a_file(rng, folder, number)
        orders.append({"path": str(path), "delimiter": delimiter, "quoting": "csv"})
        expected.append((path, header, rows))
        if alone:
            orders.append({"path": str(path)})
            expected.append((path, header, rows))
    differences = 0
    for order, (path, header, rows), found in zip(orders, expected, ask(orders)):
        if found.get("columns") != hexed([header])[0] or found.get("rows") != hexed(rows) or found.get("bad"):
            differences += 1
            keep = Path(tempfile.gettempdir()) / f"csv-difference{''.join(path.suffixes)}"
            keep.write_bytes(path.read_bytes())
            shown = found.get("error") or next(([bytes.fromhex(text).decode("utf-8", "replace") for text in row], wanted)
                                               for row, wanted in zip(found["rows"] + [[]], rows + [[]]) if row != hexed([wanted])[0])
            print(f"{keep} ({order}): {shown}")
    return differences, len(orders)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)

    def ask(orders):
        done = subprocess.run([arguments.probe], input="".join(json.dumps(order) + "\n" for order in orders), capture_output=True,
                              text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    with tempfile.TemporaryDirectory() as folder:
        differences, reads = check_files(rng, arguments.files, ask, Path(folder))
    texts = 10 * arguments.files
    differences += check_texts(rng, texts, ask)
    print(f"{arguments.files} files, read {reads} times, and {texts} texts: {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
