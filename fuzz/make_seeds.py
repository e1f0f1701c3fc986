#!/usr/bin/env python3
"""Writes the seeds of formats that are not text (fuzz/seeds/NAME), so that a person can see what is in them.

Text seeds lie there as they are. Run it after a change, and commit what it wrote: python3 fuzz/make_seeds.py [WINNOW]
With the program, it also writes those that the program makes.
"""
import gzip
import io
import hashlib
import json
import pathlib
import pickle
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

SEEDS = pathlib.Path(__file__).parent / "seeds"


def write(fuzzer: str, name: str, contents: bytes) -> None:
    path = SEEDS / fuzzer / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)


def safetensors(tensors: dict[str, tuple[str, list[int], bytes]], metadata: dict[str, str] | None = None) -> bytes:
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, (dtype, shape, contents) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(contents)]}
        data += contents
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, contents: bytes | int | float) -> bytes:
    if isinstance(contents, int):
        return varint(number << 3) + varint(contents)
    if isinstance(contents, float):
        return varint(number << 3 | 5) + struct.pack("<f", contents)
    return varint(number << 3 | 2) + varint(len(contents)) + contents


def sentencepiece() -> bytes:
    """The protocol buffer of sentencepiece_model.proto: pieces, and the trainer's and the normalizer's settings."""
    pieces = [("<unk>", 0.0, 2), ("<s>", 0.0, 3), ("</s>", 0.0, 3), ("\u2581a", -1.0, 1), ("b", -2.0, 1), ("\u2581", -3.0, 1),
              ("ab", -1.5, 1), ("\u00e9", -2.5, 4)]
    out = b"".join(field(1, field(1, text.encode()) + field(2, score) + field(3, kind)) for text, score, kind in pieces)
    return out + field(2, field(3, 1)) + field(3, field(1, b"identity") + field(3, 1) + field(4, 1))


def onnx_linear() -> bytes:
    """A pipeline of TF-IDF features and a linear classifier as skl2onnx converts it, field by field of onnx.proto."""
    def attribute(name: str, value: object) -> bytes:
        number = {"i": (3, 2), "s": (4, 3), "floats": (7, 6), "ints": (8, 7), "strings": (9, 8)}
        kind = "i" if isinstance(value, int) else "s" if isinstance(value, str) else {float: "floats", int: "ints", str: "strings"}[type(value[0])]
        values = value if isinstance(value, list) else [value]
        out = field(1, name.encode())
        for each in values:
            out += field(number[kind][0], each.encode() if isinstance(each, str) else each)
        return field(5, out + field(20, number[kind][1]))

    def node(operator: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: object) -> bytes:
        out = b"".join(field(1, name.encode()) for name in inputs) + b"".join(field(2, name.encode()) for name in outputs)
        out += field(4, operator.encode()) + b"".join(attribute(name, value) for name, value in attributes.items())
        return field(1, out + (field(7, domain.encode()) if domain else b""))

    ml, ms = "ai.onnx.ml", "com.microsoft"
    graph = node("Flatten", ["text"], ["flat"], axis=0)
    graph += node("StringNormalizer", ["text"], ["lower"], case_change_action="LOWER")
    graph += node("Tokenizer", ["lower"], ["tokens"], ms, tokenexp="[a-zA-Z0-9_]+", mark=0, mincharnum=1, pad_value="#", stopwords=["#"])
    graph += node("TfIdfVectorizer", ["tokens"], ["counts"], mode="TFIDF", min_gram_length=1, max_gram_length=1, max_skip_count=0,
                  ngram_counts=[0], ngram_indexes=[0, 1], pool_strings=["home", "prize"], weights=[1.5, 2.0])
    graph += node("Normalizer", ["counts"], ["features"], ml, norm="L2")
    graph += node("LinearClassifier", ["features"], ["label", "probabilities"], ml, coefficients=[-1.0, 1.0, 1.0, -1.0],
                  intercepts=[0.5, -0.5], classlabels_strings=["ham", "spam"], multi_class=0, post_transform="SOFTMAX")
    graph += field(11, field(1, b"text") + field(2, field(1, field(1, 8))))
    graph += field(12, field(1, b"label")) + field(12, field(1, b"probabilities"))
    opsets = field(8, field(2, 15)) + field(8, field(1, ml.encode()) + field(2, 1)) + field(8, field(1, ms.encode()) + field(2, 1))
    return field(1, 8) + opsets + field(7, graph)


def tar(mode: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=tarfile.GNU_FORMAT) as archive:
        for name, text in (("ham/1.eml", b"Subject: a\n\nb\n"), ("x" * 120, b"long name"), ("empty", b"")):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc/passwd"
        archive.addfile(link)
    return out.getvalue().rstrip(b"\0") + b"\0" * 1536 if mode == "w" else out.getvalue()


def zipped(compression: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, text in (("pkg/config.json", '{"model_type": "bert"}'), ("pkg/model.safetensors", "abc" * 20), ("../vocab.txt", "a\n")):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text, compress_type=compression)
    return out.getvalue()


def torch_pickle() -> bytes:
    """A state dict as torch.save pickles it, written with the opcodes of pickletools, since torch may not be here."""
    def text(value: str) -> bytes:
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    def tensor(key: str) -> bytes:
        storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("cpu") + b"K\x06tQ"
        return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00K\x02K\x03\x86K\x03K\x01\x86\x89" +
                b"ccollections\nOrderedDict\n)RtR")
    return (b"\x80\x02ccollections\nOrderedDict\n)R(" + text("a.weight") + tensor("0") + text("a.bias") + tensor("1") + b"u.")


def torch_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, contents in (("archive/data.pkl", torch_pickle()), ("archive/byteorder", b"little"),
                               ("archive/data/0", struct.pack("<6f", *range(6))), ("archive/data/1", b"\0" * 24),
                               ("archive/version", b"3\n")):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), contents)
    return out.getvalue()


def main() -> None:
    tensors = {"a": ("F32", [2, 2], struct.pack("<4f", 1, 2, 3, 4)), "b": ("BF16", [3], b"\0" * 6), "c": ("I64", [], b"\1" + b"\0" * 7),
               "e": ("F16", [0, 4], b"")}
    write("safetensors", "small", safetensors(tensors))
    write("safetensors", "metadata", safetensors({"a": ("F32", [1], b"\0" * 4)}, {"format": "pt"}))
    # The second reading of the input: a header up to a line end, then the data.
    write("safetensors", "header_line", json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode() + b"\n" + b"\0" * 8)
    write("spm", "unigram", sentencepiece())
    write("tokenizer_files", "spm_model", b"=== spm.model\n" + sentencepiece())
    write("tar", "gnu", tar("w"))
    write("tar", "gnu_gzip", tar("w:gz"))
    write("linear_onnx", "pipeline", onnx_linear())
    write("zip", "stored", zipped(zipfile.ZIP_STORED))
    write("zip", "deflated", zipped(zipfile.ZIP_DEFLATED))
    write("pickle", "protocol2", pickle.dumps({"a": [1, 2.5, None, True, "b", (3, 1 << 80)]}, 2))
    write("pickle", "protocol4", pickle.dumps({"a": [1, "\u00e9", b"c", (3,)], "d": {}}, 4))
    write("pickle", "torch", torch_pickle())
    write("pytorch_file", "zip", torch_zip())
    write("gzip", "text", gzip.compress(b"a text that repeats, a text that repeats", mtime=0))
    write("records", "csv_gz", gzip.compress(b"text,label\na,b\nc,d\n", mtime=0))
    scope = {"format": "pt", "method": "max_probability", "threshold": "0.5", "label": "out_of_scope", "max_rejected": "0.05",
             "texts": "100"}
    write("bundle_files", "scope", safetensors({}, scope))
    numbers = struct.pack("<3f", 1, 2, 3)
    digests = [hashlib.sha256(part).hexdigest().encode() for part in (b"fuzz", numbers)]
    write("reviews", "numbers", b"WNNUMB01" + struct.pack("<QQ", 1, 3) + b"".join(digests) + numbers)
    files = {"store/s.sqlite": b"a", "files/rules.toml": b"[[rule]]\n", "workspace/data/a.csv": b"text,label\n"}
    parts = [{"kind": kind, "from": "x", "files": [{"name": name.split("/", 1)[1], "sha256": hashlib.sha256(text).hexdigest()}
                                                  for name, text in files.items() if name.startswith(kind + "/")]}
             for kind in ("store", "files", "workspace")]
    backup = b"=== backup.json\n" + json.dumps({"format": 1, "created": "2026-11-29T00:00:00Z", "parts": parts}).encode()
    for name, text in files.items():
        backup += b"\n=== " + name.encode() + b"\n" + text
    write("kept_state", "backup", backup)
    if len(sys.argv) > 1:
        trained(sys.argv[1])


def trained(winnow: str) -> None:
    """Files of a model that the program trains on a few made texts."""
    with tempfile.TemporaryDirectory() as directory:
        place = pathlib.Path(directory)
        words = {"ham": "home six dinner see you soon".split(), "spam": "win prize call now free cash".split()}
        rows = [f"{' '.join(words[label][(i * j) % 6] for j in range(1, 5))} {i},{label}" for i in range(40) for label in words]
        (place / "a.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
        run = lambda *arguments: subprocess.run([winnow, *map(str, arguments)], check=True, capture_output=True)
        run("train", place / "a.csv", "--kind", "lr", "--max-features", "8", "--output-dir", place / "lin")
        write("linear_file", "trained", (place / "lin/linear.bin").read_bytes())


if __name__ == "__main__":
    main()
