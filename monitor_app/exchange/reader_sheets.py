"""Spreadsheets: xlsx, xls and ods, all sheets, cells as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

from monitor_app.core.datasets import SourceFile
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError
from monitor_app.core.progress import Cancelled, Progress
from monitor_app.exchange import layout, source
from monitor_app.exchange.archives import check_xml, open_zip, part_blocks, protected
from monitor_app.exchange.number_cells import parse_cell
from monitor_app.exchange.numbers import prove_decimal
from monitor_app.exchange.source import ReadOptions
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.text_plan import head_issues
from monitor_app.exchange.xls_check import check_old_workbook

FORMATS = ("xlsx", "xls", "ods")
#: A sheet is held as a full rectangle while it is read; larger ones are refused beforehand.
CELLS = 40_000_000
#: Bytes of an xls file; the format itself ends far below.
OLD_LIMIT = 1 << 30
_REFERENCE = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\br=["']([0-9]{1,7})["']""")
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
    elif described.size <= OLD_LIMIT:
        check_old_workbook(path, path.read_bytes(), CELLS)
    else:
        raise source.too_large(path)
    with source.unchanged(path):
        tables = _sheets(path, described, options, progress)
    progress.step(1.0)
    return tables


def _sheets(
    path: Path, described: SourceFile, options: ReadOptions, progress: Progress
) -> tuple[RawTable, ...]:
    tables = []
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            names = [m.name for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
            for i, name in enumerate(names):
                progress.step(i / len(names), name)
                if options.sheet not in (None, name):
                    continue
                sheet = book.get_sheet_by_name(name)
                cells = sheet.to_python(skip_empty_area=False)
                table = _table(described, name, cells, _merged(sheet), options)
                if table is not None:
                    tables.append(table)
    except (UserError, Cancelled):
        raise
    except PasswordError as error:
        raise protected(path) from error
    except (CalamineError, OSError, ValueError) as error:
        raise source.damaged(path) from error
    except BaseException as error:
        # A panic of the parser on a broken file derives from BaseException.
        if type(error).__name__ != "PanicException":
            raise
        raise source.damaged(path) from error
    return tuple(tables)


#: A merged range: (row, column) of its first and of its last cell, 0-based.
Merged = tuple[tuple[int, int], tuple[int, int]]


def _merged(sheet: Any) -> list[Merged]:
    """The merged ranges of a sheet; none for ods."""
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


def _check_span(path: Path, blocks: Iterable[bytes], name: str, progress: Progress) -> None:
    """xlsx: one cell at XFD1048576 would make the sheet 17 thousand million cells."""
    rows = columns = 0
    rest = b""
    for block in blocks:
        progress.step()
        text = rest + block
        found = set(_REFERENCE.findall(text))
        rows = max([rows, *(int(n) for _c, n in found), *map(int, _ROW.findall(text))])
        columns = max([columns, *(_column(c) for c in {c for c, _n in found})])
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
        for _event, node in ElementTree.iterparse(stream, events=("end",)):
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
    described: SourceFile,
    name: str,
    cells: list[list[Any]],
    merged: list[Merged],
    options: ReadOptions,
) -> RawTable | None:
    rows = [[_text(c) for c in row] for row in cells]
    if not any(layout.filled(r) for r in rows):
        return None
    wanted = None if options.header_row is None else options.header_row - 1
    head = layout.find_head(rows, wanted)
    if head is None:
        return None
    end = layout.find_tail(rows, head.start, len(head.header), padded=True)
    body = [i for i in range(head.start, end) if layout.filled(rows[i])]
    above = tuple(
        layout.joined(rows[i]) for i in (*range(head.top), *head.units) if layout.filled(rows[i])
    )
    line = 1 if head.names is None else head.names + 1
    issues = head_issues(head, described.name, name, line, above)
    width = max([len(head.header), *(layout.extent(rows[i]) for i in body)])
    header = _header(rows, head, merged, width)
    columns = [tuple(rows[i][j] for i in body) for j in range(width)]
    used = [any(map(str.strip, column)) for column in columns]
    names, kept, found = layout.name_columns(
        header, used, file=described.name, sheet=name, row=line
    )
    typed, mixed = _typed(cells, body, kept, names, described.name, name)
    texts = [columns[j] for n, j in zip(names, kept, strict=True) if n not in typed]
    return RawTable(
        replace(described, sheet=name),
        name,
        names,
        tuple(columns[j] for j in kept),
        tuple(i + 1 for i in body),
        above,
        tuple(layout.joined(r) for r in rows[end:] if layout.filled(r)),
        decimal=prove_decimal(texts),
        numeric=typed,
        issues=(*issues, *found, *mixed),
    )


def _header(
    rows: list[list[str]], head: layout.Layout, merged: list[Merged], width: int
) -> tuple[str, ...]:
    """The header with group names over exactly the columns that are merged under them."""
    last = head.names
    if last is not None and last > head.top:
        spans = [m for m in merged if head.top <= m[0][0] <= last and m[1][1] > m[0][1]]
        if spans:
            lines = [list(rows[i][:width]) for i in range(head.top, last + 1)]
            for (row, left), (_bottom, right) in spans:
                for j in range(left + 1, min(right + 1, width)):
                    lines[row - head.top][j] = lines[row - head.top][left]
            return layout.join_lines(lines, width)
    return (*head.header, *[""] * (width - len(head.header)))


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
