"""S3-compatible servers of the package indexes, and a proxy in front of them that injects faults."""
import contextlib
import hashlib
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "end_to_end"))
from ports import free_port  # noqa: E402

sys.path.pop(0)


@contextlib.contextmanager
def process(command, port, log, env=None):
    """Runs a server until the end of the block, once it answers at the port."""
    with open(log, "wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=env, start_new_session=True)
        try:
            for _ in range(2400):
                if server.poll() is not None:
                    raise RuntimeError(f"{command[0]} does not start: {log.read_text(errors='replace')[-1000:]}")
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(.1)
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            server.wait()


@contextlib.contextmanager
def moto(python, work):
    """moto's server, which checks signatures with botocore once its IAM has a user: yields (endpoint, keys of the user)."""
    import boto3

    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    env = {**os.environ, "AWS_EC2_METADATA_DISABLED": "true", "MOTO_S3_DEFAULT_MAX_KEYS": "20"}  # small pages
    with process([python, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port)], port, work / "moto.log", env):
        options = {"endpoint_url": endpoint, "region_name": "us-east-1", "aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
        boto3.client("s3", **options).create_bucket(Bucket="models")
        iam = boto3.client("iam", **options)
        iam.create_user(UserName="winnow")
        key = iam.create_access_key(UserName="winnow")["AccessKey"]
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "sts:*"], "Resource": "*"}]}
        iam.put_user_policy(UserName="winnow", PolicyName="all", PolicyDocument=json.dumps(allow))
        role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(allow))["Role"]
        iam.put_role_policy(RoleName="reader", PolicyName="all", PolicyDocument=json.dumps(allow))
        temporary = boto3.client("sts", **options).assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
        request = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"}, method="POST")
        urllib.request.urlopen(request).read()
        yield endpoint, (key["AccessKeyId"], key["SecretAccessKey"]), \
            (temporary["AccessKeyId"], temporary["SecretAccessKey"], temporary["SessionToken"])


def install_s3rver(directory):
    """npm's s3rver in a folder, once. Returns why it can't be had, or None."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "node and npm are not installed"
    if (directory / "ready").exists():
        return None
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "package.json").write_text('{"private": true, "dependencies": {"s3rver": "3.7.1"}}', encoding="utf-8")
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], cwd=directory,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"npm cannot install s3rver: {(done.stderr.strip().splitlines() or ['no reason given'])[0]}"
    (directory / "ready").touch()
    return None


@contextlib.contextmanager
def s3rver(directory, work):
    """s3rver 3.7, which knows one access key, checks the time of requests, and keeps neither checksums nor conditions."""
    port = free_port()
    script = ("const S3rver = require('s3rver'); new S3rver({address: '127.0.0.1', port: %d, silent: false, directory: %s, "
              "configureBuckets: [{name: 'models', configs: []}]}).run();" % (port, json.dumps(str(work / "s3rver"))))
    with process(["node", "-e", script], port, work / "s3rver.log", {**os.environ, "NODE_PATH": str(directory / "node_modules")}):
        yield f"http://127.0.0.1:{port}"


ERROR = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{}</Code><Message>{}</Message><RequestId>1</RequestId></Error>'


class Fault:
    """What happens to requests whose "METHOD /path?query" matches the pattern, `times` times after `skip` others."""

    def __init__(self, kind, pattern=".", times=1, skip=0, **settings):
        self.kind, self.pattern, self.times, self.skip, self.settings = kind, re.compile(pattern), times, skip, settings
        self.hits = 0


def signature_is_valid(keys, method, target, headers, body):
    """Whether botocore, AWS's own library, signs these bytes as they are signed. `keys`: {access key: secret}. Servers look at a path that
    they have decoded and encoded again, which lets some mistakes pass and refuses some correct signatures (moto: of keys with '&')."""
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    fields = dict(part.split("=", 1) for part in headers["Authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(", "))
    access_key, _, region, service, _ = fields["Credential"].split("/")
    if access_key not in keys:
        return True  # which the server will refuse
    signed = {name: headers[name] for name in fields["SignedHeaders"].split(";")}
    unsigned = {name.lower() for name in headers if name.lower().startswith("x-amz-")} - set(signed)
    if unsigned or headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
        return False
    request = AWSRequest(method, f"http://{headers['Host']}{target}", signed, body)
    request.context["timestamp"] = headers["x-amz-date"]
    request.context["signing"] = {"region": region}
    signer = S3SigV4Auth(Credentials(access_key, keys[access_key]), service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return signer.signature(text, request) == fields["Signature"]


class Proxy(http.server.ThreadingHTTPServer):
    """Passes requests on as they are, with their Host, so that signatures stay valid. `keys`: {access key: secret}, by which it checks
    signatures itself."""
    daemon_threads = True

    def __init__(self, backend, keys):
        super().__init__(("127.0.0.1", 0), Handler)
        self.backend = backend.removeprefix("http://")
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.lock, self.conditional = threading.Lock(), threading.Lock()
        self.keys, self.wrongly_signed = keys, []
        self.faults, self.requests = [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def begin(self, *faults):
        """Sets the faults of a test, and forgets the requests before it."""
        with self.lock:
            self.faults, self.requests = list(faults), []

    def fault_of(self, line):
        with self.lock:
            for fault in self.faults:
                if not fault.pattern.search(line):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                elif fault.times > 0:
                    fault.times -= 1
                    fault.hits += 1
                    return fault
        return None

    def lines(self):
        with self.lock:
            return [line for line, _ in self.requests]

    def count(self, pattern):
        return sum(re.search(pattern, line) is not None for line in self.lines())

    def handle_error(self, request, client_address):
        pass  # connections that clients cut


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_one(self):
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size)
        if len(body) < size:  # of a client that was stopped
            self.close_connection = True
            return None
        line = f"{self.command} {self.path}"
        valid = signature_is_valid(self.server.keys, self.command, self.path, self.headers, body)
        with self.server.lock:
            self.server.requests.append((line, dict(self.headers.items())))
            if not valid:
                self.server.wrongly_signed.append(line)
        fault = self.server.fault_of(line)
        if fault is None:
            return self.answer(*self.forward(body))
        return getattr(self, "fault_" + fault.kind)(body, **fault.settings)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_one

    def forward(self, body):
        # moto looks a key up and writes it in two steps, which storage services do in one.
        with self.server.conditional if "if-none-match" in self.headers else contextlib.nullcontext():
            return self.exchange(body)

    def exchange(self, body):
        connection = http.client.HTTPConnection(self.server.backend, timeout=240)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, [(n, v) for n, v in response.getheaders() if n.lower() not in ("transfer-encoding", "connection")], data

    def answer(self, status, headers, body, sent=None):
        """`sent`: the bytes that go out after the headers, if they are not the body."""
        self.send_response_only(status)
        has = {name.lower() for name, _ in headers}
        for name, value in headers:
            self.send_header(name, value)
        if "content-length" not in has and status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if sent is None else sent)

    def refuse(self, status, code, message="injected", headers=()):
        self.answer(status, [("Content-Type", "application/xml"), *headers], ERROR.format(code, message).encode())

    def cut(self):
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def fault_status(self, body, status=500, code="InternalError", headers=()):
        self.refuse(status, code, headers=headers)

    def fault_page(self, body, status=502):
        self.answer(status, [("Content-Type", "text/html")], b"<html><body>Bad Gateway</body></html>")

    def fault_reset(self, body):
        self.cut()

    def fault_lost(self, body):
        """The server did it, and its answer is lost."""
        self.forward(body)
        self.cut()

    def fault_silence(self, body, seconds=3):
        time.sleep(seconds)
        self.cut()

    def fault_truncated(self, body, keep=1000):
        status, headers, data = self.forward(body)
        self.answer(status, headers, data, data[:keep])
        self.cut()

    def fault_shortened(self, body, keep=100):
        """A body that is cut, with a length that fits."""
        status, headers, data = self.forward(body)
        self.answer(status, [pair for pair in headers if pair[0].lower() != "content-length"], data[:keep])

    def fault_flipped(self, body, at=0):
        status, headers, data = self.forward(body)
        wrong = bytearray(data)
        if wrong:
            wrong[at % len(wrong)] ^= 1
        self.answer(status, headers, bytes(wrong))

    def fault_slow(self, body, pieces=20, pause=.1):
        status, headers, data = self.forward(body)
        self.answer(status, headers, data, b"")
        size = len(data) // pieces + 1
        for begin in range(0, len(data), size):
            self.wfile.write(data[begin:begin + size])
            self.wfile.flush()
            time.sleep(pause)

    def fault_error_in_200(self, body):
        self.refuse(200, "InternalError")

    def fault_clock(self, body, ahead=3600):
        """A server whose clock is `ahead` of this machine's: it refuses what was signed more than 15 minutes off."""
        now = datetime.now(timezone.utc) + timedelta(seconds=ahead)
        signed = datetime.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        date = [("Date", format_datetime(now, usegmt=True))]
        if abs(now - signed) > timedelta(minutes=15):
            return self.refuse(403, "RequestTimeTooSkewed", headers=date)
        status, headers, data = self.forward(body)
        return self.answer(status, [pair for pair in headers if pair[0].lower() != "date"] + date, data)
