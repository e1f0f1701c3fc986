"""Rates of uploads and downloads of one file of 200 MiB, by an artifact store and by boto3, to npm's s3rver on this machine.

    bench/peers/artifacts.py build/release/artifact_probe --venv build/release/artifacts-venv [--rounds 5]

The virtual environment and s3rver beside it are those that tools/conformance/artifacts.py makes. Both clients send 4 parts of 16 MiB at a
time. Prints the median of the rounds, in which the clients take turns."""
import argparse
import hashlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "conformance"))
MIB = 1 << 20
SIZE = 200 * MIB


def main():
    import packages
    import s3_servers

    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--venv", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    python = packages.environment(["moto", "boto3"], options.venv.absolute(), ["moto[server,s3,iam]>=5.2.5", "boto3"])
    if Path(sys.executable) != python:
        os.execv(python, [str(python), *sys.argv])
    import boto3
    from boto3.s3.transfer import TransferConfig

    why = s3_servers.install_s3rver(options.venv.absolute().parent / "s3rver")
    if why:
        packages.skip(why)
    rates = {}
    with tempfile.TemporaryDirectory(prefix="winnow-rates-") as directory:
        work = Path(directory)
        file = work / "file"
        file.write_bytes(random.Random(1).randbytes(SIZE))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        with s3_servers.s3rver(options.venv.absolute().parent / "s3rver", work) as endpoint:
            env = {**os.environ, "AWS_ACCESS_KEY_ID": "S3RVER", "AWS_SECRET_ACCESS_KEY": "S3RVER"}
            client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="S3RVER", aws_secret_access_key="S3RVER")
            config = TransferConfig(multipart_threshold=16 * MIB, multipart_chunksize=16 * MIB, max_concurrency=4)

            def probe(*words):
                subprocess.run([options.probe, f"s3://models/?endpoint={endpoint}", *words], env=env, capture_output=True, check=True)

            for number in range(options.rounds):
                for name, call in (
                        ("upload, Winnow", lambda: probe("put", f"w{number}", file, digest)),
                        ("upload, boto3", lambda: client.upload_file(str(file), "models", f"b{number}", Config=config)),
                        ("download, Winnow", lambda: probe("get", f"w{number}", work / "out", digest)),
                        ("download, boto3", lambda: client.download_file("models", f"b{number}", str(work / "out"), Config=config))):
                    start = time.monotonic()
                    call()
                    rates.setdefault(name, []).append(SIZE / MIB / (time.monotonic() - start))
                for key in (f"w{number}", f"b{number}"):
                    client.delete_object(Bucket="models", Key=key)
    for name, values in rates.items():
        print(f"{name}: {statistics.median(values):.0f} MiB/s (from {min(values):.0f} to {max(values):.0f})")


if __name__ == "__main__":
    main()
