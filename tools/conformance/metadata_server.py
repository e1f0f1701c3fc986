"""The metadata services of EC2 machines and of containers, which hand out temporary credentials."""
import http.server
import json
import threading
from datetime import datetime, timedelta, timezone


class MetadataServer(http.server.ThreadingHTTPServer):
    """The services of EC2 machines and of containers, with credentials that expire in `seconds`."""
    daemon_threads = True

    def __init__(self, keys, seconds):
        super().__init__(("127.0.0.1", 0), MetadataHandler)
        self.keys, self.seconds, self.given = keys, seconds, 0
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class MetadataHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def send(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self):
        known = self.path == "/latest/api/token" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
        self.send(200 if known else 403, "imds-token" if known else "")

    def do_GET(self):
        role = "/latest/meta-data/iam/security-credentials/"
        allowed = self.headers.get("X-aws-ec2-metadata-token") == "imds-token" or self.headers.get("Authorization") == "container-token"
        if not allowed:
            return self.send(401, "")
        if self.path == role:
            return self.send(200, "my role")
        if self.path not in (role + "my%20role", "/container"):
            return self.send(404, "")
        self.server.given += 1
        expires = datetime.now(timezone.utc) + timedelta(seconds=self.server.seconds)
        key, secret, token = self.server.keys
        return self.send(200, json.dumps({"Code": "Success", "AccessKeyId": key, "SecretAccessKey": secret, "Token": token,
                                          "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}))
