#!/usr/bin/env python3
"""Saves state dicts with PyTorch itself, in all forms that a pytorch_model.bin may have, and compares what Winnow makes of them.

    tools/conformance/pytorch_bin.py WINNOW [--large MEGABYTES]

`winnow pull DIRECTORY` makes model.safetensors beside a pytorch_model.bin; its header and bytes are compared with the tensors,
bit by bit. Files that would run a command when PyTorch's own unrestricted loader reads them must be refused, and nothing run.
--large also converts a file of that size with little memory. Needs torch in this Python (it is too large
to be installed by the way). Exits 0 when all is as it should be, 77 without torch ("skipped: ..."), else 1.
"""
import argparse
import importlib.util
import io
import json
import os
import resource
import struct
import subprocess
import tempfile
import time
import zipfile
from collections import OrderedDict
from pathlib import Path

import packages

REFUSAL = "nothing was executed"
OWN_MEMORY = 128 << 20


def read_safetensors(path):
    """{name: (type, shape, bytes)}, and that tensors cover the data."""
    contents = path.read_bytes()
    (length,) = struct.unpack("<Q", contents[:8])
    header = json.loads(contents[8 : 8 + length])
    header.pop("__metadata__", None)
    data = contents[8 + length :]
    assert sum(end - begin for begin, end in (entry["data_offsets"] for entry in header.values())) == len(data)
    return {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])]) for name, entry in header.items()}


def state_dicts(torch):
    """Name, what is saved, and the tensors that must come out."""
    torch.manual_seed(1)
    types = {f"a.{dtype}".replace("torch.", ""): torch.randn(3, 5).mul(9).to(dtype)
             for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32,
                           torch.int16, torch.int8, torch.uint8, torch.bool)}
    types["scalar"] = torch.tensor(2.5)
    types["empty"] = torch.zeros(0, 4)
    yield "every element type", types, types
    base = torch.arange(210, dtype=torch.float32).reshape(5, 6, 7)
    strided = {"transposed": base.permute(2, 0, 1), "rows": base[1:4], "steps": base[::2, 1:, ::3], "one": base[:, 2:3, :],
               "column": base.select(2, 4), "expanded_ids": torch.arange(12).expand((1, -1)), "half": base.half().t() if base.dim() == 2 else base.half().mT}
    yield "strides and offsets", strided, strided
    tied = OrderedDict(embeddings=torch.randn(20, 8))
    tied["decoder"] = tied["embeddings"]
    tied["bias"] = tied["embeddings"][3]
    tied._metadata = OrderedDict([("", {"version": 1})])
    yield "tied weights", tied, tied
    module = torch.nn.Sequential(torch.nn.Embedding(30, 8), torch.nn.LayerNorm(8), torch.nn.Linear(8, 3))
    module.register_buffer("position_ids", torch.arange(16))
    yield "a module's state dict", module.state_dict(), module.state_dict()
    parameters = dict(module.named_parameters())
    yield "parameters", parameters, parameters
    for key in ("state_dict", "model"):
        nested = {"epoch": 3, "best": 0.5, "name": "run", "done": True, "nothing": None, "history": [1, (2, 3.5)], key: module.state_dict()}
        yield f"nested in {key}", nested, module.state_dict()
    many = {f"layer.{i}.weight": torch.full((2, 2), float(i)) for i in range(600)}
    yield "600 tensors", many, many


class Harm:
    """Unpickled without care, this makes a file."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def hostile_files(torch, mark):
    def saved(value, **options):
        out = io.BytesIO()
        torch.save(value, out, **options)
        return out.getvalue()

    def with_pickle(raw):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("archive/data.pkl", raw)
            archive.writestr("archive/version", "3\n")
        return out.getvalue()

    command = f"touch {mark}".encode()
    yield "os.system by REDUCE", saved({"w": Harm(mark)})
    yield "the same beside a tensor", saved({"a": torch.ones(2), "w": Harm(mark)})
    yield "the same in protocol 4 (STACK_GLOBAL)", saved({"w": Harm(mark)}, pickle_protocol=4)
    yield "the same in the old format", saved({"w": Harm(mark)}, _use_new_zipfile_serialization=False)
    yield "builtins.eval", with_pickle(b"\x80\x02cbuiltins\neval\nX\x05\x00\x00\x001 + 1\x85R.")
    yield "INST", with_pickle(b"\x80\x02(X" + struct.pack("<I", len(command)) + command + b"ios\nsystem\n.")
    yield "OBJ", with_pickle(b"\x80\x02(cos\nsystem\nX" + struct.pack("<I", len(command)) + command + b"o.")
    yield "a text protocol", with_pickle(b"cos\nsystem\n(S'" + command + b"'\ntR.")
    yield "a whole module", saved(torch.nn.Linear(2, 2))
    yield "NEWOBJ", saved({"w": complex(1, 2), "x": Path("a")}, pickle_protocol=4)


def convert(winnow, work, contents):
    directory = Path(tempfile.mkdtemp(dir=work))
    (directory / "pytorch_model.bin").write_bytes(contents)
    done = subprocess.run([winnow, "pull", directory], capture_output=True, text=True, check=False)
    return directory / "model.safetensors", done


def check_state_dicts(torch, winnow, work):
    names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64",
             torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}
    count = 0
    for what, value, expected in state_dicts(torch):
        forms = [dict(_use_new_zipfile_serialization=new, pickle_protocol=protocol) for new in (True, False) for protocol in (2, 3, 4, 5)]
        for form in forms:
            out = io.BytesIO()
            torch.save(value, out, **form)
            path, done = convert(winnow, work, out.getvalue())
            assert done.returncode == 0, f"{what}, {form}: {done.stderr}"
            read = read_safetensors(path)
            assert set(read) == set(expected), f"{what}, {form}: {sorted(read)}"
            for name, tensor in expected.items():
                dtype, shape, data = read[name]
                raw = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
                assert (dtype, shape) == (names[tensor.dtype], list(tensor.shape)), f"{what}, {form}: {name} is {dtype} {shape}"
                assert data == raw, f"{what}, {form}: {name} differs"
            count += 1
    return count


def check_hostile(torch, winnow, work):
    mark = work / "harm"
    count = 0
    for what, contents in hostile_files(torch, mark):
        path, done = convert(winnow, work, contents)
        assert done.returncode == 1 and not path.exists(), f"{what} was not refused: {done.stderr}"
        assert REFUSAL in done.stderr or "protocol" in done.stderr or what == "a text protocol", f"{what}: {done.stderr}"
        assert not mark.exists(), f"{what} was executed"
        count += 1
    return count


def check_large(torch, winnow, work, megabytes):
    rows = megabytes * 1024 // 4 // 4
    directory = work / "large"
    directory.mkdir()
    torch.save({f"{i}": torch.full((rows, 1024), float(i)) for i in range(4)}, directory / "pytorch_model.bin")
    started = time.monotonic()
    limit = lambda: resource.setrlimit(resource.RLIMIT_DATA, (OWN_MEMORY, OWN_MEMORY))  # mapped files don't count
    subprocess.run([winnow, "pull", "--quiet", directory], check=True, stdout=subprocess.DEVNULL, preexec_fn=limit)
    size = (directory / "model.safetensors").stat().st_size
    print(f"{size >> 20} MiB converted in {time.monotonic() - started:.1f} s, with less than {OWN_MEMORY >> 20} MiB of memory of its own")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("--large", type=int, metavar="MEGABYTES")
    arguments = parser.parse_args()
    if importlib.util.find_spec("torch") is None:
        packages.skip("this Python has no torch")
    import torch

    winnow = arguments.winnow.absolute()
    with tempfile.TemporaryDirectory() as work:
        right = check_state_dicts(torch, winnow, Path(work))
        refused = check_hostile(torch, winnow, Path(work))
        if arguments.large:
            check_large(torch, winnow, Path(work), arguments.large)
    print(f"torch {torch.__version__}: {right} files read bit for bit, {refused} hostile ones refused")


if __name__ == "__main__":
    main()
