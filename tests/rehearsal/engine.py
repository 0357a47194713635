"""A Docker engine of our own, and the relay beside it."""

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.servers.parts import wait_until_ready

RELAY = "relay.rehearsal.test"  # the name of its image too
ADDRESS = "172.29.0.1"  # of this machine for the containers
CGROUP = "evabc-rehearsal"
T = TypeVar("T")


def environment() -> dict[str, str]:
    """The machine's own environment, without its settings for Docker and for the portal."""
    ours = re.compile("DOCKER_|COMPOSE_|EVABC_|PORTAL_URL|EMAIL_URL|SECRET_KEY|POSTGRES_")
    return {name: value for name, value in os.environ.items() if not ours.match(name)}


def start(folder: Path, cache: Path) -> None:
    """Start the engine. `docker` and `docker compose` in this process use it. It ends with the namespaces."""
    os.environ.update(
        DOCKER_HOST=f"unix://{folder}/docker.sock",
        DOCKER_CONFIG=str(folder / "config"),
        # The engine's own builder, because the other one is a plugin that Debian's package lacks.
        DOCKER_BUILDKIT="0",
        COMPOSE_ANSI="never",
        COMPOSE_PROGRESS="plain",
    )
    (plugin,) = (cache / "docker-compose").rglob("cli-plugins/docker-compose")
    (folder / "config").mkdir()
    (folder / "config/cli-plugins").symlink_to(plugin.parent)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    log = folder / "dockerd.log"
    command = ["dockerd", f"--data-root={folder}/data", f"--exec-root={folder}/run"]
    command += [f"--host=unix://{folder}/docker.sock", f"--pidfile={folder}/pid"]
    command += ["--storage-driver=overlay2"]
    command += [f"--bip={ADDRESS}/24", f"--dns={ADDRESS}", f"--cgroup-parent=/{CGROUP}"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    wait_until_ready(process, ready=lambda: _is_fine("docker", "info"), log=log, seconds=60)


def _is_fine(*command: str) -> bool:
    return not subprocess.run(command, capture_output=True, check=False).returncode


def remove_cgroups() -> None:
    """The containers are gone, but their groups stay."""
    for parent in Path("/sys/fs/cgroup").glob(f"**/{CGROUP}"):
        for path, _, _ in os.walk(parent, topdown=False):
            Path(path).rmdir()


def docker(*arguments: str, cwd: Path | None = None) -> str:
    """Run docker. Returns what it prints, or raises with the end of it."""
    command = ["docker", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise AssertionError(f"docker {' '.join(arguments)[:200]}: {said}")
    return done.stdout


def start_relay(folder: Path) -> None:
    """Start Postfix and the name server, on all addresses of this machine."""
    mail = folder / "mailbox"
    mail.mkdir()
    options = [f"--env=ADDRESS={ADDRESS}", f"--volume={mail}:/mailbox"]
    docker("run", "--detach", "--name=relay", "--network=host", *options, RELAY)
    until(lambda: "daemon started" in docker("logs", "relay"), lambda: "no Postfix", seconds=30)


def until(look: Callable[[], T], otherwise: Callable[[], str], seconds: float = 120) -> T:
    """What `look` returns, once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"in {seconds:.0f} s: {otherwise()}"
        time.sleep(0.5)
    return found
