"""A mail server in its own process: it can be killed, it keeps a log, and it has faults on request.

    python -m tests.faults.mail_server PORT LOG RULES

Each step of each conversation is a line of LOG before it is answered; `accepted` is the moment from
which the email is the server's. RULES is a JSON file that may change at any time: a list of
{"at": step, "do": what, "whom": part of the recipient's address, empty for all}. What it can do:
"451 text", "550 text" (an answer instead of its own), "hang" (until RULES changes), "drop" (hang
up), "drip" (a byte a second, for ever), "pause" (a twentieth of a second).
"""

import json
import os
import socket
import sys
import threading
from pathlib import Path

STEPS = ["connect", "helo", "mail", "rcpt", "data", "dot", "accepted", "quit"]
_ANSWERS = {
    "connect": "220 ready",
    "helo": "250 hello",
    "mail": "250 ok",
    "rcpt": "250 ok",
    "data": "354 go on",
    "accepted": "250 taken",
    "quit": "221 bye",
}
_never = threading.Event()  # never set: waiting for it is a pause


class HungUp(Exception):
    """The rules ended the conversation."""


class Conversation:
    def __init__(self, connection: socket.socket, log: int, rules: Path) -> None:
        self._connection, self._log, self._rules = connection, log, rules
        self._reader = connection.makefile("rb")
        self._to = self._message_id = ""

    def hold(self) -> None:
        if not self._step("connect"):
            return
        while command := self._reader.readline():
            verb = command[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                self._step("helo")
            elif verb == b"MAIL":
                self._step("mail")
            elif verb == b"RCPT":
                self._to = command.decode().strip()
                self._step("rcpt")
            elif verb == b"DATA":
                if self._step("data"):
                    self._take()
            elif verb == b"QUIT":
                self._step("quit")
                return
            else:
                self._say("250 ok")

    def _take(self) -> None:
        while (text := self._reader.readline()) != b".\r\n":
            if not text:
                raise HungUp
            if text.lower().startswith(b"message-id:"):
                self._message_id = text.decode().partition(":")[2].strip()
        if self._step("dot"):
            self._step("accepted")

    def _step(self, step: str) -> bool:
        """Log the step, then follow the rules. False if the email is refused."""
        note = {"step": step, "to": self._to, "id": self._message_id}
        os.write(self._log, json.dumps(note).encode() + b"\n")
        do = json.loads(self._rules.read_text()).get(step)
        return self._misbehave(step, do) if do else self._answer(step)

    def _answer(self, step: str) -> bool:
        if step in _ANSWERS:
            self._say(_ANSWERS[step])
        return True

    def _misbehave(self, step: str, do: str) -> bool:
        if do == "drop":
            raise HungUp
        if do == "hang":
            before = self._rules.stat().st_mtime_ns
            while self._rules.stat().st_mtime_ns == before:
                _never.wait(0.01)
        elif do == "drip":
            while True:
                for byte in b"220-wait\r\n":
                    self._connection.sendall(bytes([byte]))
                    _never.wait(1)
        elif do == "pause":
            _never.wait(0.05)
        else:
            self._say(do)
            return False
        return self._answer(step)

    def _say(self, text: str) -> None:
        self._connection.sendall(text.encode() + b"\r\n")


def _talk(connection: socket.socket, log: int, rules: Path) -> None:
    with connection:
        try:
            Conversation(connection, log, rules).hold()
        except (HungUp, OSError):
            connection.close()


def main(port: str, log: str, rules: str) -> None:
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with socket.create_server(("127.0.0.1", int(port)), backlog=128) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(
                target=_talk, args=[connection, written, Path(rules)], daemon=True
            ).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
