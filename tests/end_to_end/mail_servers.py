"""Real mail servers for a test, in directories of their own: Debian's Postfix and Dovecot. Both must be started by root.
Standard library alone."""
import email
import email.policy
import imaplib
import json
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import time

import winnow
from ports import free_port

DOVECOT_FILES = os.path.join(winnow.SOURCE, "integrations", "dovecot")
USERS = ("anna", "bob", "carol", "dave")
MAIL_USER = "nobody"  # who owns the mailboxes


def missing(*programs):
    """Why tests with these programs cannot run here, or an empty text."""
    if os.geteuid() != 0:
        return "mail servers must be started by root"
    absent = [program for program in programs if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/lib/dovecot")]
    return f"not installed: {' '.join(absent)}" if absent else ""


def skip_unless(*programs):
    """Ends the test, with the exit status that ctest takes for skipped, if a program is missing."""
    why = missing(*programs)
    if why:
        print(f"skipped: {why} (./dev test installs what is needed)")
        sys.exit(77)


def wait_until(condition, what="", seconds=240):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(.02)
    raise AssertionError(f"waited {seconds} s for {what or condition}")


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class MailDirectory:
    """A directory that users other than root can enter, with a Maildir for each user: mail/USER@DOMAIN/."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="winnow-mail-")
        os.chmod(self.directory, 0o755)
        os.mkdir(self.path("mail"))
        account = pwd.getpwnam(MAIL_USER)
        self.uid, self.gid = account.pw_uid, account.pw_gid
        os.chown(self.path("mail"), self.uid, self.gid)

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def delivered(self, user):
        """The messages in a user's INBOX, oldest first."""
        found = []
        for folder in ("new", "cur"):
            directory = self.path("mail", user, folder)
            if os.path.isdir(directory):
                found += [os.path.join(directory, name) for name in os.listdir(directory)]
        messages = []
        for path in sorted(found, key=os.path.getmtime):
            with open(path, "rb") as file:
                messages.append(email.message_from_bytes(file.read(), policy=email.policy.default))
        return messages

    def remove(self):
        shutil.rmtree(self.directory, True)


class Postfix:
    """Postfix on a free port. Mail to USERS of example.org is delivered to Maildirs; other mail is refused."""

    def __init__(self, mail, **settings):
        self.mail, self.port = mail, free_port()
        self.config = mail.path("postfix")
        for name in ("postfix", "queue", "data"):
            os.mkdir(mail.path(name))
        postfix = pwd.getpwnam("postfix")
        os.chown(mail.path("data"), postfix.pw_uid, postfix.pw_gid)
        self.set(**settings)
        services = [f"127.0.0.1:{self.port} inet n - n - - smtpd", "pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup",
                    "qmgr unix n - n 300 1 qmgr", "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce",
                    "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce", "verify unix - - n - 1 verify", "flush unix n - n 1000? 0 flush",
                    "proxymap unix - - n - - proxymap", "proxywrite unix - - n - 1 proxymap", "smtp unix - - n - - smtp", "relay unix - - n - - smtp",
                    "showq unix n - n - - showq", "error unix - - n - - error", "retry unix - - n - - error", "discard unix - - n - - discard",
                    "local unix - n n - - local", "virtual unix - n n - - virtual", "lmtp unix - - n - - lmtp", "anvil unix - - n - 1 anvil",
                    "scache unix - - n - 1 scache", "tlsmgr unix - - n 1000? 1 tlsmgr", "postlog unix-dgram n - n - 1 postlogd"]
        mail.write("postfix/master.cf", "\n".join(services) + "\n")
        self.run("postfix", "start")
        wait_until(lambda: listens(self.port), "Postfix")

    def set(self, **settings):
        """Writes main.cf, and has a Postfix that runs read it."""
        self.mail.write("postfix/users", "".join(f"{user}@example.org {user}@example.org/\n" for user in USERS))
        values = {"compatibility_level": "3.6", "queue_directory": self.mail.path("queue"), "data_directory": self.mail.path("data"),
                  "command_directory": "/usr/sbin", "daemon_directory": "/usr/lib/postfix/sbin", "mail_owner": "postfix", "setgid_group": "postdrop",
                  "maillog_file": self.mail.path("maillog"), "maillog_file_prefixes": self.mail.directory, "myhostname": "mx.example.org",
                  "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4", "mynetworks": "127.0.0.0/8", "mydestination": "", "relayhost": "",
                  "alias_maps": "", "alias_database": "", "local_recipient_maps": "", "smtpd_peername_lookup": "no",
                  "smtpd_relay_restrictions": "reject_unauth_destination", "message_size_limit": "20000000",
                  "virtual_mailbox_domains": "example.org", "virtual_mailbox_base": self.mail.path("mail"),
                  "virtual_mailbox_maps": f"texthash:{self.mail.path('postfix', 'users')}", "virtual_minimum_uid": "1",
                  "virtual_uid_maps": f"static:{self.mail.uid}", "virtual_gid_maps": f"static:{self.mail.gid}", "virtual_mailbox_limit": "0",
                  "milter_default_action": "accept", "milter_connect_timeout": "60s", **settings}
        self.mail.write("postfix/main.cf", "".join(f"{name} = {value}\n" for name, value in values.items()))
        if hasattr(self, "running"):
            self.run("postfix", "reload")
        self.running = True

    def run(self, program, *arguments):
        result = subprocess.run([f"/usr/sbin/{program}", "-c", self.config, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if result.returncode != 0:
            raise RuntimeError(f"{program} {' '.join(arguments)}: {result.stdout}{result.stderr}{self.log()}")
        return result.stdout

    def log(self):
        try:
            with open(self.mail.path("maillog"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def send(self, message, sender="joe@example.com", recipients=("anna@example.org",)):
        """Delivers by SMTP; raises smtplib's exceptions for a refusal."""
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.example.com", timeout=240) as client:
            return client.sendmail(sender, list(recipients), message if isinstance(message, (str, bytes)) else message.as_bytes())

    def queue(self):
        """The messages in the queue, as postqueue -j lists them."""
        return [json.loads(line) for line in self.run("postqueue", "-j").splitlines()]

    def stop(self):
        subprocess.run(["/usr/sbin/postfix", "-c", self.config, "stop"], capture_output=True, stdin=subprocess.DEVNULL)


class Dovecot:
    """Dovecot's IMAP on a free port over the same Maildirs, with imapsieve set up by the files of integrations/dovecot. All
    users have the password "secret"."""

    def __init__(self, mail, learn_settings):
        self.mail, self.port = mail, free_port()
        os.mkdir(mail.path("winnow"))
        for name in ("report-spam.sieve", "report-ham.sieve", "winnow-learn"):
            shutil.copy(os.path.join(DOVECOT_FILES, name), mail.path("winnow", name))
            os.chmod(mail.path("winnow", name), 0o755)
        os.chown(mail.path("winnow"), mail.uid, mail.gid)  # compiled scripts are kept there
        mail.write("winnow/winnow-learn.conf", learn_settings)
        with open(os.path.join(DOVECOT_FILES, "90-winnow.conf"), encoding="utf-8") as file:
            ours = file.read().replace("/etc/dovecot/winnow", mail.path("winnow"))
        mail.write("dovecot.conf", f"""
base_dir = {mail.path("run")}
state_dir = {mail.path("state")}
log_path = {mail.path("dovecot.log")}
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{mail.path("mail")}/%u
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={mail.uid} gid={mail.gid} home={mail.path("mail")}/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
  mailbox Archive {{
    auto = create
  }}
}}
{ours}
""")
        self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", mail.path("dovecot.conf")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port) or self.process.poll() is not None, "Dovecot")
        if self.process.poll() is not None:
            raise RuntimeError("Dovecot won't start: " + self.log())

    def log(self):
        try:
            with open(self.mail.path("dovecot.log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def login(self, user):
        client = imaplib.IMAP4("127.0.0.1", self.port)
        client.login(user, "secret")
        return client

    def move(self, user, subject, source, target):
        """Moves the messages with that subject, as a mail client does; returns how many there were."""
        client = self.login(user)
        try:
            client.select(source)
            _, found = client.uid("SEARCH", "SUBJECT", f'"{subject}"')
            numbers = found[0].split()
            for number in numbers:
                status, answer = client.uid("MOVE", number, target)
                if status != "OK":
                    raise AssertionError(f"MOVE {target}: {answer}\n{self.log()}")
            return len(numbers)
        finally:
            client.logout()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(240)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
