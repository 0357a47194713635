"""Lists of the sample province as offices make them: to try an import with, and for the pictures of the staff guide."""

import csv
from datetime import date
from io import BytesIO
from pathlib import Path

from evabc.sample.province import moved

_FOLDER = Path(__file__).parent / "office"
# The files for each page of the staff guide. Their texts are in the folder; Slack and Zoom export CSV.
FILES = {
    "programs": ["contracts.xlsx"],
    "agencies": ["members.xlsx"],
    "people": ["program-staff.xlsx"],
    "initiatives": ["coordination-tables.xlsx"],
    "roster": ["stvc-form-answers.xlsx"],
    "slack-and-zoom": ["slack-members.csv", "zoom-registrations.csv", "zoom-participants.csv"],
}


def office_file(file_name: str, *, today: date) -> bytes:
    """The content of the file, with its dates moved to this day."""
    text = (_FOLDER / file_name).with_suffix(".csv").read_text(encoding="utf-8")
    text = moved(text, today=today)
    if file_name.endswith(".csv"):
        return text.encode("utf-8-sig")
    # Imported here because openpyxl takes 7 MB of memory.
    from openpyxl import Workbook

    book = Workbook()
    for row in csv.reader(text.splitlines()):
        book.active.append([_typed(cell) for cell in row])
    for column in "ABCDEFGHIJ":
        book.active.column_dimensions[column].width = 24
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _typed(cell: str) -> str | int | date:
    """As someone's typing into Excel makes it."""
    if cell.isdecimal():
        return int(cell)
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return cell
