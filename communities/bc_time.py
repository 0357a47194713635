"""The time of a meeting for everyone in British Columbia. Pure.

Staff plan in Vancouver's time. Where the clocks of a region differ on that day, its own time is
added. Which do changes with the years: until 8 March 2026 Fort St. John, Fort Nelson and Creston were
an hour ahead in winter; since British Columbia ended the change of clocks they agree with Vancouver
all year, and the towns on Mountain time are an hour ahead all year. So nothing of it is written
down here: the pinned zone data knows.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

VANCOUVER = "America/Vancouver"

# A town of each region whose clocks are, or were, not Vancouver's.
REGIONS = {
    "Cranbrook": "America/Edmonton",
    "Creston": "America/Creston",
    "Fort Nelson": "America/Fort_Nelson",
    "Fort St. John": "America/Dawson_Creek",
}


def in_words(starts_at: datetime, ends_at: datetime) -> str:
    """For example "10:00 to 11:30 Pacific time; 11:00 to 12:30 in Cranbrook"."""
    parts = [f"{_clock(starts_at, ends_at, VANCOUVER)} Pacific time"]
    parts += [
        f"{clock} in {_listed(towns)}" for clock, towns in _elsewhere(starts_at, ends_at).items()
    ]
    return "; ".join(parts)


def _elsewhere(starts_at: datetime, ends_at: datetime) -> dict[str, list[str]]:
    """The towns whose clocks differ on that day, by what their clocks show."""
    towns: dict[str, list[str]] = {}
    for town, zone in REGIONS.items():
        if _offset(starts_at, zone) != _offset(starts_at, VANCOUVER):
            towns.setdefault(_clock(starts_at, ends_at, zone), []).append(town)
    return towns


def _offset(at: datetime, zone: str) -> timedelta | None:
    return at.astimezone(ZoneInfo(zone)).utcoffset()


def _clock(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    start, end = (at.astimezone(ZoneInfo(zone)) for at in (starts_at, ends_at))
    return f"{start:%H:%M} to {end:%H:%M}"


def _listed(towns: list[str]) -> str:
    return towns[0] if len(towns) == 1 else f"{', '.join(towns[:-1])} and {towns[-1]}"
