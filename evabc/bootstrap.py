"""Create the virtual environment and install the locked dependencies.

Runs on the machine's own Python, so it uses the standard library only:

    python3 evabc/bootstrap.py requirements.txt
"""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

MIN_PYTHON = (3, 11)
VENV = Path(__file__).resolve().parent.parent / ".venv"


def main(lock: Path) -> None:
    """Create the environment if it is missing, and install the lock if it has changed."""
    if sys.version_info < MIN_PYTHON:
        sys.exit(
            f"The portal needs Python {'.'.join(map(str, MIN_PYTHON))} or newer. This is Python "
            f"{sys.version.split()[0]}. On Debian 12 or newer, run: apt-get install python3"
        )
    stamp = VENV / "installed"
    wanted = fingerprint(lock)
    if stamp.exists() and wanted in stamp.read_text().split():
        return
    if not (VENV / "bin" / "python").exists():
        make_environment()
    print(f"Installing the packages in {lock.name} …", flush=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "install", "--require-hashes", "-r", str(lock)], check=False)
    if done.returncode:
        sys.exit("The dependencies could not be installed. See pip’s message above.")
    # The development lock includes the runtime lock, so `make run` has nothing more to install.
    runtime = lock.with_name("requirements.txt")
    locks = {lock, runtime} if lock.name == "requirements-dev.txt" else {lock}
    stamp.write_text("\n".join(map(fingerprint, locks)))


def make_environment() -> None:
    """Create the virtual environment. A minimal Debian lacks a part of Python's venv."""
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit("Python’s venv module is incomplete. On Debian, run: apt-get install python3-venv")
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=False)
    if done.returncode:
        sys.exit(
            "The virtual environment could not be created. On Debian, run: apt-get install python3-venv"
        )


def fingerprint(lock: Path) -> str:
    """Changes when the lock or the Python changes."""
    return hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
