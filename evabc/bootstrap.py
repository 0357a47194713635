"""From a fresh machine to a virtual environment with the locked dependencies.

Runs on the bare Python of the machine, so it uses the standard library only:

    python3 evabc/bootstrap.py requirements.txt
"""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
VENV = Path(__file__).resolve().parent.parent / ".venv"


def main(lock: Path) -> None:
    """Make the environment if it is missing, and bring it to the lock if it is not there yet."""
    if sys.version_info < OLDEST:
        sys.exit(
            f"The portal needs Python {'.'.join(map(str, OLDEST))} or newer, and this is "
            f"{sys.version.split()[0]}. On Debian 12 or newer: apt-get install python3"
        )
    stamp = VENV / "installed"
    wanted = fingerprint(lock)
    if stamp.exists() and wanted in stamp.read_text().split():
        return
    if not (VENV / "bin" / "python").exists():
        make_environment()
    print(f"Installing what {lock.name} lists …", flush=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "install", "--require-hashes", "-r", str(lock)], check=False)
    if done.returncode:
        sys.exit("The dependencies could not be installed; pip says why above.")
    # The development lock holds the runtime lock too: with it, `make run` has nothing to install.
    stamps = [fingerprint(lock)] + [fingerprint(other) for other in contained_in(lock)]
    stamp.write_text("\n".join(stamps))


def make_environment() -> None:
    """A virtual environment; a bare Debian lacks a part of what this takes."""
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit("Python's venv is incomplete here. On Debian: apt-get install python3-venv")
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=False)
    if done.returncode:
        sys.exit(
            "The virtual environment could not be made. On Debian: apt-get install python3-venv"
        )


def contained_in(lock: Path) -> list[Path]:
    """The locks that this one includes."""
    runtime = lock.with_name("requirements.txt")
    return [runtime] if lock.name == "requirements-dev.txt" else []


def fingerprint(lock: Path) -> str:
    """Changes when the lock or the Python changes."""
    return hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
