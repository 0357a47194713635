"""`make run` restarts a process that exits, shows its last lines, and gives up only on the web server."""

import os
import signal
import socket
import sys

import pytest
from django.core.management.base import CommandError

from evabc.management.commands.run_portal import listening_socket
from evabc.ops import processes
from evabc.ops.processes import STOPPED_BY, WAITS, WINDOW, Service, keep_running, screen

DIES = "import sys; print('my', 'last words', file=sys.stderr); sys.exit(3)"
LIVES = """
import pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path(sys.argv[1]).touch(), sys.exit()))
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture(autouse=True)
def _signals():
    """Restore the signal handlers that `make run` replaces."""
    before = {number: signal.getsignal(number) for number in STOPPED_BY}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(processes, "WAITS", (0, 0))


def python(name, code, *arguments, without_it=""):
    return Service(name, [sys.executable, "-c", code, *arguments], without_it)


def test_when_the_web_server_keeps_exiting_everything_stops_and_the_reason_is_shown(
    at_once, tmp_path
):
    lines = []
    services = [
        python("worker", LIVES, str(tmp_path / "stopped"), without_it="Emails wait."),
        python("web", DIES),
    ]

    status = keep_running(services, show=lambda *line: lines.append(line))

    assert status == 3
    assert [line for name, line in lines if name == "web"] == [
        *("my last words", "Stopped with status 3. Starting again.") * 2,
        "my last words",
        "Stopped 3 times within 2 minutes. The reason is in the lines above.",
        "Stopping everything, because nothing works without it. The data is kept.",
    ]
    assert ("worker", "ready") in lines
    assert (tmp_path / "stopped").exists()


@pytest.mark.parametrize("number", STOPPED_BY)
def test_a_signal_stops_everything(number, tmp_path):
    """Also the one that a closed terminal window sends."""
    stopped = tmp_path / "stopped"

    status = keep_running(
        [python("web", LIVES, str(stopped))],
        show=lambda _, line: os.kill(os.getpid(), number) if line == "ready" else None,
    )

    assert status == 128 + number
    assert stopped.exists()


def test_when_a_worker_keeps_exiting_the_others_go_on_and_the_screen_says_what_waits(
    at_once, tmp_path
):
    lines = []

    def show(name, line):
        lines.append((name, line))
        if "Trying again" in line:
            os.kill(os.getpid(), signal.SIGTERM)

    services = [
        python("web", LIVES, str(tmp_path / "stopped")),
        python("worker", DIES, without_it="Emails wait."),
    ]

    status = keep_running(services, show=show)

    assert status == 128 + signal.SIGTERM
    assert [line for name, line in lines if name == "web"] == ["ready"]
    assert (tmp_path / "stopped").exists()
    assert [name for name, line in lines if line == "my last words"] == ["worker"] * 3
    name, line = lines[-1]
    assert (name, line.partition(" in ")[0]) == (
        "worker",
        "The portal continues without it. Emails wait. Trying again",
    )


def test_what_a_killed_process_leaves_behind_ends_before_it_starts_again(tmp_path):
    """As the workers of gunicorn, which would keep answering with the old code."""
    code = """
import fcntl, os, signal, sys
port = open(sys.argv[1], "a")
fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
if os.fstat(port.fileno()).st_size:
    os.kill(os.getppid(), signal.SIGTERM)
    signal.pause()
if os.fork():
    os.write(port.fileno(), b"taken")
    os.kill(os.getpid(), signal.SIGKILL)
signal.pause()  # the child still holds the lock
"""
    lines = []

    keep_running(
        [python("web", code, str(tmp_path / "port"))], show=lambda _, line: lines.append(line)
    )

    assert lines == ["Stopped with status -9. Starting again."]


def test_waits_grow_within_two_minutes_and_are_forgotten_after():
    service = Service("web", [])
    day = 24 * 60 * 60

    rare = [service.wait_after(number * day) for number in range(20)]
    often = [service.wait_after(30 * day + number) for number in range(6)]
    later = service.wait_after(31 * day)

    assert rare == [(0, False)] * 20
    assert often == [*((wait, False) for wait in WAITS), (WINDOW - 5, True)]
    assert later == (0, False)


@pytest.mark.parametrize(
    ("is_terminal", "no_color", "expected"),
    [
        (True, "", ["\x1b[36mweb    |\x1b[0m one", "\x1b[32mworker |\x1b[0m two"]),
        (True, "1", ["web    | one", "worker | two"]),
        (False, "", ["web    | one", "worker | two"]),
    ],
)
def test_each_line_has_its_name_in_colour_on_a_terminal_only(
    is_terminal, no_color, expected, monkeypatch
):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    monkeypatch.setenv("NO_COLOR", no_color)
    written = []
    show = screen(["web", "worker"], write=written.append)

    show("web", "one")
    show("worker", "two")

    assert written == expected


def test_a_screen_that_cannot_be_written_to_does_not_end_the_portal():
    def full_disk(line):
        raise OSError("no space left on device")

    screen(["web"], write=full_disk)("web", "one")


def test_a_port_in_use_is_said_before_anything_starts(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        with (
            pytest.raises(CommandError, match=rf"Port {port} cannot be used: .* PORT={port + 1}"),
            listening_socket(),
        ):
            pass
