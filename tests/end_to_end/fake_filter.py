"""A server in place of `winnow serve --filter`, which records what it is asked, and messages to ask about. Standard library alone."""
import email.message
import email.policy
import http.server
import threading


def mail(text, subject="Hello", to="anna@example.org", **headers):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"] = "Joe <joe@example.com>"
    message["To"] = to
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


class FakeServer:
    """Answers POST requests with `answer(request)`, (status, body), and keeps the requests as (headers, body, path)."""

    def __init__(self, answer):
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                requests.append((self.headers, body, self.path))
                status, text = answer(self)
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text.encode())
                except OSError:
                    pass  # the client has gone

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
