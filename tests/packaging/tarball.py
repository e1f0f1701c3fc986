"""The tarball of deploy/tarball/build.py in a system that has nothing but busybox: no C library, no libraries, no certificates.

    python3 tests/packaging/tarball.py build/release/winnow [--others]

A user without rights unpacks it into a directory with a space, and trains, classifies, serves and queries with it; host names
are resolved and HTTPS servers verified with the files of that system. --others does so in older and newer versions of Debian
and Ubuntu, too. Needs root and Debian's package busybox-static; skipped (77) without."""
import argparse
import contextlib
import csv
import filecmp
import glob
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

from stranger import CLONE_NEWNS, SOURCE, UNREACHABLE, check, network_of_its_own, run, skip, unshare

sys.path.insert(0, os.path.join(SOURCE, "tools"))
import sbom  # noqa: E402

USER = 65534
HOME = "/home/user"
# Name, release, archive, components; the first two have an older C library than Debian 12, the others a newer one.
OTHERS = (("Ubuntu 18.04", "bionic", "http://archive.ubuntu.com/ubuntu", "main universe"), ("Debian 11", "bullseye", "http://deb.debian.org/debian", "main"),
          ("Ubuntu 24.04", "noble", "http://archive.ubuntu.com/ubuntu", "main universe"), ("Debian 13", "trixie", "http://deb.debian.org/debian", "main"))
TEXTS = ["Your account will be closed tonight unless you confirm your card", "Shall we meet at seven?", "Ｃａｌｌ ｎｏｗ ①②③", "это не спам",
         "無料のプレゼントを今すぐ受け取る", "ยินดีด้วยคุณถูกรางวัล", "paypаl.example", "Straße ﬁn I\u0307stanbul 🎉"]
# A subject in Russian, in a character set of iconv's converters, and a body in Japanese.
MAIL = (b"From: a@example.org\r\nSubject: =?koi8-r?B?8NLJ18XU?=\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
        + "無料のプレゼント".encode("iso2022_jp") + b"\r\n")


class System:
    """A directory that is the root of what runs in it."""

    def __init__(self, root):
        self.root = root

    def path(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def write(self, path, contents):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), "wb") as file:
            file.write(contents if isinstance(contents, bytes) else contents.encode())

    def home(self):
        os.makedirs(self.path(HOME), exist_ok=True)
        os.chown(self.path(HOME), USER, USER)

    def command(self, *command, environment=None):
        variables = {"HOME": HOME, "PATH": "/bin:/usr/bin", **(environment or {})}
        inside = "cd ~ && exec env -i \"$@\""
        return ["chroot", f"--userspec={USER}:{USER}", self.root, "/bin/sh", "-c", f"HOME={HOME}; {inside}", "sh",
                *(f"{name}={value}" for name, value in variables.items()), *command]

    def run(self, *command, environment=None, code=0):
        """(stdout, stderr) of a command of the user's."""
        done = subprocess.run(self.command(*command, environment=environment), capture_output=True, timeout=200, check=False, stdin=subprocess.DEVNULL)
        out, err = done.stdout.decode(), done.stderr.decode()
        check(done.returncode == code, f"{command} ended with {done.returncode}, not {code}:\n{out[-3000:]}{err[-3000:]}")
        return out, err


def busybox_system(root, busybox):
    system = System(root)
    os.makedirs(system.path("/bin"))
    shutil.copy(busybox, system.path("/bin/busybox"))
    for applet in ("sh", "env", "tar", "sha256sum", "ln", "mkdir"):
        os.symlink("busybox", system.path(f"/bin/{applet}"))
    for folder in ("/proc", "/tmp", "/dev"):
        os.makedirs(system.path(folder))
    os.chmod(system.path("/tmp"), 0o1777)
    os.mknod(system.path("/dev/null"), 0o666 | 0o20000, os.makedev(1, 3))
    os.chmod(system.path("/dev/null"), 0o666)
    system.home()
    return system


def other_system(root, suite, mirror, components):
    """Another distribution of Linux, or None where its archive is out of reach. Signatures are not checked: this machine lacks the keys."""
    done = subprocess.run(["mmdebstrap", "--variant=essential", "--include=xz-utils", suite, root, f"deb [trusted=yes] {mirror} {suite} {components}"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        check(UNREACHABLE.search(done.stderr) or "404" in done.stderr, "mmdebstrap: " + done.stderr[-3000:])
        return None
    system = System(root)
    system.home()
    return system


@contextlib.contextmanager
def name_server(address):
    """Answers every question for an IPv4 address with `address`, and others with no answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))

        def answer():
            while True:
                query, client = server.recvfrom(512)
                if query == b"stop":
                    return
                end = query.index(b"\0", 12) + 5
                (kind,) = struct.unpack(">H", query[end - 4:end - 2])
                found = struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address) if kind == 1 else b""
                server.sendto(query[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, 1 if found else 0, 0, 0) + query[12:end] + found, client)
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
                stop.sendto(b"stop", ("127.0.0.1", 53))
            thread.join()


@contextlib.contextmanager
def https_server(folder, host):
    """(port, paths that were asked for, file of the certificate authority) of a server that has nothing."""
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", certificate,
        "-days", "2", "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}")
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            asked.append(self.path)
            self.send_error(404)
        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_):
            pass
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, asked, certificate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def check_files(tree, program):
    """Nothing is missing from it, and nothing is in it that tells where it was built."""
    (launcher, loader) = (os.path.join(tree, "bin", "winnow"), os.path.join(tree, "lib", "winnow", "winnow-loader"))
    check("INTERP" not in run("readelf", "--program-headers", launcher), "the launcher needs a loader")
    for name in os.listdir(os.path.join(tree, "lib", "winnow")):
        path = os.path.join(tree, "lib", "winnow", name)
        if os.path.isfile(path) and path != loader:
            for needed in re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "--dynamic", path)):
                there = os.path.exists(os.path.join(tree, "lib", "winnow", needed)) or needed.startswith("ld-linux")
                check(there, f"{name} needs {needed}, which is not in the tarball")
    documents = os.path.join(tree, "share", "doc", "winnow")
    with open(os.path.join(documents, "SOURCES"), encoding="utf-8") as file:
        check(re.search(r"^glibc \d", file.read(), re.M), "SOURCES does not name the C library")
    licenses = os.path.join(documents, "THIRD_PARTY_LICENSES")
    if os.path.isdir(sbom.MODULES) or sbom.COLLECTED.is_file():
        with open(licenses, encoding="utf-8") as file:
            text = file.read()
        for package in sbom.packages(program):
            check(re.search(rf"^{re.escape(package)}$", text, re.M), f"the license of {package} is missing")
    else:
        print("not checked, since web/node_modules is missing: licenses")
    for folder, _, files in os.walk(tree):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                check(SOURCE.encode() not in file.read(), f"{name} has the path of the sources in it")


def build(program, output):
    run(sys.executable, os.path.join(SOURCE, "deploy/tarball/build.py"), os.path.dirname(program), output, env={**os.environ, "WINNOW_TEST_XZ_LEVEL": "0"})
    (tarball,) = glob.glob(os.path.join(output, "*.tar.xz"))
    return tarball


def unpack(system, tarball):
    """The user unpacks it; returns the path of the program there, and that of a link to it."""
    for file in (tarball, tarball + ".sha256"):
        shutil.copy(file, system.path(HOME))
    name = os.path.basename(tarball)
    system.run("sh", "-c", f"sha256sum -c {name}.sha256 && mkdir 'my programs' && tar -C 'my programs' -xJf {name} && "
               f"ln -s 'my programs/{name.removesuffix('.tar.xz')}/bin/winnow' winnow && mkdir data")
    return f"{HOME}/my programs/{name.removesuffix('.tar.xz')}", f"{HOME}/winnow"


def use_models(system, winnow, program):
    """Trains both kinds; classifies with them as the program that was built here does."""
    with open(os.path.join(SOURCE, "examples", "data", "messages.tsv"), encoding="utf-8") as file, \
            open(system.path(f"{HOME}/data/messages.csv"), "w", encoding="utf-8", newline="") as table:
        csv.writer(table).writerows(csv.reader(file, delimiter="\t"))
    os.chown(system.path(f"{HOME}/data"), USER, USER)
    # The data's path has to be understood wherever it is started, and the locale is one that the system lacks.
    system.run(winnow, "train", "data/messages.csv", "--kind", "lr", "--output-dir", "linear", environment={"LC_ALL": "de_DE.UTF-8"})
    system.run(winnow, "train", "data/messages.csv", "--base-model", "scratch", "--epochs", "1", "--precision", "f32", "--output-dir", "transformer")
    # A directory of broken libraries, which is not looked into.
    system.write(f"{HOME}/broken/libssl.so.3", b"not a library")
    for model in ("linear", "transformer"):
        arguments = ["classify", model, "--json", *TEXTS]
        there, _ = system.run(winnow, *arguments, environment={"LD_LIBRARY_PATH": f"{HOME}/broken"})
        here = run(program, *arguments, cwd=system.path(HOME))
        check(there == here, f"{model}: the tarball's program answers otherwise:\n{there}\n{here}")
    system.write(f"{HOME}/a.eml", MAIL)
    system.run(winnow, "data", "import", "a.eml", "--output", "mail.jsonl")
    with open(system.path(f"{HOME}/mail.jsonl"), encoding="utf-8") as file:
        row = json.loads(file.readline())
    check((row["subject"], row["body"].strip()) == ("Привет", "無料のプレゼント"), f"a message was read as {row}")


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=240)
    try:
        connection.request(method, path, body if isinstance(body, bytes) or body is None else json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@contextlib.contextmanager
def server(system, winnow, *arguments):
    with subprocess.Popen(system.command(winnow, "serve", *arguments, "--port", "0", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, start_new_session=True) as process:
        errors = []
        reader = threading.Thread(target=lambda: errors.extend(process.stderr))
        reader.start()
        try:
            line = process.stdout.readline()
            if not line:
                process.wait(240)
                reader.join()
            check(line, f"the server did not start:\n{''.join(errors)}")
            yield json.loads(line)["port"]
            process.terminate()
            check(process.wait(240) == 0, f"the server ended with {process.returncode}:\n{''.join(errors)}")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            reader.join()


def serve(system, winnow):
    """Queries, the page, and a job, which is another process of the program."""
    with server(system, winnow, "linear", "--workspace", "workspace") as port:
        status, answer = ask(port, "POST", "/v1/classify", {"text": TEXTS[0]})
        check(status == 200 and b'"label":"spam"' in answer.replace(b" ", b""), f"{status} {answer}")
        status, page = ask(port, "GET", "/ui/")
        check(status == 200 and b"<html" in page, f"the page: {status} {page[:200]}")
        with open(system.path(f"{HOME}/data/messages.csv"), "rb") as file:
            status, answer = ask(port, "PUT", "/v1/data/messages.csv?offset=0&final=true", file.read())
        check(status in (200, 201), f"upload: {status} {answer}")
        status, answer = ask(port, "POST", "/v1/jobs", {"kind": "train", "data": "messages.csv", "model": "spam", "options": {"kind": "lr"}})
        check(status in (200, 201, 202), f"job: {status} {answer}")
        job = json.loads(answer)
        deadline = time.monotonic() + 240
        while job["state"] not in ("succeeded", "failed", "cancelled"):
            check(time.monotonic() < deadline, f"the job does not end: {job}")
            time.sleep(.05)
            job = json.loads(ask(port, "GET", f"/v1/jobs/{job['id']}")[1])
        check(job["state"] == "succeeded", f"the job failed: {job}")


def pull(system, winnow, folder):
    """Names by the system's own files and name server, trust by the system's own certificates, wherever it has them."""
    host = "hub.example"
    with name_server("127.0.0.1"), https_server(folder, host) as (port, asked, certificate):
        environment = {"HF_ENDPOINT": f"https://{host}:{port}"}
        with open(certificate, "rb") as file:
            authorities = file.read()
        system.write("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n")
        # Modules that this system lacks.
        system.write("/etc/nsswitch.conf", "hosts: files mymachines mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns\n")
        _, err = system.run(winnow, "pull", "nobody/nothing", environment=environment, code=1)
        check("certificate" in err.lower() and not asked, f"a server that nobody vouches for was trusted: {err}")
        for place in ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"):
            system.write(place, authorities)
            asked.clear()
            _, err = system.run(winnow, "pull", "nobody/nothing", environment=environment, code=1)
            check(asked and "nobody/nothing" in asked[0], f"with {place}, the server was not asked: {err}")
            os.remove(system.path(place))
        system.write("/etc/hosts", "127.0.0.2 other.example\n")
        _, err = system.run(winnow, "pull", "nobody/nothing", environment={"HF_ENDPOINT": "http://other.example:1"}, code=1)
        check("resolve" not in err.lower(), f"/etc/hosts is not read: {err}")


@contextlib.contextmanager
def mounted_proc(system):
    os.makedirs(system.path("/proc"), exist_ok=True)
    run("mount", "-t", "proc", "proc", system.path("/proc"))
    try:
        yield
    finally:
        run("umount", "--lazy", system.path("/proc"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--others", action="store_true", help="in other versions of Debian and Ubuntu, too")
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    if os.geteuid() != 0:
        skip("a chroot is made by root alone")
    busybox = shutil.which("busybox")
    for tool in ("xz", "gcc", "openssl", "icupkg"):
        if not (shutil.which(tool) or os.path.exists(f"/usr/sbin/{tool}")):
            skip(f"{tool} is not installed")
    if busybox is None or "INTERP" in run("readelf", "--program-headers", busybox):
        skip("busybox-static is not installed")
    try:
        unshare(CLONE_NEWNS)
    except OSError as error:
        skip(f"mounts of its own are refused here: {error}")
    run("mount", "--make-rprivate", "/")
    begin = time.monotonic()

    def step(text):
        print(f"[{time.monotonic() - begin:5.1f} s] {text}", flush=True)

    with tempfile.TemporaryDirectory(prefix="winnow-tarball-") as folder:
        systems = [("nothing but busybox", busybox_system(os.path.join(folder, "busybox"), busybox))]
        for name, suite, mirror, components in OTHERS if arguments.others else ():
            step(f"{name} from {mirror}")
            made = other_system(os.path.join(folder, suite), suite, mirror, components)
            if made:
                systems.append((name, made))
            else:
                step(f"left out: {mirror} is out of reach, or does not have {suite}")
        network_of_its_own()
        step("the tarball, compressed less than it is published")
        tarball = build(program, os.path.join(folder, "output"))
        if arguments.others:
            step("the tarball once more: two are equal")
            check(filecmp.cmp(tarball, build(program, os.path.join(folder, "again")), shallow=False), "two tarballs of one build differ")
        for name, system in systems:
            step(f"{name}: unpack as a user without rights")
            prefix, winnow = unpack(system, tarball)
            out, _ = system.run(winnow, "version")  # without /proc
            check(out.startswith("winnow "), out)
            if system is systems[0][1]:
                check_files(system.path(prefix), program)
            with mounted_proc(system):
                paths, _ = system.run(winnow, "paths")
                check(f"{prefix}/bin\n" in paths and f"{prefix}/share/winnow/presets\n" in paths, f"{prefix} is not found:\n{paths}")
                step("train and classify")
                use_models(system, winnow, program)
                step("serve, query, and a job of the server")
                serve(system, winnow)
                step("resolve names, and verify an HTTPS server")
                pull(system, winnow, folder)
        step("done")


if __name__ == "__main__":
    main()
