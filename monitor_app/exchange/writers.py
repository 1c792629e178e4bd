"""Tables for others: German CSV and xlsx that spreadsheets open right and run nothing from."""

from __future__ import annotations

import csv
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from monitor_app.core.causes import cause
from monitor_app.core.formats import STATUS_SIGNS
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.core.status import Status
from monitor_app.exchange.export_table import (
    Column,
    DateColumn,
    ExportTable,
    TextColumn,
    ValueColumn,
    meaning,
)
from monitor_app.exchange.xlsx_book import fill_book

__all__ = [
    "ENGLISH", "GERMAN", "Column", "CsvStyle", "DateColumn", "ExportTable", "TextColumn",
    "ValueColumn", "neutral", "write_csv", "write_xlsx",
]  # fmt: skip

#: A cell that begins so may be run as a formula by a spreadsheet that opens the CSV.
_FORMULA = re.compile(r"[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_HARMLESS = re.compile(r"[+\-]?[0-9]+(?:[.,][0-9]+)?\s?%?|[-+]")


@dataclass(frozen=True, slots=True)
class CsvStyle:
    separator: str
    decimal: str
    encoding: str
    dates: str  # strftime


GERMAN = CsvStyle(";", ",", "utf-8-sig", "%d.%m.%Y")
ENGLISH = CsvStyle(",", ".", "utf-8", "%Y-%m-%d")


def neutral(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would run it as a formula."""
    if _FORMULA.match(text) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


def write_csv(
    path: str | Path,
    table: ExportTable,
    style: CsvStyle = GERMAN,
    progress: Progress | None = None,
) -> None:
    """Write header and rows; values as numbers with the decimal mark of the style, everything
    without a value as the official sign of its status, limited reliability as ``(12,3)``.

    The file appears complete or not at all. ``UserError`` where it cannot be written.
    """
    steps = progress or Progress()

    def fill(target: Path) -> None:
        with target.open("w", encoding=style.encoding, newline="") as stream:
            writer = csv.writer(stream, delimiter=style.separator, lineterminator="\r\n")
            writer.writerow([neutral(c.name) for c in table.columns])
            cells = [_cells(c, style) for c in table.columns]
            for i, row in enumerate(zip(*cells, strict=True)):
                if i % 5000 == 0:
                    steps.step(i / max(len(table), 1))
                writer.writerow(row)
        steps.step(1.0)

    _publish(Path(path), fill)


def write_xlsx(
    path: str | Path,
    tables: Sequence[ExportTable],
    notes: Sequence[str] = (),
    progress: Progress | None = None,
) -> None:
    """Write one sheet per table (real numbers, frozen header, filter) and a sheet of notes.

    The notes sheet has the titles and notes of all tables, ``notes``, and the meaning of the
    signs that occur. Text is stored as text: nothing is run, no link is made.
    """
    if not tables:
        raise ValueError("nothing to write")
    lines = _note_lines(tables, notes)
    steps = progress or Progress()
    _publish(Path(path), lambda target: fill_book(target, tables, lines, steps))


def _cells(column: Column, style: CsvStyle) -> Iterator[str]:
    if isinstance(column, TextColumn):
        yield from map(neutral, column.cells)
    elif isinstance(column, DateColumn):
        for day in column.days:
            yield "" if day is None else day.strftime(style.dates)
    else:
        present = column.present
        for value, code, there in zip(column.values, column.status, present, strict=True):
            yield _number(float(value), int(code), column.precision, style) if there else sign(code)


def _number(value: float, code: int, precision: int | None, style: CsvStyle) -> str:
    text = np.format_float_positional(value, trim="-") if precision is None else (
        f"{value:.{precision}f}"
    )  # fmt: skip
    if text.startswith("-") and not any(c in "123456789" for c in text):
        text = text[1:]  # no negative zero
    text = text.replace(".", style.decimal)
    return f"({text})" if code == Status.UNRELIABLE else text


def sign(code: int) -> str:
    """The official sign of a cell without a value."""
    return STATUS_SIGNS.get(Status(code), STATUS_SIGNS[Status.MISSING])


def _note_lines(tables: Sequence[ExportTable], notes: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of a heading (or sign) and its text."""
    lines: list[tuple[str, str]] = []
    for table in tables:
        lines.append((table.name, table.title))
        lines += [("", note) for note in table.notes]
    lines += [("", note) for note in notes]
    signs = dict.fromkeys(s for t in tables for s in t.statuses if meaning(s))
    if signs:
        lines.append((_("Signs"), ""))
        for status in signs:
            shown = "( )" if status == Status.UNRELIABLE else STATUS_SIGNS.get(status, "")
            lines.append((shown, meaning(status)))
    return lines


def _publish(path: Path, fill: Callable[[Path], None]) -> None:
    """Fill a temporary file beside the target and put it in its place."""
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        fill(temporary)
        if os.name == "posix":
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> UserError:
    if isinstance(error, PermissionError):
        return fail(
            "target-forbidden",
            _("“{name}” cannot be written.").format(name=path.name), file=path.name,
            repair=_("Close the file in other programs, or choose another folder."),
        )  # fmt: skip
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return fail(
            "target-folder", _("The folder “{name}” does not exist.").format(name=path.parent.name),
            file=path.name, repair=_("Choose another folder."),
        )  # fmt: skip
    return fail(
        "target-unwritable",
        _("“{name}” cannot be written: {reason}.").format(
            name=path.name, reason=cause(error)),
        file=path.name, repair=_("Check the free space of the drive, or choose another folder."),
    )  # fmt: skip
