"""Reads an .xls workbook from the standard input, and writes its sheets as JSON to the standard output.

It runs as a process of its own: the reader keeps all cells of a workbook, and makes a row of every number up to the
last one, so a small file could take all memory.
"""

import json
import sys
from contextlib import suppress
from datetime import datetime
from typing import Any

MAX_MEMORY = 300_000_000
HAS_PASSWORD = 3  # the exit code


def main(max_rows: int) -> None:
    """Write a dictionary of each sheet. A row is ``[number, is hidden, positions crossed out, cell, ...]``.

    A date is ``{"day": ...}``, an error ``{"error": ...}``, a date that cannot be ``{"no_day": ...}``.
    """
    import xlrd

    try:
        book = xlrd.open_workbook(
            file_contents=sys.stdin.buffer.read(),
            formatting_info=True,
            ragged_rows=True,
            logfile=sys.stderr,
        )
    except xlrd.XLRDError as error:
        sys.exit(HAS_PASSWORD if "encrypted" in str(error) else str(error))
    json.dump([_sheet(book, sheet, max_rows) for sheet in book.sheets()], sys.stdout)


def _sheet(book: Any, sheet: Any, max_rows: int) -> dict[str, Any]:
    rows: list[list[Any]] = []
    for number in range(sheet.nrows):
        if len(rows) == max_rows or not any(value != "" for value in sheet.row_values(number)):
            continue
        cells = sheet.row(number)
        struck = [
            n
            for n, cell in enumerate(cells)
            if cell.value != ""
            and book.font_list[book.xf_list[cell.xf_index].font_index].struck_out
        ]
        about = sheet.rowinfo_map.get(number)
        rows.append(
            [
                number + 1,
                bool(about and about.hidden),
                struck,
                *(_cell(book, cell) for cell in cells),
            ]
        )
    is_hidden = sheet.visibility != 0
    return {
        "name": sheet.name,
        "hidden": is_hidden,
        "is_active": bool(sheet.sheet_visible or sheet.sheet_selected) and not is_hidden,
        "rows": rows,
        "hidden_columns": [n + 1 for n, about in sheet.colinfo_map.items() if about.hidden],
        "merged": sheet.merged_cells,
        "remarks": [
            [row, column, note.text] for (row, column), note in sheet.cell_note_map.items()
        ],
    }


def _cell(book: Any, cell: Any) -> object:
    import xlrd

    match cell.ctype:
        case xlrd.XL_CELL_ERROR:
            return {"error": xlrd.error_text_from_code.get(cell.value, "#ERROR!")}
        case xlrd.XL_CELL_BOOLEAN:
            return bool(cell.value)
        case xlrd.XL_CELL_DATE:
            try:
                moment: datetime = xlrd.xldate_as_datetime(cell.value, book.datemode)
            except (OverflowError, ValueError):
                return {"no_day": cell.value}
            return {"day": moment.date().isoformat()} if cell.value >= 1 else str(moment.time())
        case xlrd.XL_CELL_NUMBER:
            # A format such as 00000 shows the zeros in front of a number.
            code = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
            is_padded = len(code) > 1 and not code.strip("0")
            return f"{cell.value:0{len(code)}.0f}" if is_padded else cell.value
    return cell.value


if __name__ == "__main__":
    with suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(int(sys.argv[1]))
