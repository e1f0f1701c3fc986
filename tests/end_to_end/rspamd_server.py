"""A real rspamd for a test, on free ports, with its files in a directory of its own."""
import http.client
import json
import os
import pwd
import shutil
import socket
import struct
import subprocess
import tempfile
import time

from ports import free_port

RSPAMD, RSPAMC = shutil.which("rspamd"), shutil.which("rspamc")

# What asks DNS or other servers is off, since each attempt waits without a network.
OFFLINE = {f"local.d/{module}.conf": "enabled = false;" for module in (
    "arc", "asn", "dkim", "dkim_signing", "dmarc", "fuzzy_check", "greylist", "hfilter", "history_redis", "mx_check", "neural", "phishing", "ratelimit", "rbl",
    "replies", "reputation", "rspamd_update", "spf", "surbl", "url_redirector", "whitelist")}


def own_address():
    """An address of this machine other than loopback, or None. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        try:
            sender.connect(("198.51.100.1", 9))
        except OSError:
            return None
        address = sender.getsockname()[0]
    return None if address.startswith("127.") else address


ADDRESS = own_address()


def temporary_directory(test):
    """A directory that is removed with the test class."""
    directory = tempfile.mkdtemp(prefix="winnow-rspamd-")
    test.addClassCleanup(shutil.rmtree, directory, True)
    return directory


class Rspamd:
    """Debian's default set-up, apart from addresses, directories and `configuration`: {file in local.d or above: text}.
    With `quick`, the patterns that take half a minute to compile are left out."""

    def __init__(self, configuration=None, plugins=(), quick=True):
        self.directory = tempfile.mkdtemp(prefix="winnow-rspamd-")
        configuration = dict(configuration or {})
        if quick:
            configuration["local.d/options.inc"] = f'disable_hyperscan = true; url_tld = "{self.directory}/suffixes.dat";' + configuration.get("local.d/options.inc", "")
        self.port, self.control_port, self.proxy_port = free_port(), free_port(), free_port()
        files = {"local.d/worker-normal.inc": f'bind_socket = "127.0.0.1:{self.port}";',
                 "local.d/worker-controller.inc": f'bind_socket = "127.0.0.1:{self.control_port}";',
                 "local.d/worker-proxy.inc": f'bind_socket = "127.0.0.1:{self.proxy_port}"; upstream "local" {{ default = yes; hosts = "127.0.0.1:{self.port}"; }}',
                 "suffixes.dat": "com\nnet\norg",
                 "local.d/logging.inc": 'level = "notice";', **configuration}
        for name, text in files.items():
            path = os.path.join(self.directory, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text + "\n")
        os.makedirs(os.path.join(self.directory, "plugins.d"))
        for plugin in plugins:
            shutil.copy(plugin, os.path.join(self.directory, "plugins.d"))
        command = [RSPAMD, "-f", "-c", "/etc/rspamd/rspamd.conf"]
        for variable in ("LOCAL_CONFDIR", "DBDIR", "RUNDIR", "LOGDIR"):
            command += ["--var", f"{variable}={self.directory}"]
        user = {}
        if os.geteuid() == 0:  # as which its workers refuse to run
            account = pwd.getpwnam("_rspamd")
            user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            for root, _, names in os.walk(self.directory):
                for name in ("", *names):
                    os.chown(os.path.join(root, name), account.pw_uid, account.pw_gid)
        self.server = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline and self.server.poll() is None:
            try:
                if {self.ask(port, "GET", "/ping")[1] for port in (self.port, self.control_port)} == {b"pong\r\n"}:
                    return
            except OSError:
                pass
            time.sleep(.05)
        self.stop()
        raise RuntimeError("rspamd won't start")

    def ask(self, port, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=240)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, data

    def check(self, mail, **headers):
        status, data = self.ask(self.port, "POST", "/checkv2", mail, {name.replace("_", "-"): value for name, value in headers.items()})
        assert status == 200, data
        return json.loads(data)

    def milter(self, mail, sender, recipient):
        """What its milter tells a mail server to do with a mail: [(action, data)] as in the protocol of Sendmail 8."""
        def packet(command, data=b""):
            return struct.pack(">I", len(data) + 1) + command + data

        with socket.create_connection(("127.0.0.1", self.proxy_port), timeout=240) as connection, connection.makefile("rb") as replies:
            def read():
                data = replies.read(struct.unpack(">I", replies.read(4))[0])
                return data[:1], data[1:]

            connection.sendall(packet(b"O", struct.pack(">III", 6, 0x1FF, 0)))
            assert read()[0] == b"O"
            header, _, body = mail.partition(b"\r\n\r\n")
            fields = [field.partition(b": ") for field in header.split(b"\r\n")]
            connection.sendall(b"".join([  # it has said that it answers the end alone
                packet(b"C", b"mx.example.com\x004" + struct.pack(">H", 25) + b"192.0.2.1\0"), packet(b"H", b"mx.example.com\0"),
                packet(b"M", f"<{sender}>".encode() + b"\0"), packet(b"R", f"<{recipient}>".encode() + b"\0"),
                *(packet(b"L", name + b"\0" + value + b"\0") for name, _, value in fields), packet(b"N"), packet(b"B", body), packet(b"E")]))
            actions = [read()]
            while actions[-1][0] not in (b"a", b"c", b"d", b"r", b"t", b"y"):
                actions.append(read())
            return actions

    def log(self):
        with open(os.path.join(self.directory, "rspamd.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.directory, True)
