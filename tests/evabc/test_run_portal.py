"""`make run` restarts a process that exits, and stops after a few restarts."""

import signal
import sys

import pytest

from evabc.management.commands.run_portal import RESTARTS, keep_running


@pytest.fixture(autouse=True)
def _signals():
    """Restore the signal handlers that `make run` replaces."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_process_that_keeps_exiting_is_restarted_and_then_everything_stops(capfd, tmp_path):
    ended = tmp_path / "ended"
    lives = f"""
import pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path({str(ended)!r}).touch(), sys.exit()))
print("ready", flush=True)
signal.pause()
"""
    dies = "import sys; sys.exit('my last words')"
    messages = []

    status = keep_running(
        {"web": [sys.executable, "-c", lives], "worker": [sys.executable, "-c", dies]},
        say=messages.append,
    )

    assert status == 1
    assert messages.count("Restarting the worker process.") == RESTARTS
    assert capfd.readouterr().err.count("my last words") == RESTARTS + 1
    assert ended.exists()


def test_a_process_that_exits_once_is_restarted(tmp_path):
    times = tmp_path / "times"
    dies_once = f"""
import os, pathlib, signal, sys
times = pathlib.Path({str(times)!r})
times.write_text((times.read_text() if times.exists() else "") + "x")
os.kill(os.getpid(), signal.SIGKILL) if times.read_text() == "x" else os.kill(os.getppid(), signal.SIGTERM)
"""
    messages = []

    with pytest.raises(SystemExit) as end:
        keep_running({"worker": [sys.executable, "-c", dies_once]}, say=messages.append)

    assert end.value.code == 128 + signal.SIGTERM
    assert messages == [
        "The worker process stopped with status -9.",
        "Restarting the worker process.",
    ]
    assert times.read_text() == "xx"
