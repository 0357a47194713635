"""Reads an .xls or .ods workbook from the standard input, and writes its rows as JSON to the standard output.

It runs as a process of its own. The reader gives a place in memory to every cell between the first and the last
one, so a small file could take all memory, and a damaged file could end the process.
"""

import json
import sys
from contextlib import suppress
from datetime import date, datetime
from io import BytesIO

MAX_MEMORY = 300_000_000
HAS_PASSWORD = 3  # the exit code


def main(max_rows: int) -> None:
    """Write ``[name, is hidden, [[row number, cell, ...], ...]]`` of each sheet. A date is ``[date]``."""
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read()))
    except PasswordError:
        sys.exit(HAS_PASSWORD)
    sheets = []
    for index, about in enumerate(book.sheets_metadata):
        sheet = book.get_sheet_by_index(index)
        top, left = sheet.start or (0, 0)
        rows: list[list[object]] = []
        for number, values in enumerate(sheet.iter_rows(), start=top + 1):
            if any(value != "" for value in values) and len(rows) < max_rows:
                rows.append([number, *[""] * left, *map(_cell, values)])
        if about.typ == SheetTypeEnum.WorkSheet:
            sheets.append([about.name, about.visible != SheetVisibleEnum.Visible, rows])
    json.dump(sheets, sys.stdout)


def _cell(value: object) -> object:
    match value:
        case datetime():
            return [value.date().isoformat()]
        case date():
            return [value.isoformat()]
        case str() | bool() | int() | float():
            return value
    return str(value)


if __name__ == "__main__":
    with suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(int(sys.argv[1]))
