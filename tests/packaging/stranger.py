"""The path of a stranger in a fresh Debian 12: install the package with apt, run the commands of README.md, upgrade, remove, purge.

Usage: stranger.py BUILD_DIRECTORY. Needs root, mmdebstrap, lintian and Debian's archive; skipped (77) without them.
"""
import concurrent.futures
import contextlib
import ctypes
import fcntl
import glob
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNREACHABLE = re.compile(r"resolv|Failed to fetch|Unable to connect|Could not connect|Connection timed out|No route to host")
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")


def run(*command, **options):
    """Output of a command, which has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **options)
    check(done.returncode == 0, f"{shlex.join(command)} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def unshare(what):
    if ctypes.CDLL(None, use_errno=True).unshare(what) != 0:
        raise OSError(ctypes.get_errno(), "a namespace cannot be made")


def network_of_its_own():
    """A network namespace with the loopback interface alone: ports of the machine are neither used nor reached."""
    unshare(CLONE_NEWNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def debian():
    """Path of an archive of a minimal Debian 12, made anew each day: apt's lists in it name packages that the mirror still has."""
    folder = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "winnow-tests")
    archive = os.path.join(folder, "bookworm-minbase.tar")
    if os.path.exists(archive) and 0 <= time.time() - os.path.getmtime(archive) < 24 * 3600:
        return archive
    os.makedirs(folder, exist_ok=True)
    new = f"{archive}.{os.getpid()}.tar"
    done = subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", "--skip=cleanup/apt/lists", "bookworm", new], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        with contextlib.suppress(FileNotFoundError):
            os.remove(new)
        if UNREACHABLE.search(done.stderr):
            skip("Debian's archive is out of reach:\n" + done.stderr[-1000:])
        check(False, "mmdebstrap: " + done.stderr[-4000:])
    os.replace(new, archive)
    return archive


class Machine:
    """A directory with a whole Debian, in which commands run."""

    def __init__(self, root):
        self.root = root

    def path(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def read(self, path):
        with open(self.path(path), encoding="utf-8") as file:
            return file.read()

    def write(self, path, text):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), "w", encoding="utf-8") as file:
            file.write(text)

    def make(self):
        shutil.rmtree(self.root, ignore_errors=True)
        os.makedirs(self.root)
        run("tar", "-C", self.root, "--numeric-owner", "-xf", debian())
        # apt asks nobody. Its processes would find no terminal, and no system that runs services.
        self.write("/etc/apt/apt.conf.d/90-test", 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n'
                   'DPkg::Options { "--force-confdef"; "--force-confold"; };\n')
        # Seen by this process and its children alone.
        run("mount", "-t", "proc", "proc", self.path("/proc"))

    def remove(self):
        subprocess.run(["umount", "--lazy", self.path("/proc")], capture_output=True, check=False)
        check(not os.path.ismount(self.path("/proc")), f"{self.path('/proc')} is still mounted")
        shutil.rmtree(self.root, ignore_errors=True)

    def shell(self, script, network=True, user="0:0", directory="/root"):
        """Output of a script of bash. Whatever it leaves running is ended."""
        command = ["chroot", f"--userspec={user}", self.root, "/usr/bin/env", "-i", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                   "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "bash", "-euo", "pipefail", "-c", f"cd {directory}\n{script}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                              start_new_session=True, preexec_fn=None if network else network_of_its_own) as process:
            try:
                out, err = process.communicate(timeout=500)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
                sys.exit(f"FAILED: no end after 500 s:\n{script}\n{out[-4000:]}{err[-4000:]}")
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        check(process.returncode == 0, f"ended with {process.returncode}:\n{script}\n{out[-4000:]}{err[-4000:]}")
        return out

    def names(self):
        """Everything whose path has the program's name, without what apt and dpkg know and what people wrote."""
        found = set()
        for folder, folders, files in os.walk(self.root):
            inside = os.path.join("/", os.path.relpath(folder, self.root)).removesuffix("/.") or "/"
            folders[:] = [name for name in folders if os.path.join(inside, name) not in
                          ("/proc", "/sys", "/dev", "/tmp", "/root", "/var/log", "/var/cache", "/var/lib/apt")]
            found.update(os.path.join(inside, name) for name in folders + files if "winnow" in os.path.join(inside, name))
        return found


def quick_start():
    """The commands of README.md's section about the package."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        section = file.read().split("\n## Without a compiler\n", 1)[1].split("\n## ", 1)[0]
    commands = [line[4:] for line in section.splitlines() if line.startswith("    ")]
    check(len(commands) >= 5, "README.md has no commands for the package")
    return commands


def demo_command():
    """What README.md says."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        return re.search(r"`(bash /usr/share/doc/winnow/examples/demo\.sh)`", file.read())[1]


def build_package(build, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    if os.path.realpath(build) == os.path.realpath(os.path.join(SOURCE, "build", "release")):
        # As docs/deployment.md says, but for the compression, which takes most of the time.
        run(os.path.join(SOURCE, "dev"), "package", "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip")
        shutil.copy(max(glob.glob(os.path.join(build, "*.deb")), key=os.path.getmtime), folder)
    else:
        run("cpack", "-G", "DEB", "-B", folder, cwd=build)
    (package,) = [name for name in os.listdir(folder) if name.endswith(".deb")]
    return os.path.join(folder, package)


def newer_package(package, folder):
    """The same package with a higher version and another example of the configuration."""
    tree = os.path.join(folder, "newer")
    run("dpkg-deb", "-R", package, tree)
    control = os.path.join(tree, "DEBIAN", "control")
    with open(control, encoding="utf-8") as file:
        text = file.read()
    version = re.search(r"^Version: (.*)$", text, re.M)[1]
    with open(control, "w", encoding="utf-8") as file:
        file.write(text.replace(f"Version: {version}", f"Version: {version}+newer"))
    with open(os.path.join(tree, "etc/winnow/serve.toml"), "a", encoding="utf-8") as file:
        file.write("# A line of the newer package.\n")
    newer = os.path.join(folder, "newer.deb")
    run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", tree, newer)
    shutil.rmtree(tree)
    return newer


def check_installation(machine):
    commands = re.findall(r"^## winnow (.+)$", machine.shell("winnow help --markdown"), re.M)
    check(len(commands) > 20, "winnow help --markdown names few commands")
    for command in commands:
        page = f"/usr/share/man/man1/winnow-{command.replace(' ', '-')}.1.gz"
        check(os.path.isfile(machine.path(page)), f"{page} is missing")
    machine.shell("gzip -t /usr/share/man/man1/winnow*.gz")
    completed = machine.shell("source /usr/share/bash-completion/completions/winnow; COMP_WORDS=(winnow tr) COMP_CWORD=1\n"
                              "_winnow; echo ${COMPREPLY[@]}")
    check("train" in completed.split(), f"bash completes 'winnow tr' with {completed!r}")
    for path in ("/usr/share/zsh/vendor-completions/_winnow", "/usr/share/fish/vendor_completions.d/winnow.fish"):
        check(os.path.getsize(machine.path(path)) > 1000, f"{path} is missing or empty")
    paths = machine.shell("winnow paths")
    check(re.search(r"^program +/usr/bin$", paths, re.M) and "/usr/share/winnow/presets\n" in paths, paths)
    check(not os.path.exists(machine.path("/etc/systemd/system/sockets.target.wants/winnow.socket")), "winnow.socket was enabled")
    for tool in ("gcc", "g++", "cc", "cmake", "python3"):
        check(not os.path.lexists(machine.path(f"/usr/bin/{tool}")), f"{tool} is installed: the package needs no compiler")


def serve_as_the_unit_does(machine):
    """What ExecStart of winnow.service answers, run by a user without rights, as systemd would."""
    start = re.search(r"^ExecStart=(.*)$", machine.read("/lib/systemd/system/winnow.service"), re.M)[1]
    answer = machine.shell(f"{start} &\ncurl -sS --retry 20 --retry-connrefused --retry-delay 1 "
                           "localhost:8080/v1/classify -d '{\"text\": \"Shall we meet at seven?\"}'\nkill %1; wait %1",
                           network=False, user="65534:65534", directory="/")
    check('"label":"ham"' in answer.replace(" ", ""), f"the service answered {answer}")


def demonstrate(machine):
    """The demo of the package, which finds no network and so no base model, and trains for one epoch here."""
    machine.write("/root/briefly", '#!/bin/sh\n[ "$1" != train ] || set -- "$@" --epochs 1\nexec winnow "$@"\n')
    output = machine.shell("chmod +x briefly; " + demo_command() + " ./briefly", network=False)
    check("macro" in output and re.search(r"^(spam|ham) +\d.*Dinner's in the oven", output, re.M), f"the demo printed {output}")


ENABLED = {"/etc/systemd/system/sockets.target.wants/winnow.socket": "/lib/systemd/system/winnow.socket",
           "/etc/systemd/system/timers.target.wants/winnow-retrain@spam.timer": "/lib/systemd/system/winnow-retrain@.timer"}
LEFT_BY_RUNS = ("/var/log/private/winnow/access.jsonl", "/var/lib/prometheus/node-exporter/winnow-spam.prom")


def administrate(machine):
    """What an administrator leaves: a changed option, a drop-in, an enabled socket and timer, a model of the service; and what runs leave."""
    with open(machine.path("/etc/winnow/serve.toml"), "a", encoding="utf-8") as file:
        file.write("cache-mb = 7\n")
    machine.write("/etc/systemd/system/winnow.service.d/limits.conf", "[Service]\nMemoryMax=1G\n")
    for link, unit in ENABLED.items():
        os.makedirs(os.path.dirname(machine.path(link)), exist_ok=True)
        os.symlink(unit, machine.path(link))
    # As systemd makes it of LogsDirectory= and DynamicUser=, and as the unit of drift does.
    for left in LEFT_BY_RUNS:
        machine.write(left, "{}\n")
    os.symlink("private/winnow", machine.path("/var/log/winnow"))
    machine.shell("mkdir -p /var/lib/winnow/models; cp -r spam /var/lib/winnow/models/spam; chmod -R a+rX /var/lib/winnow")
    return {path: machine.read(path) for path in ("/etc/winnow/serve.toml", "/etc/systemd/system/winnow.service.d/limits.conf",
                                                  "/var/lib/winnow/models/spam/winnow.json", "/root/spam/winnow.json")}


def main():
    build = os.path.abspath(sys.argv[1])
    if os.geteuid() != 0:
        skip("a chroot is made by root alone")
    for tool in ("mmdebstrap", "lintian", "cpack", "dpkg-deb"):
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed")
    try:
        unshare(CLONE_NEWNS)
    except OSError as error:
        skip(f"mounts of its own are refused here: {error}")
    run("mount", "--make-rprivate", "/")
    begin = time.monotonic()

    def step(text):
        print(f"[{time.monotonic() - begin:5.1f} s] {text}", flush=True)

    folder = os.path.join(build, "stranger")
    machine = Machine(os.path.join(folder, "root"))
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            made = pool.submit(machine.make)
            step("a fresh Debian 12, and meanwhile the package")
            package = build_package(build, os.path.join(folder, "package"))
            step("lintian's opinion of the package, and a search for paths of the sources in it")
            run("lintian", "--allow-root", "--fail-on", "error,warning", package)
            contents = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE, check=True).stdout
            check(SOURCE.encode() not in contents, "files of the package have the path of the sources in them")
            del contents
            made.result()
        walk(machine, package, folder, step)
    finally:
        machine.remove()
    step("done")


def walk(machine, package, folder, step):
    shutil.copy(package, machine.path("/root"))
    install, *commands = quick_start()
    step("install: " + install)
    machine.shell(install)
    machine.shell("apt-get -q install curl")
    check_installation(machine)
    step("train, classify, serve and query, as README.md says")
    output = machine.shell("\n".join(commands), network=False)
    check(re.search(r"^spam +\d", output, re.M), f"no text was classified as spam: {output}")
    check('"label":"ham"' in output.replace(" ", ""), f"the server did not answer 'ham': {output}")
    step("the demo")
    demonstrate(machine)
    kept = administrate(machine)
    serve_as_the_unit_does(machine)
    classify = "winnow classify spam 'Your account will be closed tonight unless you confirm your card' --json"
    before = machine.shell(classify)

    step("upgrade")
    shutil.copy(newer_package(package, folder), machine.path("/root"))
    machine.shell("apt-get -q install ./newer.deb")
    check("+newer" in machine.shell("dpkg-query -W winnow"), "the newer package was not installed")
    for path, text in kept.items():
        check(machine.read(path) == text, f"the upgrade changed {path}")
    for link in ENABLED:
        check(os.path.islink(machine.path(link)), f"the upgrade removed {link}")
    for left in LEFT_BY_RUNS:
        check(os.path.isfile(machine.path(left)), f"the upgrade removed {left}")
    check(machine.shell(classify) == before, "the model answers otherwise after the upgrade")
    serve_as_the_unit_does(machine)
    machine.shell("for i in 1 2; do /var/lib/dpkg/info/winnow.postinst configure \"$(dpkg-query -Wf '${Version}' winnow)\"; done")

    step("remove")
    machine.shell("apt-get -q remove winnow")
    check(machine.read("/etc/winnow/serve.toml") == kept["/etc/winnow/serve.toml"], "removal took the configuration")
    check(not os.path.exists(machine.path("/usr/bin/winnow")), "removal left the program")
    check([os.path.exists(machine.path(left)) for left in LEFT_BY_RUNS] == [True, False], "removal keeps logs, and no metrics, which nobody measures any more")
    step("purge")
    script = machine.read("/var/lib/dpkg/info/winnow.postrm")
    machine.shell("apt-get -q purge winnow")
    machine.shell(f"set -- purge\n{script}")
    left = machine.names()
    people = {name for name in left if name.startswith(("/var/lib/winnow", "/etc/systemd/system/winnow.service.d"))}
    check(left == people, f"the purge left {sorted(left - people)}")
    check(not os.path.lexists(machine.path("/var/log/winnow")) and not os.path.exists(machine.path("/var/log/private/winnow")), "the purge left logs")
    for path, text in kept.items():
        check(path.startswith("/etc/winnow") or machine.read(path) == text, f"the purge changed {path}")


if __name__ == "__main__":
    main()
