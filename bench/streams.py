"""What clients of /v1/events cost the server while a job writes events.

    python3 bench/streams.py build/release/winnow --clients 50 --seconds 20

Prints the share of a core that the server's process takes, without the job, which is a process of its own.
"""
import argparse
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

MESSAGES = os.path.join(os.path.dirname(__file__), "..", "examples", "data", "messages.tsv")


def cpu_seconds(process):
    with open(f"/proc/{process}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def follow(port, received):
    """Reads what comes, as bytes, until the server ends."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while data := client.recv(65536):
            received.append(data.count(b"event: "))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        os.makedirs(os.path.join(directory, "data"))
        shutil.copy(MESSAGES, os.path.join(directory, "data", "messages.tsv"))
        server = subprocess.Popen([options.program, "serve", "--workspace", directory, "--port", "0", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            port = json.loads(server.stdout.readline())["port"]
            plan = {"kind": "train", "data": "messages.tsv", "model": "long", "options": {"base-model": "scratch", "epochs": 1000, "batch-size": 8}}
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/v1/jobs", json.dumps(plan).encode(), {"Content-Type": "application/json"})).read()
            received = []
            for _ in range(options.clients):
                threading.Thread(target=follow, args=(port, received), daemon=True).start()
            time.sleep(5)
            received.clear()
            before, begin = cpu_seconds(server.pid), time.monotonic()
            time.sleep(options.seconds)
            took = time.monotonic() - begin
            share = (cpu_seconds(server.pid) - before) / took
            events = sum(received)
            print(f"{options.clients} clients, {events / options.clients / took:.1f} events/s each: the server takes {100 * share:.2f} % of a core")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
