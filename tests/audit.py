"""Compare the locked packages with known vulnerabilities, without a network: `make audit`.

The data is the export of the OSV database for PyPI (one zip of JSON files), downloaded on a machine with a
network and put into `.data/osv-pypi.zip`, or named as the first argument. Exits with 1 if a locked
version is known to be vulnerable. Without data it only prints a message.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tests.servers.parts import ROOT

LOCKS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
DATA = ROOT / ".data" / "osv-pypi.zip"


@dataclass(frozen=True)
class Finding:
    """A locked package with a known vulnerability."""

    package: str
    version: str
    advisory: str
    summary: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}: {self.advisory} {self.summary}".rstrip()


def locked(files: list[Path]) -> dict[str, str]:
    """The locked version of each package, by normalized name."""
    pins = (
        re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", f.read_text(), re.M) for f in files
    )
    return {canonicalize_name(name): version for found in pins for name, version in found}


def advisories(data: Path) -> Iterator[dict[str, Any]]:
    """All advisories in the export that were not withdrawn."""
    with ZipFile(data) as archive:
        for name in archive.namelist():
            advisory = json.loads(archive.read(name))
            if "withdrawn" not in advisory:
                yield advisory


def findings(packages: dict[str, str], data: Path) -> list[Finding]:
    """The known vulnerabilities of these versions."""
    return [
        Finding(name, packages[name], advisory["id"], advisory.get("summary", ""))
        for advisory in advisories(data)
        for affected in advisory.get("affected", [])
        if (name := canonicalize_name(affected["package"]["name"])) in packages
        and _is_affected(packages[name], affected)
    ]


def _is_affected(version: str, affected: dict[str, Any]) -> bool:
    if version in affected.get("versions", []):
        return True
    ranges = (r for r in affected.get("ranges", []) if r["type"] == "ECOSYSTEM")
    return any(_in_range(Version(version), r["events"]) for r in ranges)


def _in_range(version: Version, events: list[dict[str, str]]) -> bool:
    """Whether the version is in the range that these events describe."""
    inside = False
    for event in events:
        kind, text = next(iter(event.items()))
        try:
            at = Version("0" if text == "0" else text)
        except InvalidVersion:
            return True  # rather report too much
        if kind == "introduced":
            inside = inside or version >= at
        elif kind == "fixed":
            inside = inside and version < at
        elif kind == "last_affected":
            inside = inside and version <= at
    return inside


def main(arguments: list[str]) -> int:
    data = Path(arguments[0]) if arguments else DATA
    packages = locked(LOCKS)
    if not data.exists():
        _say(
            f"No audit: {data.name} does not exist.",
            "Download OSV’s export for PyPI on a machine with a network and put it there.",
        )
        return 0
    known = findings(packages, data)
    day = datetime.fromtimestamp(data.stat().st_mtime, UTC)
    _say(
        *known,
        f"{len(packages)} packages checked with data of {day:%Y-%m-%d}: {len(known)} vulnerabilities.",
    )
    return 1 if known else 0


def _say(*lines: object) -> None:
    print(*lines, sep="\n")  # noqa: T201 - what this command is for


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
