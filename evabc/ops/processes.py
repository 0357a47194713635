"""Keep the processes of `make run` running, and show what they print under their names.

A process that exits is restarted: at once the first time, then after longer and longer waits, and at most
``len(WAITS)`` times within ``WINDOW``. So a portal that runs for months survives any number of single exits,
and a process that cannot start does not spin.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from django.core.management.color import supports_color
from django.utils.termcolors import colorize

WINDOW = 120  # seconds in which exits are counted
WAITS = (0, 1, 2, 4, 8)  # seconds before the first restart, the second and so on
# Ctrl-C, an order to stop, and a terminal window that was closed.
STOPPED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 5  # for every process to stop without being killed
_LAST_LINES_SECONDS = 2  # for the output of a process that has exited

Show = Callable[[str, str], None]


@dataclass
class Service:
    """A process to keep running.

    ``without_it`` says what people will notice while it is down. If it is empty, everything stops with it.
    """

    name: str
    command: list[str]
    without_it: str = ""
    pass_fds: tuple[int, ...] = ()
    starts_at: float = 0  # time.monotonic()
    exits: list[float] = field(default_factory=list)  # time.monotonic(), those within WINDOW
    process: subprocess.Popen[bytes] | None = None
    reader: threading.Thread | None = None

    def start(self, show: Show) -> None:
        self.process = process = subprocess.Popen(  # noqa: S603 - our own commands
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            pass_fds=self.pass_fds,
            # In its own session, so that Ctrl-C reaches only this process, which stops the others.
            start_new_session=True,
        )

        def read() -> None:
            assert process.stdout  # noqa: S101 - a pipe
            for line in process.stdout:
                show(self.name, line.decode(errors="replace").rstrip())

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()

    def clean_up(self) -> None:
        """After an exit: end what the process has left behind, and wait for its last lines."""
        assert self.process and self.reader  # noqa: S101 - it was started
        with suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.reader.join(_LAST_LINES_SECONDS)
        self.process = None

    def wait_after(self, exit_at: float) -> tuple[float, bool]:
        """Seconds to wait before the next start after an exit, and whether it exited too often."""
        self.exits = [at for at in self.exits if exit_at - at < WINDOW]
        is_too_often = len(self.exits) >= len(WAITS)
        wait = self.exits[0] + WINDOW - exit_at if is_too_often else WAITS[len(self.exits)]
        self.exits.append(exit_at)
        self.starts_at = exit_at + wait
        return wait, is_too_often


def keep_running(services: Collection[Service], *, show: Show) -> int:
    """Run the services until a signal arrives, or one that everything needs exits too often.

    ``show`` takes the name of a service and a line. Returns the status to exit with.
    """
    stopped_by: list[int] = []
    for number in STOPPED_BY:
        signal.signal(number, lambda number, _: stopped_by.append(number))
    try:
        while not stopped_by:
            for service in services:
                now = time.monotonic()
                if service.process is None:
                    if now >= service.starts_at:
                        service.start(show)
                elif (status := service.process.poll()) is not None:
                    service.clean_up()
                    wait, is_too_often = service.wait_after(now)
                    for line in _report(service, status, wait, is_too_often):
                        show(service.name, line)
                    if is_too_often and not service.without_it:
                        return status or 1
            time.sleep(0.2)
        return 128 + stopped_by[0]
    finally:
        # A second Ctrl-C must not leave processes behind.
        for number in STOPPED_BY:
            signal.signal(number, signal.SIG_IGN)
        _end([service.process for service in services if service.process])


def _report(service: Service, status: int, wait: float, is_too_often: bool) -> Iterator[str]:
    if not is_too_often:
        yield f"Stopped with status {status}. Starting again" + (f" in {wait} s." if wait else ".")
        return
    yield f"Stopped {len(service.exits)} times within {WINDOW // 60} minutes. The reason is in the lines above."
    if service.without_it:
        yield f"The portal continues without it. {service.without_it} Trying again in {wait:.0f} s."
    else:
        yield "Stopping everything, because nothing works without it. The data is kept."


def _end(processes: Collection[subprocess.Popen[bytes]]) -> None:
    """Stop the processes. A worker gets time to finish its task before it is killed."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(timeout=max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def screen(names: Collection[str], *, write: Callable[[str], object]) -> Show:
    """A function that writes a line with its name in front, in that name's colour on a terminal.

    A line that cannot be written, such as to a file on a full disk, is dropped.
    """
    colours = dict(zip(names, ("cyan", "green", "yellow", "magenta"), strict=False))
    is_coloured = supports_color() and not os.environ.get("NO_COLOR")
    width = max(map(len, names))
    lock = threading.Lock()

    def show(name: str, line: str) -> None:
        label = f"{name:{width}} |"
        if is_coloured:
            label = colorize(label, fg=colours[name])
        with lock, suppress(OSError):
            write(f"{label} {line}")

    return show
