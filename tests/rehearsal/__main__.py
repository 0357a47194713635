"""Rehearse operating.md with the real Dockerfile and docker-compose.yml: `make rehearse`, as root on Debian.

Everything runs in its own network, process and mount namespaces, so that nothing reaches the machine's own
network, and all of it ends and is unmounted with them, whatever happens. What it makes is in one temporary
folder, which is deleted. Packages and base images are kept in `.data/rehearsal`. Arguments are the names of steps, to
go through only these: `make rehearse ARGS="'base images' install 'red: disk'"`.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.rehearsal import engine, images, steps
from tests.servers.parts import ROOT

CACHE = ROOT / ".data/rehearsal"
PREFIX = "evabc-rehearsal-"
# Programs, and the Debian packages that have them.
PROGRAMS = {"dockerd": "docker.io", "iptables": "iptables", "mmdebstrap": "mmdebstrap"}
PROGRAMS |= {"dpkg-scanpackages": "dpkg-dev", "openssl": "openssl", "curl": "curl"}
# The last is bash, because process 1 must collect what the others leave behind.
NAMESPACES = ["setpriv", "--pdeathsig", "KILL"]  # also when this process is killed
NAMESPACES += ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
NAMESPACES += ["bash", "-c", '"$@"; exit $?', "bash"]


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        with suppress(KeyboardInterrupt):  # the other process answers it
            return steps.rehearse(Path(sys.argv[2]), CACHE, sys.argv[3:])
        return 130
    landed = ["git", "show", f"{steps.LANDED}:requirements.txt"]
    shown = subprocess.run(landed, cwd=ROOT, capture_output=True, text=True, check=False)
    if shown.returncode:
        sys.exit("The rehearsal needs the history of the project. Run git fetch --unshallow.")
    if missing := what_is_missing():
        sys.exit(missing)
    with Path(f"/run/lock/{PREFIX}lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("A rehearsal is running on this machine already. Wait until it has ended.")
        for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            shutil.rmtree(left)  # of a rehearsal that was killed
        engine.remove_cgroups()
        install_programs()
        images.download(CACHE)
        images.download_wheels(CACHE, shown.stdout)
        folder = tempfile.mkdtemp(prefix=PREFIX)
        inside = [*NAMESPACES, sys.executable, "-m", "tests.rehearsal", "--inside", folder]
        process = subprocess.Popen([*inside, *sys.argv[1:]], cwd=ROOT, env=engine.environment())
        try:
            return process.wait()
        except KeyboardInterrupt:
            steps.say("Interrupted. Deleting everything takes a moment.")
            return 130
        finally:
            process.kill()
            process.wait()
            engine.remove_cgroups()
            shutil.rmtree(folder, ignore_errors=True)


def what_is_missing() -> str:
    """One sentence about what the rehearsal needs and this machine lacks, or nothing."""
    if not Path("/etc/debian_version").exists() or not shutil.which("apt-get"):
        return "The rehearsal needs Debian, because it makes base images from Debian packages."
    if os.geteuid():
        return "The rehearsal needs root, because it starts a Docker engine of its own."
    if modprobe := shutil.which("modprobe"):
        subprocess.run([modprobe, "overlay"], check=False, capture_output=True)
    if "\toverlay\n" not in Path("/proc/filesystems").read_text():
        return "The rehearsal needs a Linux with the overlay file system, for the layers of images."
    if shutil.disk_usage(tempfile.gettempdir()).free < 6e9:
        return f"The rehearsal needs 6 GB of free space in {tempfile.gettempdir()} (or in TMPDIR)."
    if subprocess.run([*NAMESPACES, "true"], check=False).returncode:
        return "The rehearsal needs the right to make namespaces. Start it outside of a container."
    return ""


def install_programs() -> None:
    packages = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if packages:
        install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
        subprocess.run(["apt-get", "update"], check=True)
        subprocess.run(install, check=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


if __name__ == "__main__":
    sys.exit(main())
