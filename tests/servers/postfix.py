"""A real Postfix on free ports, which refuses some senders and recipients, and keeps the emails that it takes."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.servers import debian
from tests.servers.certificates import certificate
from tests.servers.parts import MissingPart, free_port, stop, wait_until_ready

# Its package asks for a configuration. Without one, the system's own Postfix does not start.
ANSWERS = "postfix postfix/main_mailer_type select No configuration\n"
NOBODY = 65534
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = /dev/stdout
myhostname = mail.example.org
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {folder}/certificate.pem
smtpd_tls_key_file = {folder}/key.pem
virtual_mailbox_domains = example.org, endingviolence.org
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ dana@example.org=all/, lou@example.org=all/, later@example.org=all/,
    programsupport@endingviolence.org=all/ }}
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_helo_restrictions = reject_non_fqdn_helo_hostname
smtpd_relay_restrictions = reject_unauth_destination
smtpd_sender_restrictions =
    check_sender_access inline:{{ {{ ccss@example.org = 553 5.7.1 not owned by user portal }} }}
smtpd_recipient_restrictions =
    check_recipient_access inline:{{ {{ later@example.org = 450 4.2.0 Greylisted }} }}
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{plain_port} inet n - n - - smtpd -o smtpd_tls_security_level=none
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """`certificate` is its own, which no client knows. On `plain_port` it offers no STARTTLS."""

    port: int
    plain_port: int
    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def messages(self) -> list[EmailMessage]:
        """What it has taken for `dana@example.org` and the others, and put into their mailbox."""
        files = sorted((self.folder / "mail" / "all" / "new").glob("*"))
        return [
            message_from_bytes(file.read_bytes(), EmailMessage, policy=policy.default)
            for file in files
        ]


@contextmanager
def running(run: Path) -> Iterator[Postfix]:
    """Run Postfix in a folder of its own in `run`, which its own users can reach."""
    program = debian.find(lambda: shutil.which("postfix"), run, "postfix", answers=ANSWERS)
    if os.geteuid() != 0:
        raise MissingPart("only root can start Postfix")
    folder = run / f"postfix-{os.getpid()}"
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir(parents=True)
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "mail", NOBODY, NOBODY)
    certificate(folder)
    server = Postfix(free_port(), free_port(), folder)
    (folder / "etc/main.cf").write_text(MAIN.format(folder=folder))
    ports = {"port": server.port, "plain_port": server.plain_port}
    (folder / "etc/master.cf").write_text(MASTER.format(**ports))
    postfix = [program, "-c", str(folder / "etc")]
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen([*postfix, "start-fg"], stdout=output, stderr=output)
    try:
        ready = lambda: _answers(server.port) and _answers(server.plain_port)  # noqa: E731
        wait_until_ready(process, ready=ready, log=folder / "log")
        yield server
    finally:
        # start-fg runs its master as a child, which a signal to itself does not reach.
        subprocess.run([*postfix, "stop"], capture_output=True, check=False)
        stop(process, signal=15)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        return connection.recv(3) == b"220"
    return False
