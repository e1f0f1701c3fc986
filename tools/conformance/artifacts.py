#!/usr/bin/env python3
"""Stores files in S3-compatible servers that nobody here wrote, directly and through a proxy that injects faults.

    tools/conformance/artifacts.py ARTIFACT_PROBE [--venv DIR] [--only NAME]

Servers: moto (PyPI) with its IAM switched on, which checks signatures and offers conditional writes; s3rver 3.7 (npm), which checks access
keys and the time of requests, no signatures of version 4, and offers neither conditions nor checksums. The proxy checks each signature with
botocore. All output of all runs is searched for secrets at the end. Exits 77 where moto can't be had; without s3rver its part is left out, which is said."""
import argparse
import contextlib
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import packages
from artifact_bench import ARGUMENT, Bench, CANCELLED, check, digest, EXISTS, Failed, INVALID, IO, MIB, NETWORK, NOT_FOUND, ODD_KEYS, PART, same, Store
from metadata_server import MetadataServer


def test_round_trip(store):
    """Files of all sizes and keys of all kinds come back, are listed and are removed."""
    for size in (0, 1, 5 * MIB, PART, PART + 1, 2 * PART + 12345):
        path, key = store.bench.file(size), f"sizes/{size}"
        store.ok("put", key, path, "--", "put", key, path)
        same(store, key, path)
    path = store.bench.file(1000)
    for key in ODD_KEYS:
        store.ok("put", key, path)
        same(store, key, path)
    listed = store.keys_of()
    check(set(ODD_KEYS) <= set(listed) and listed == sorted(listed, key=str.encode), f"listed: {listed}")
    check(len(store.keys_of("spam/1.0.0/")) == 4, "the keys of one version")
    for key in ODD_KEYS:
        store.ok("remove", key, "--", "remove", key)
    check(len(store.keys_of()) == 6, f"after the removal: {store.keys_of()}")
    store.fails(NOT_FOUND, "get", "none", store.bench.work / "none", "0" * 64)
    check(not list(store.bench.work.glob("none*")), "a download that found nothing left a file")


def test_never_replaced(store):
    one, other, large, other_large = (store.bench.file(size, name) for size, name in
                                      ((1000, "one"), (1000, "other"), (PART + 5, "large"), (PART + 5, "other-large")))
    store.ok("put", "kept/small", one, "--", "put", "kept/large", large)
    for key, path, wrong in (("kept/small", one, other), ("kept/small", one, large), ("kept/large", large, other_large)):
        run = store.fails(EXISTS, "put", key, wrong)
        check(digest(path) in run.out and digest(wrong) in run.out, run.out)
        same(store, key, path)


def test_races(store):
    """Of several programs that store one key at the same time, one wins and the others are told."""
    for size, key in ((3000, "race/small"), (PART + 100, "race/large")):
        files = [store.bench.file(size, f"racer{i}") for i in range(4)]
        runs = [store.bench.finish(process) for process in [store.bench.start(store.url, "put", key, path, env=store.env) for path in files]]
        winners = [path for path, run in zip(files, runs) if run.code == 0]
        # moto answers 500, not 404, about a part of an upload that the winner has removed.
        told = [run.code == 0 or run.error() == EXISTS or "responded with status 500" in run.out for run in runs]
        check(len(winners) == 1 and all(told), f"{len(winners)} won: {[run.out + run.log for run in runs]}")
        same(store, key, winners[0])


def test_credentials_are_checked(store):
    path = store.bench.file(1000)
    wrong = store.bench.environment((store.keys[0], "thisIsTheWrongSecretOfSomebody"))
    for words in (("put", "no", path), ("put", "no-large", store.bench.file(PART + 1)), ("get", "no", store.bench.work / "no", "0" * 64),
                  ("list",), ("remove", "no")):
        run = store.fails(ARGUMENT, *words, env=wrong)
        check("SignatureDoesNotMatch" in run.out and "AWS_SECRET_ACCESS_KEY" in run.out, run.out)
    run = store.run("list", env=store.bench.environment(("AKIAUNKNOWN", "thisIsTheSecretOfNobody")))
    check(run.error() == ARGUMENT and "InvalidAccessKeyId" in run.out, run.out)
    check("no" not in store.keys_of(), "a file was stored without credentials")


def test_upload_resumes(store):
    """A cut-off upload goes on where it was, and nothing stays of it."""
    path = store.bench.file(2 * PART + 77)
    store.env["PROBE_CONNECTIONS"] = "1"  # so that it is known which parts have arrived
    for how in ("cancelled", "killed"):
        key = f"resumed/{how}"
        store.proxy.begin(Fault("silence", "PUT .*partNumber=2"))
        if how == "cancelled":
            store.fails(CANCELLED, "put", key, path, env={**store.env, "PROBE_STOP_AFTER": str(PART + 1000)})
        else:
            process = store.bench.start(store.url, "put", key, path, env=store.env)
            while store.proxy.count("partNumber=2") == 0:
                time.sleep(.02)
            process.send_signal(signal.SIGKILL)
            store.bench.finish(process)
        store.proxy.begin()
        run = store.ok("put", key, path)
        check("with 1 of 3 parts" in run.log, run.log)
        check(store.proxy.count("PUT .*partNumber=1") == 0 and store.proxy.count("PUT .*partNumber=[23]") == 2, f"{store.proxy.lines()}")
        same(store, key, path)
        check(pending(store, key) == [], "an upload was left")
    # Parts of another file are not used.
    store.fails(CANCELLED, "put", "resumed/other", path, env={**store.env, "PROBE_STOP_AFTER": str(PART + 1000)})
    other = store.bench.file(2 * PART + 77, "other-content")
    store.proxy.begin()
    store.ok("put", "resumed/other", other)
    check(store.proxy.count("PUT .*partNumber=") == 3, f"{store.proxy.lines()}")
    same(store, "resumed/other", other)
    check(pending(store, "resumed/other") == [], "an upload was left")


def client_of(store):
    import boto3
    from botocore.config import Config

    return boto3.client("s3", endpoint_url=store.proxy.url, region_name="us-east-1", aws_access_key_id=store.keys[0],
                        aws_secret_access_key=store.keys[1], config=Config(s3={"addressing_style": "path"}))


def pending(store, key):
    uploads = client_of(store).list_multipart_uploads(Bucket="models").get("Uploads", [])
    return [upload for upload in uploads if upload["Key"].endswith(key)]


def test_download_resumes(store):
    path, out = store.bench.file(PART + 1), store.bench.work / "resumed"
    store.ok("put", "down", path)
    store.fails(CANCELLED, "get", "down", out, digest(path), env={**store.env, "PROBE_STOP_AFTER": str(MIB)})
    done = (store.bench.work / "resumed.incomplete").stat().st_size
    check(0 < done <= PART, f"{done} bytes of the download were kept")
    store.proxy.begin()
    store.ok("get", "down", out, digest(path))
    headers = store.proxy.requests[0][1]
    check(headers.get("range") == f"bytes={done}-" and headers.get("if-match"), f"{headers}")
    check(out.read_bytes() == path.read_bytes() and not list(store.bench.work.glob("resumed.*")), "the resumed download")
    # A beginning of something else is found out by the digest, and one that is complete is not downloaded again.
    (store.bench.work / "resumed.incomplete").write_bytes(b"x" * 5000)
    store.ok("get", "down", out, digest(path))
    check(out.read_bytes() == path.read_bytes(), "a wrong beginning was kept")
    (store.bench.work / "resumed.incomplete").write_bytes(path.read_bytes())
    store.ok("get", "down", out, digest(path))


def test_faults_pass(store):
    """Each operation outlives each fault that passes by itself."""
    small, large, out = store.bench.file(2000), store.bench.file(PART + 1), store.bench.work / "faulty"
    faults = [("status", {}), ("status", {"status": 503, "code": "SlowDown"}), ("status", {"status": 400, "code": "RequestTimeout"}),
              ("status", {"status": 400, "code": "BadDigest"}), ("page", {}), ("reset", {}), ("lost", {}), ("silence", {})]
    for number, (kind, settings) in enumerate(faults):
        for pattern in ("HEAD", "PUT", "DELETE", "GET .*list-type"):
            key = f"faults/{number}{pattern[:3]}"
            if kind == "silence" and pattern not in ("PUT", "GET .*list-type"):
                continue  # a second each
            fault = Fault(kind, pattern, **settings)
            store.proxy.begin(fault)
            store.ok("put", key, small, "--", "list", key, "--", "get", key, out, digest(small), "--", "remove", key)
            check(fault.hits == 1, f"{kind} was not injected into {pattern}")
        for pattern in ("POST .*uploads=", "PUT .*partNumber=2", "POST .*uploadId=", "GET .*uploads="):
            if number not in (0, faults.index(("reset", {})), faults.index(("lost", {}))):
                continue
            fault = Fault(kind, pattern, **settings)
            store.proxy.begin(fault)
            store.ok("put", f"faults/large{number}{pattern[:4]}{pattern[-3]}", large)
            check(fault.hits == 1, f"{kind} was not injected into {pattern}")
    for pattern in ("POST .*uploads=", "POST .*uploadId=", "GET .*uploads=", "GET .*list-type"):
        fault = Fault("shortened", pattern)
        store.proxy.begin(fault)
        store.ok("put", f"faults/short{pattern[:4]}{pattern[-3]}", large, "--", "list", "faults/short")
        check(fault.hits == 1, f"nothing was shortened of {pattern}")
    store.proxy.begin(Fault("error_in_200", "POST .*uploadId="))
    store.ok("put", "faults/error-in-200", large)
    same(store, "faults/error-in-200", large)
    for kind, settings in (("truncated", {"keep": 100_000}), ("slow", {}), ("silence", {}), ("reset", {})):
        store.proxy.begin(Fault(kind, "GET .*error-in-200", **settings))
        same(store, "faults/error-in-200", large)


def test_faults_that_stay(store):
    """Errors that do not pass are reported with what happened and where, after a bounded number of attempts."""
    path = store.bench.file(2000)
    for kind, settings, words in (("status", {"status": 503, "code": "SlowDown"}, "503"), ("reset", {}, "127.0.0.1"),
                                  ("page", {}, "502")):
        fault = Fault(kind, times=1000, **settings)
        store.proxy.begin(fault)
        run = store.fails(NETWORK, "put", "stays", path)
        check(words in run.out and fault.hits == 5, f"{fault.hits} attempts: {run.out}")
    store.proxy.begin(Fault("status", "PUT", 1000, status=403, code="AccessDenied"))
    run = store.fails(IO, "put", "stays", path)
    check("s3:PutObject" in run.out and "AccessDenied" in run.out, run.out)
    store.proxy.begin()
    run = store.fails(NOT_FOUND, "list", url=store.url.replace("models/", "no-such-bucket/"))
    check("NoSuchBucket" in run.out, run.out)


def test_wrong_bytes(store):
    path, out = store.bench.file(100_000), store.bench.work / "wrong"
    store.ok("put", "lies", path)
    out.write_text("before")
    store.proxy.begin(Fault("flipped", "GET", times=1000, at=50_000))
    run = store.fails(INVALID, "get", "lies", out, digest(path))
    check(digest(path) in run.out and out.read_text() == "before" and not list(store.bench.work.glob("wrong.*")), run.out)
    store.proxy.begin(Fault("flipped", "GET", at=50_000))
    store.ok("get", "lies", out, digest(path))
    store.proxy.begin(Fault("truncated", "GET", keep=70_000), Fault("flipped", "GET", at=7))
    store.ok("get", "lies", out, digest(path))
    check(out.read_bytes() == path.read_bytes(), "wrong bytes were kept")


def test_wrong_clock(store):
    for ahead in (3600, -86400):
        store.proxy.begin(Fault("clock", times=1000, ahead=ahead))
        key = f"clock/{ahead}"
        run = store.ok("put", key, store.bench.file(1000), "--", "list", "clock/", "--", "remove", key)
        check(run.log.count("the clock of this machine differs") == 1, run.log)
        refused = len(store.proxy.requests) - 4
        check(refused == 1, f"{refused} requests were refused for their time")


def test_unconditional_services(store):
    """A service that does not know If-None-Match gets requests without it."""
    store.proxy.begin(Fault("status", "PUT", status=501, code="NotImplemented"))
    store.ok("put", "plain/a", store.bench.file(1000), "--", "put", "plain/b", store.bench.file(1000))
    sent = [headers.get("if-none-match") for line, headers in store.proxy.requests if line.startswith("PUT")]
    check(sent == ["*", None, None], f"{sent}")
    store.proxy.begin(Fault("status", "POST .*uploadId", status=501, code="NotImplemented"))
    store.ok("put", "plain/large", store.bench.file(PART + 1))
    same(store, "plain/large", store.bench.file(PART + 1))


def test_google(store):
    """gs:// sends no header that Google's interface does not have."""
    store.proxy.begin()
    url = store.url.replace("s3://", "gs://")
    path, out = store.bench.file(1000), store.bench.work / "google"
    store.ok("put", "gs/a", path, "--", "put", "gs/large", store.bench.file(PART + 1), "--", "get", "gs/a", out, digest(path), "--",
             "list", "gs/", url=url)
    for line, headers in store.proxy.requests:
        odd = [name for name in headers if name.startswith("x-amz-checksum") or name.startswith("x-amz-sdk") or name == "if-none-match"]
        check(not odd, f"{line}: {odd}")
        check("/auto/s3/" in headers["Authorization"], headers["Authorization"])


def test_pages(store):
    path = store.bench.file(1)
    words = []
    for i in range(45):
        words += ["put", f"pages/{i:04}", path, "--"]
    store.ok(*words[:-1])
    store.proxy.begin()
    check(store.keys_of("pages/") == [f"pages/{i:04}" for i in range(45)], "not all pages were read")
    check(store.proxy.count("continuation-token") == 2, f"{store.proxy.lines()}")


def test_boto3(store):
    """boto3 reads what Winnow has stored, and what boto3 has stored is compared by its bytes."""
    client, prefix = client_of(store), store.url.split("/")[3]
    path, large = store.bench.file(5000), store.bench.file(PART + 1)
    store.ok("put", "boto/a b+é", path)
    answer = client.get_object(Bucket="models", Key=f"{prefix}/boto/a b+é")
    check(answer["Body"].read() == path.read_bytes() and answer["Metadata"] == {"sha256": digest(path)}, f"{answer}")
    for name, file in (("small", path), ("large", large)):
        client.put_object(Bucket="models", Key=f"{prefix}/boto/{name}", Body=file.read_bytes())
        store.ok("put", f"boto/{name}", file)
        store.fails(EXISTS, "put", f"boto/{name}", store.bench.file(file.stat().st_size, "unlike"))
        same(store, f"boto/{name}", file)


def test_virtual_hosts(store):
    """The bucket in the host name; names below localhost are those of this machine."""
    url = store.url.replace("127.0.0.1", "localhost") + "&addressing=virtual"
    path = store.bench.file(1000)
    store.proxy.begin()
    store.ok("put", "virtual/a b", path, "--", "list", "virtual/", "--", "put", "virtual/large", store.bench.file(PART + 1), url=url)
    check(all(headers["Host"].startswith("models.localhost:") for _, headers in store.proxy.requests), f"{store.proxy.requests}")
    check(not store.proxy.count("/models"), f"{store.proxy.lines()}")
    same(store, "virtual/a b", path)


def test_sources_of_credentials(store):
    bench = store.bench
    nothing = bench.environment()
    run = store.fails(ARGUMENT, "list", env=nothing)
    check("there are no credentials" in run.out and "AWS_ACCESS_KEY_ID" in run.out, run.out)
    folder = bench.work / "home" / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(f"[default]\naws_access_key_id = AKIAWRONG\naws_secret_access_key = aSecretThatIsWrong\n"
                                        f"[prod]\naws_access_key_id={store.keys[0]}\naws_secret_access_key={store.keys[1]}\n")
    (folder / "config").write_text(f"[profile prod]\nregion = us-east-1\nendpoint_url = {store.proxy.url}\n[profile sso]\nsso_session = x\n")
    bench.secrets.add("aSecretThatIsWrong")
    plain = store.url.split("?")[0]
    store.ok("list", env={**nothing, "AWS_PROFILE": "prod"}, url=plain)
    store.ok("list", env=nothing, url=plain + "?profile=prod")
    store.ok("list", env={**bench.environment(("AKIAWRONG", "aSecretThatIsWrong"))}, url=store.url + "&profile=prod")
    check("InvalidAccessKeyId" in store.fails(ARGUMENT, "list", env=nothing).out, "the default profile was not used")
    check("sso_session" in store.run("list", env={**nothing, "AWS_PROFILE": "sso"}).out, "a profile with another kind of sign-in")
    check("no profile 'none'" in store.run("list", env={**nothing, "AWS_PROFILE": "none"}).out, "a profile that is missing")
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def test_temporary_credentials(store, temporary):
    bench = store.bench
    store.ok("put", "temporary/a", bench.file(1000), "--", "list", env=bench.environment(temporary))
    nothing = bench.environment()
    del nothing["AWS_EC2_METADATA_DISABLED"]
    bench.secrets.update(("imds-token", "container-token"))
    # A proxy of the environment must not see them.
    nothing["http_proxy"] = "http://127.0.0.1:9"
    for seconds, expected in ((3600, 1), (60, 2)):  # renewed within five minutes before the end; then again after a while
        metadata = MetadataServer(temporary, seconds)
        for env in ({"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url},
                    {"AWS_CONTAINER_CREDENTIALS_FULL_URI": metadata.url + "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token"}):
            metadata.given = 0
            store.ok("list", "--", "list", env={**nothing, **env})
            check(metadata.given == expected, f"credentials were requested {metadata.given} times")
    # Credentials that the service calls expired are renewed once.
    metadata = MetadataServer(temporary, 3600)
    store.proxy.begin(Fault("status", "HEAD", status=400, code="ExpiredToken"))
    store.ok("put", "temporary/b", bench.file(1000), env={**nothing, "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url})
    check(metadata.given == 2, f"credentials were requested {metadata.given} times")
    run = store.run("list", env={**nothing, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/container"})
    check("without encryption" in run.out, run.out)


def test_other_regions(store):
    """A bucket elsewhere names its region, which is adopted."""
    store.proxy.begin(Fault("status", "GET", status=400, code="AuthorizationHeaderMalformed", headers=[("x-amz-bucket-region", "eu-central-1")]))
    run = store.ok("list")
    check("the bucket is in the region eu-central-1" in run.log, run.log)
    check("/eu-central-1/s3/" in store.proxy.requests[1][1]["Authorization"], "the region was not signed")


MOTO = [test_round_trip, test_never_replaced, test_races, test_credentials_are_checked, test_upload_resumes, test_download_resumes,
        test_faults_pass, test_faults_that_stay, test_wrong_bytes, test_wrong_clock, test_unconditional_services, test_google, test_pages,
        test_boto3, test_virtual_hosts, test_sources_of_credentials, test_temporary_credentials, test_other_regions]
S3RVER = [test_round_trip, test_never_replaced, test_download_resumes, test_wrong_bytes]


def run_tests(tests, only, make, name, *more):
    for test in tests:
        title = test.__name__.removeprefix("test_")
        if only and only != title:
            continue
        start = time.monotonic()
        store = make(f"team {title}".replace(" ", "-"))
        store.proxy.begin()
        test(store, *(more if test is test_temporary_credentials else ()))
        check(not store.proxy.wrongly_signed or test is test_credentials_are_checked, f"wrongly signed: {store.proxy.wrongly_signed}")
        store.proxy.wrongly_signed.clear()
        print(f"{name}: {title}: ok, {time.monotonic() - start:.1f} s", flush=True)


def test_s3rver(bench, directory, only):
    why = s3_servers.install_s3rver(directory)
    if why:
        print(f"s3rver: left out: {why}")
        return
    with s3_servers.s3rver(directory, bench.work) as endpoint:
        proxy = s3_servers.Proxy(endpoint, {"S3RVER": "S3RVER"})
        run_tests(S3RVER, only, lambda prefix: Store(bench, proxy, ("S3RVER", "S3RVER"), prefix), "s3rver")
        if not only:
            store = Store(bench, proxy, ("S3RVER", "S3RVER"), "keys")
            store.ok("put", "a&b=c?d#e", bench.file(1000))
            same(store, "a&b=c?d#e", bench.file(1000))
            check(not proxy.wrongly_signed, f"wrongly signed: {proxy.wrongly_signed}")
            run = store.fails(ARGUMENT, "list", env=bench.environment(("AKIAUNKNOWN", "thisIsTheSecretOfNobody")))
            check("InvalidAccessKeyId" in run.out, run.out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--venv", type=Path, required=True)
    parser.add_argument("--only")
    options = parser.parse_args()
    # Not this Python's own moto: earlier versions refuse correct signatures of keys with characters that are percent-encoded.
    python = packages.environment(["moto", "boto3"], options.venv.absolute(), ["moto[server,s3,iam]>=5.2.5", "boto3"])
    if Path(sys.executable) != python:
        os.execv(python, [str(python), *sys.argv])
    with tempfile.TemporaryDirectory(prefix="winnow-artifacts-") as directory:
        bench = Bench(options.probe, Path(directory))
        try:
            with s3_servers.moto(sys.executable, bench.work) as (endpoint, keys, temporary):
                proxy = s3_servers.Proxy(endpoint, dict((keys[:2], temporary[:2])))
                run_tests(MOTO, options.only, lambda prefix: Store(bench, proxy, keys, prefix), "moto", temporary)
            test_s3rver(bench, options.venv.absolute().parent / "s3rver", options.only)
            text = "\n".join(bench.printed)
            for secret in sorted(bench.secrets - {"S3RVER"}) + ["Signature=", "Authorization"]:
                check(secret not in text, f"a secret was printed: {secret[:4]}...")
            print(f"{len(bench.printed) // 2} runs printed none of {len(bench.secrets)} secrets")
        except Failed as failure:
            print(f"failed: {failure}")
            return 1
    return 0


if __name__ == "__main__":
    import s3_servers
    from s3_servers import Fault

    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
