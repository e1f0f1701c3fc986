"""Ports for programs that must be told theirs. Standard library alone."""
import random
import socket

RESERVED = []  # sockets of UDP, of which nothing is sent


def free_port():
    """A port of this machine that nobody has, and that nobody gets before this process ends: it is below those that the system chooses for whoever
    leaves the choice to it, and a socket of UDP with the same number keeps other tests from it."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first = max(1024, int(file.read().split()[0]) - 12000)
    for port in random.sample(range(first, first + 12000), 1000):
        keeper = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            with socket.socket() as listener:
                keeper.bind(("127.0.0.1", port))
                listener.bind(("127.0.0.1", port))
        except OSError:
            keeper.close()
            continue
        RESERVED.append(keeper)
        return port
    raise OSError("no port is free")
