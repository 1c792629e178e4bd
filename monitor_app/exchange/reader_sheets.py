"""Spreadsheets: xlsx, xls and ods, all sheets, cells as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from monitor_app.core.datasets import SourceFile
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, fail
from monitor_app.core.progress import Progress
from monitor_app.exchange import layout, source
from monitor_app.exchange.archives import check_xml, open_zip, part_blocks, protected
from monitor_app.exchange.number_cells import parse_cell
from monitor_app.exchange.numbers import prove_decimal
from monitor_app.exchange.reader_csv import head_issues
from monitor_app.exchange.source import ReadOptions
from monitor_app.exchange.table import RawTable

FORMATS = ("xlsx", "xls", "ods")
#: A sheet is held as a full rectangle while it is read; larger ones are refused beforehand.
CELLS = 40_000_000
_REFERENCE = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_ODS = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def sniff(path: Path) -> float:
    """0.9 for a spreadsheet container, told by its first bytes; else 0."""
    raw = source.head(path, 8)
    return 0.9 if raw.startswith((b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"))) else 0.0


def read(path: Path, options: ReadOptions, progress: Progress) -> tuple[RawTable, ...]:
    """One table per sheet that is not empty. ``UserError`` for broken or dangerous files."""
    described = source.describe(path, progress)
    if source.head(path, 2) == b"PK":
        _check_container(path, progress)
    tables = []
    try:
        with source.unchanged(path), CalamineWorkbook.from_path(str(path)) as book:
            for i, name in enumerate(book.sheet_names):
                progress.step(i / max(len(book.sheet_names), 1), name)
                if options.sheet not in (None, name):
                    continue
                sheet = book.get_sheet_by_name(name)
                cells = sheet.to_python(skip_empty_area=False)
                merged = _merged(sheet)
                table = _table(described, name, cells, merged, options)
                if table is not None:
                    tables.append(table)
    except PasswordError as error:
        raise protected(path) from error
    except (CalamineError, ValueError) as error:
        raise source.damaged(path) from error
    progress.step(1.0)
    return tuple(tables)


def _merged(sheet: Any) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Merged ranges ((row, column) of first and last cell, 0-based); none for ods."""
    try:
        return list(sheet.merged_cell_ranges or ())
    except CalamineError:
        return []


def _check_container(path: Path, progress: Progress) -> None:
    """Sizes, document types, and how many cells the sheets span, before anything is parsed."""
    with open_zip(path) as archive:
        check_xml(path, archive, progress)
        for name in archive.namelist():
            if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
                _check_span(path, part_blocks(path, archive, name), name, progress)
            elif name == "content.xml":
                with archive.open(name) as stream:
                    _check_repeats(path, stream, progress)


def _check_span(path: Path, blocks: Any, name: str, progress: Progress) -> None:
    """xlsx: one cell at XFD1048576 would make the sheet 17 thousand million cells."""
    rows = columns = 0
    rest = b""
    for block in blocks:
        progress.step()
        text = rest + block
        for letters, number in _REFERENCE.findall(text):
            rows = max(rows, int(number))
            columns = max(columns, _column(letters))
        rest = text[-200:]
    if rows * columns > CELLS:
        raise source.too_large(path, name)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _check_repeats(path: Path, stream: Any, progress: Progress) -> None:
    """ods: repeated rows and cells are a few bytes in the file and millions in memory."""
    total = width = 0
    try:
        for _event, node in ElementTree.iterparse(stream, events=("end",)):  # noqa: S314
            if node.tag in (f"{_ODS}table-cell", f"{_ODS}covered-table-cell"):
                if len(node) or len(node.attrib) > 2:
                    width += int(node.get(f"{_ODS}number-columns-repeated", 1))
            elif node.tag == f"{_ODS}table-row":
                total += width * int(node.get(f"{_ODS}number-rows-repeated", 1))
                width = 0
                node.clear()
                progress.step()
            if total + width > CELLS:
                raise source.too_large(path)
    except (ElementTree.ParseError, ValueError) as error:
        raise source.damaged(path) from error


def _text(cell: Any) -> str:
    """A cell as text: numbers as the shortest decimal with a point, dates as ISO."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def _table(
    described: SourceFile, name: str, cells: list[list[Any]], merged: Any, options: ReadOptions
) -> RawTable | None:
    rows = [[_text(c) for c in row] for row in cells]
    if not any(layout.filled(r) for r in rows):
        return None
    wanted = None if options.header_row is None else options.header_row - 1
    head = layout.find_head(_spread(rows, merged), wanted)
    if head is None:
        return None
    width = len(head.header)
    end = layout.find_tail(rows, head.start, width, padded=True)
    body = [i for i in range(head.start, end) if layout.filled(rows[i])]
    above = tuple(_line(rows[i]) for i in (*range(head.top), *head.units) if layout.filled(rows[i]))
    after = tuple(_line(r) for r in rows[end:] if layout.filled(r))
    issues = head_issues(head, described.name, name, head.start or 1, above)
    widest = max((layout.extent(rows[i]) for i in body), default=width)
    header = (*head.header, *[""] * (widest - width))
    columns = [tuple(rows[i][j] if j < len(rows[i]) else "" for i in body) for j in range(len(header))]
    used = [any(c.strip() for c in column) for column in columns]
    names, kept, found = layout.name_columns(
        header, used, file=described.name, sheet=name, row=head.start or 1
    )
    numbers = tuple(i + 1 for i in body)
    typed, mixed = _typed(cells, body, kept, names, described.name, name)
    table = RawTable(
        replace(described, sheet=name), name, names, tuple(columns[j] for j in kept), numbers,
        above, after, numeric=typed, issues=(*issues, *found, *mixed),
    )  # fmt: skip
    text = [c for n, c in zip(table.header, table.columns, strict=True) if n not in typed]
    return replace(table, decimal=prove_decimal(text))


def _line(row: Sequence[str]) -> str:
    return " ".join(c.strip() for c in row if c.strip())


def _spread(rows: list[list[str]], merged: Any) -> list[list[str]]:
    """Rows with vertically merged header cells repeated downwards is not wanted: the joined name
    already comes from the first line. Titles merged over the table stay one cell."""
    del merged
    return rows


def _typed(
    cells: list[list[Any]], body: list[int], kept: Sequence[int], names: Sequence[str],
    file: str, sheet: str,
) -> tuple[frozenset[str], list[Issue]]:  # fmt: skip
    """Columns whose numbers are all real numbers, and a warning where some are text."""
    typed = set()
    issues = []
    for name, j in zip(names, kept, strict=True):
        real, text = 0, []
        other = False
        for i in body:
            cell = cells[i][j] if j < len(cells[i]) else ""
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                real += 1
            elif isinstance(cell, str):
                parsed = parse_cell(cell)
                if parsed.is_number and parsed.word != "sign":
                    text.append(i)
                elif parsed.word == "unreadable":
                    other = True
            else:
                other = True
        if real and not text and not other:
            typed.add(name)
        elif real and text and not other:
            issues.append(Issue(
                "numbers-as-text", Severity.WARNING,
                _("Column {column}: some numbers are stored as text ({count}).").format(
                    column=name, count=len(text)),
                file, sheet, text[0] + 1, name, _text(cells[text[0]][j]),
                _("Check their decimal mark in the preview."), len(text),
            ))  # fmt: skip
    return frozenset(typed), issues


def no_sheet(path: Path) -> Exception:
    """The ``UserError`` for a workbook without any filled sheet."""
    return fail(
        "no-table", _("“{name}” holds no table.").format(name=path.name), file=path.name,
        repair=_("Check whether the right file was chosen."),
    )  # fmt: skip
