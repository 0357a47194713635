"""Reading OpenDocument spreadsheets: cells have their kind and value beside the text that is shown."""

import zipfile
from dataclasses import dataclass, field
from datetime import date

from membership.imports.files import (
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    Sheet,
    bad_cell,
    cell_name,
    error_cell,
    text_cell,
)
from membership.imports.parts import Marks, number_text, parse

_MOST = 100_000
_FORMULA_WITHOUT_RESULT = (
    "has a formula without a result. Open the file in LibreOffice and save it, or copy the column and paste it "
    "as values."
)
# Copies of other files, which LibreOffice keeps for its formulas.
_OF_OTHER_FILES = "ta_extref"


def read_sheets(package: zipfile.ZipFile) -> list[Sheet]:
    """The sheets of a file that has been checked."""
    handler = _Handler()
    for part in ("styles.xml", "content.xml", "settings.xml"):
        if part == "content.xml" or part in package.namelist():
            with package.open(part) as stream:
                parse(stream, handler)
    for sheet in handler.sheets:
        sheet.is_active = sheet.name == handler.active
    return handler.sheets


@dataclass
class _Handler:
    """Reads styles, rows and settings. Only what stands in cells counts, not what is drawn or remarked there."""

    sheets: list[Sheet] = field(default_factory=list)
    active: str = ""
    struck_styles: set[str] = field(default_factory=set)
    hidden_styles: set[str] = field(default_factory=set)
    coloured_styles: set[str] = field(default_factory=set)
    # The style that is being read, or the setting.
    style: str = ""
    is_active_name: bool = False
    # How deep inside of what does not count.
    outside: int = 0
    outer: str = ""
    is_remark: bool = False
    marks: Marks | None = None
    # The default styles of columns, each with the last column that has it.
    column_styles: list[tuple[int, str]] = field(default_factory=list)
    columns: int = 0
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    number: int = 0
    row: dict[str, str] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    struck: set[int] = field(default_factory=set)
    is_coloured: bool = False
    coloured: set[int] = field(default_factory=set)  # rows
    column: int = 0
    cell: dict[str, str] | None = None
    taken: list[str] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, attrs: dict[str, str]) -> None:
        if self.outside or (
            self.marks and name in ("table:table", "table:shapes", "office:annotation")
        ):
            self.outer = self.outer if self.outside else name
            self.outside += 1
            self.is_remark = self.outer == "office:annotation" and name.startswith("text:")
            return
        match name:
            case "style:style":
                self.style = attrs.get("style:name", "")
                for marked in (self.struck_styles, self.coloured_styles):
                    if attrs.get("style:parent-style-name") in marked:
                        marked.add(self.style)
            case "style:table-cell-properties":
                self._note_colour(attrs.get("fo:background-color"))
            case "style:text-properties":
                self._note_colour(attrs.get("fo:color"))
                line = attrs.get("style:text-line-through-style") or attrs.get(
                    "style:text-line-through-type", "none"
                )
                if line != "none":
                    self.struck_styles.add(self.style)
                elif "style:text-line-through-style" in attrs:
                    self.struck_styles.discard(self.style)
            case "style:table-properties" if attrs.get("table:display") == "false":
                self.hidden_styles.add(self.style)
            case "table:table":
                style = attrs.get("table:style-name", "")
                sheet = Sheet(attrs["table:name"], hidden=style in self.hidden_styles)
                if style != _OF_OTHER_FILES:
                    self.sheets.append(sheet)
                self.marks, self.number, self.columns = Marks(sheet), 0, 0
                self.column_styles, self.merged, self.remarks = [], [], {}
                self.coloured = set()
            case "table:table-column":
                first = self.columns + 1
                self.columns += int(attrs.get("table:number-columns-repeated", 1))
                self.column_styles.append(
                    (self.columns, attrs.get("table:default-cell-style-name", ""))
                )
                if self.marks and attrs.get("table:visibility", "visible") != "visible":
                    self.marks.hide_columns(first, self.columns)
            case "table:table-row":
                self.row, self.cells = attrs, []
                self.column, self.struck, self.is_coloured = 0, set(), False
            case "table:table-cell" | "table:covered-table-cell":
                self.cell, self.taken = attrs, []
            case "text:p" if self.taken:
                self.taken.append("\n")
            case "text:s" | "text:tab" | "text:line-break":
                self.taken.append(" ")
            case "config:config-item":
                self.is_active_name = attrs.get("config:name") == "ActiveTable"
        styles = (self.struck_styles, self.hidden_styles, self.coloured_styles)
        if sum(map(len, styles)) + len(self.merged) > _MOST:
            raise ValueError("too many styles or merged cells")

    def text(self, content: str) -> None:
        if self.outside:
            if self.is_remark and len(self.remarks) <= MAX_ROWS:
                place = cell_name(self.number + 1, self.column + 1)
                self.remarks[place] = f"{self.remarks.get(place, '')} {content}"[:500]
            return
        if self.is_active_name:
            self.active += content
        elif self.cell is not None:
            self.taken.append(content)

    def end(self, name: str) -> None:
        if self.outside:
            self.outside -= 1
            self.is_remark = self.is_remark and self.outside > 1
            return
        match name:
            case "table:table-cell" | "table:covered-table-cell":
                self._end_cell(name)
            case "style:style":
                self.style = ""
            case "table:table-row":
                self._end_row()
            case "table:table" if self.marks:
                self.marks.note_hidden()
                self.marks.note_colours(self.coloured)
                for place in self.merged:
                    self.marks.merge(*place)
                self.marks.sheet.note_remarks(self.remarks)
                self.marks = None
            case "config:config-item":
                self.is_active_name = False

    def _note_colour(self, colour: str | None) -> None:
        """Whether cells of the style that is being read have a colour: black and white say nothing.

        A format of numbers, such as red for negative ones, is no style of cells.
        """
        if self.style and colour and colour.lower() not in ("transparent", "#000000", "#ffffff"):
            self.coloured_styles.add(self.style)

    def _end_cell(self, name: str) -> None:
        attrs, self.cell = self.cell or {}, None
        first, row = self.column + 1, self.number + 1
        repeated = int(attrs.get("table:number-columns-repeated", 1))
        self.column += repeated
        if name == "table:covered-table-cell":  # below a merged cell, where no one sees it
            return
        if down := int(attrs.get("table:number-rows-spanned", 1)) - 1:
            right = self.column + int(attrs.get("table:number-columns-spanned", 1)) - 1
            self.merged.append((first, row, right, row + down))
        value = self._value(attrs, row, first)
        if value == "":
            return
        self.cells += [""] * (min(first, MAX_COLUMNS + 1) - 1 - len(self.cells))
        count = min(repeated, MAX_COLUMNS + 1 - len(self.cells))
        self.cells += [value] * count
        default = next((style for last, style in self.column_styles if first <= last), "")
        own = attrs.get("table:style-name") or self.row.get("table:default-cell-style-name")
        style = own or default
        self.is_coloured |= style in self.coloured_styles
        if style in self.struck_styles:
            self.struck.update(range(len(self.cells) - count, len(self.cells)))

    def _value(self, attrs: dict[str, str], row: int, column: int) -> Cell:
        shown = "".join(self.taken).strip()
        kind = attrs.get("office:value-type", "string")
        if attrs.get("calcext:value-type") == "error":
            return error_cell(shown or "#ERROR!", row, column)
        match kind:
            case "float" | "percentage" | "currency":
                number = number_text(attrs["office:value"])
                # A format such as 00000 shows the zeros in front of a number.
                is_padded = shown.isdecimal() and shown.lstrip("0") == number
                return shown if is_padded else number
            case "boolean":
                return "yes" if attrs["office:boolean-value"] == "true" else "no"
            case "date":
                try:
                    return date.fromisoformat(attrs["office:date-value"][:10])
                except ValueError:
                    return bad_cell(shown, row, column, f"has the date {shown}. Enter the date.")
        text = shown or attrs.get("office:string-value", "")
        if not text and "table:formula" in attrs and "office:value-type" not in attrs:
            return bad_cell(attrs["table:formula"], row, column, _FORMULA_WITHOUT_RESULT)
        return text_cell(text, row, column)

    def _end_row(self) -> None:
        first = self.number + 1
        self.number += int(self.row.get("table:number-rows-repeated", 1))
        sheet = self.marks.sheet if self.marks else Sheet("")
        if not self.cells or sheet.problem:
            return
        is_hidden = self.row.get("table:visibility", "visible") != "visible"
        for number in range(first, self.number + 1):
            if not sheet.add(number, list(self.cells), hidden=is_hidden, struck=self.struck):
                break
            if self.is_coloured:
                self.coloured.add(number)
