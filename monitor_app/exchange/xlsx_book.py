"""The inside of an xlsx file: sheets with real numbers, a frozen header and a notes sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter
from xlsxwriter.exceptions import XlsxFileError

from monitor_app.core.formats import STATUS_SIGNS
from monitor_app.core.i18n import _
from monitor_app.core.progress import Progress
from monitor_app.core.status import Status
from monitor_app.exchange.export_table import (
    Column,
    DateColumn,
    ExportTable,
    TextColumn,
    ValueColumn,
)

_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: Longest text of a cell in this format.
LONGEST = 32_767


def fill_book(
    path: Path, tables: Sequence[ExportTable], notes: Sequence[tuple[str, str]], steps: Progress
) -> None:
    """Write the workbook; ``OSError`` where the file cannot be written."""
    book = xlsxwriter.Workbook(
        str(path),
        {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
         "nan_inf_to_errors": False},
    )  # fmt: skip
    used: set[str] = {"history", "verlauf"}  # reserved by spreadsheets
    done = False
    try:
        for i, table in enumerate(tables):
            _sheet(book, sheet_name(table.name, used), table, steps.part(
                i / len(tables), (i + 1) / len(tables)))  # fmt: skip
        _notes(book, sheet_name(_("Notes"), used), notes)
        done = True
    finally:
        try:
            book.close()
        except XlsxFileError as error:
            if done:
                raise _os_error(error) from error


def _os_error(error: XlsxFileError) -> OSError:
    cause = error.args[0] if error.args else error
    return cause if isinstance(cause, OSError) else OSError(str(cause))


def sheet_name(name: str, used: set[str]) -> str:
    """A valid sheet name (31 characters, no ``[]:*?/\\``) not in ``used``; adds it there."""
    base = _FORBIDDEN.sub(" ", name).strip().strip("'").strip()[:31] or _("Table")
    found, n = base, 2
    while found.casefold() in used:
        tail = f" ({n})"
        found, n = base[: 31 - len(tail)] + tail, n + 1
    used.add(found.casefold())
    return found


def clean(text: str) -> str:
    """Text that the format can hold: no control characters, at most 32,767 characters."""
    return _CONTROL.sub(" ", text)[:LONGEST]


def _sheet(book: Any, name: str, table: ExportTable, steps: Progress) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    for j, column in enumerate(table.columns):
        steps.step(j / max(len(table.columns), 1))
        sheet.write_string(0, j, clean(column.name), head)
        sheet.set_column(j, j, _column(book, sheet, j, column))
    sheet.freeze_panes(1, 0)
    if table.columns and len(table):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
        sheet.repeat_rows(0)
    steps.step(1.0)


def _column(book: Any, sheet: Any, j: int, column: Column) -> float:
    """Write the cells; returns a fitting width in characters."""
    widest = min(len(column.name), 24)
    if isinstance(column, TextColumn):
        text = book.add_format({"num_format": "@"})
        quoted = book.add_format({"num_format": "@", "quote_prefix": True})
        for i, cell in enumerate(column.cells, start=1):
            if cell:
                # Already text; the prefix keeps it text when somebody edits the cell.
                sheet.write_string(i, j, clean(cell), quoted if cell[0] in "=+-@" else text)
                widest = max(widest, len(cell))
    elif isinstance(column, DateColumn):
        day_format = book.add_format({"num_format": "dd.mm.yyyy"})
        for i, day in enumerate(column.days, start=1):
            if day is not None:
                sheet.write_datetime(i, j, day, day_format)
        widest = max(widest, 10)
    else:
        widest = max(widest, _values(book, sheet, j, column))
    return min(widest, 60) + 2


def _values(book: Any, sheet: Any, j: int, column: ValueColumn) -> int:
    code = number_format(column.precision)
    plain = book.add_format({"num_format": code})
    limited = book.add_format({"num_format": f'"("{code}")";"("-{code}")"'})
    signed = book.add_format({"align": "right"})
    present = column.present
    for i, (value, status) in enumerate(zip(column.values, column.status, strict=True), start=1):
        if present[i - 1]:
            style = limited if status == Status.UNRELIABLE else plain
            sheet.write_number(i, j, float(value), style)
        else:
            text = STATUS_SIGNS.get(Status(int(status)), STATUS_SIGNS[Status.MISSING])
            sheet.write_string(i, j, text, signed)
    largest = float(np.max(np.abs(column.values[present]), initial=0.0))
    return len(f"{largest:,.{column.precision or 0}f}") + 2


def number_format(precision: int | None) -> str:
    """``#,##0.00`` for two decimals: the spreadsheet shows it in the language of its user."""
    if precision is None:
        return "General"
    return "#,##0" + ("." + "0" * precision if precision else "")


def _notes(book: Any, name: str, notes: Sequence[tuple[str, str]]) -> None:
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    for i, (heading, text) in enumerate(notes):
        if heading:
            sheet.write_string(i, 0, clean(heading), bold)
        if text:
            sheet.write_string(i, 1, clean(text), wrap)
