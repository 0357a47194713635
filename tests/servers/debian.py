"""Programs that are Debian packages: from PATH, or newly installed where that is allowed."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.servers.parts import MissingPart


def find(
    find_on_path: Callable[[], str | None],
    folder: Path,
    *packages: str,
    answers: str = "",
) -> str:
    """The path of a program, which `packages` bring if it is missing.

    `folder` is shared by the xdist workers of a run: one of them installs it, and the others wait. `answers`
    are for the questions that the packages ask (debconf).
    """
    return find_on_path() or _installed(find_on_path, folder, packages, answers)


def _installed(
    find_on_path: Callable[[], str | None], folder: Path, packages: tuple[str, ...], answers: str
) -> str:
    if os.geteuid() != 0 or not _is_debian():
        raise MissingPart("it is not on PATH, and only root on Debian can install it from here")
    failed = folder / f"{packages[0]}.failed"
    with (folder / f"{packages[0]}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not find_on_path() and not failed.exists():
            _install(packages, answers, failed)
    if found := find_on_path():
        return found
    raise MissingPart(f"apt-get could not install it: {failed.read_text()}")


def _is_debian() -> bool:
    # Not its derivatives: Ubuntu's package of chromium is only a pointer to a snap.
    release = Path("/etc/os-release")
    is_debian = release.exists() and "ID=debian" in release.read_text().splitlines()
    return is_debian and shutil.which("apt-get") is not None


def _install(packages: tuple[str, ...], answers: str, failed: Path) -> None:
    unattended = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    for command in (["debconf-set-selections"], ["apt-get", "update"], install):
        done = subprocess.run(
            command, env=unattended, input=answers, capture_output=True, text=True, check=False
        )
        if done.returncode:
            failed.write_text(done.stderr.strip())
            return
