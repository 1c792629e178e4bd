"""From text to numbers: per column, with proof of the decimal mark from all rows.

Nothing is guessed: where a column holds ``1.234`` and neither the column nor another column of
the file proves which mark is the decimal one, the cells become missing and an error is reported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.core.status import Status
from monitor_app.exchange.number_cells import Cell, is_key_like, parse_cell

#: So many different unreadable texts of one column are listed one by one.
LISTED = 20


class Proof(StrEnum):
    """Why the decimal mark of a column is what it is."""

    GIVEN = "given"  # told by the recipe
    TYPED = "typed"  # the file stores numbers, not text
    COLUMN = "column"  # a cell of the column allows one reading only
    FILE = "file"  # other columns of the file prove it
    UNNEEDED = "unneeded"  # no marks: both readings agree everywhere
    AMBIGUOUS = "ambiguous"
    CONTRADICTORY = "contradictory"


@dataclass(frozen=True)
class Evidence:
    """What the distinct texts of a column say about its decimal mark (with an example each)."""

    comma: str | None = None
    point: str | None = None
    ambiguous: str | None = None
    numbers: int = 0  # distinct texts that are numbers
    others: int = 0  # distinct texts that are neither number nor sign
    keys: bool = False  # numbers with leading zeros: looks like a key column

    @property
    def decimal(self) -> str | None:
        """The mark proven by this column alone."""
        if (self.comma is None) == (self.point is None):
            return None
        return "," if self.comma is not None else "."

    @property
    def is_numeric(self) -> bool:
        """Nearly all distinct texts are numbers or signs, and at least one is a number."""
        return self.numbers > 0 and self.others * 10 <= self.numbers


@dataclass(frozen=True)
class NumberColumn:
    """``values`` float64 and ``status`` uint8, one per cell; NaN wherever the status says so."""

    values: NDArray[np.float64]
    status: NDArray[np.uint8]
    decimal: str | None
    proof: Proof
    percent: bool = False
    issues: tuple[Issue, ...] = field(default=())


@dataclass(frozen=True)
class _Place:
    column: str
    file: str | None
    sheet: str | None
    rows: Sequence[int] | None

    def issue(
        self, code: str, severity: Severity, message: str, first: int, value: str | None = None,
        repair: str | None = None, count: int = 1,
    ) -> Issue:  # fmt: skip
        row = None if self.rows is None else int(self.rows[first])
        return Issue(
            code, severity, message, self.file, self.sheet, row, self.column or None, value,
            repair, count,
        )  # fmt: skip


def weigh(cells: Iterable[str]) -> Evidence:
    """Evidence of one column from all its cells (distinct texts suffice)."""
    comma = point = ambiguous = None
    numbers = others = 0
    keys = False
    for text in dict.fromkeys(cells):
        cell = parse_cell(text)
        if cell.word in ("unreadable", "broken"):
            others += 1
        elif not cell.word:
            numbers += 1
            keys = keys or is_key_like(text.strip())
            mark = cell.proves
            if mark == ",":
                comma = comma or text
            elif mark == ".":
                point = point or text
            elif cell.ambiguous:
                ambiguous = ambiguous or text
    return Evidence(comma, point, ambiguous, numbers, others, keys)


def prove_decimal(columns: Iterable[Sequence[str]]) -> str | None:
    """The decimal mark that the numeric columns of a file prove together, None without proof.

    Columns that hold text or keys (leading zeros) are no witnesses; witnesses that contradict
    each other prove nothing.
    """
    marks = set()
    for cells in columns:
        evidence = weigh(cells)
        if evidence.is_numeric and not evidence.keys:
            if evidence.comma is not None:
                marks.add(",")
            if evidence.point is not None:
                marks.add(".")
    return marks.pop() if len(marks) == 1 else None


def to_numbers(
    cells: Sequence[str],
    *,
    column: str = "",
    rows: Sequence[int] | None = None,
    file: str | None = None,
    sheet: str | None = None,
    decimal: str | None = None,
    file_decimal: str | None = None,
    typed: bool = False,
) -> NumberColumn:
    """Convert a text column.

    ``decimal`` (``","`` or ``"."``) is an instruction and overrules detection; ``file_decimal`` is
    the proof from other columns (``RawTable.decimal``); ``typed`` says that the file stores real
    numbers (``column in RawTable.numeric``). ``rows`` are the lines of the file for the issues.
    Values equal the decimal text correctly rounded to float64. Percent signs are noted, values
    are not divided.
    """
    if decimal not in (None, ",", "."):
        raise ValueError(f"not a decimal mark: {decimal!r}")
    place = _Place(column, file, sheet, rows)
    first: dict[str, int] = {}
    codes = np.empty(len(cells), dtype=np.int64)
    for i, text in enumerate(cells):
        codes[i] = first.setdefault(text, i)
    starts = np.fromiter(first.values(), dtype=np.int64, count=len(first))
    position = np.zeros(len(cells), dtype=np.int64)
    position[starts] = np.arange(len(first))
    codes = position[codes]
    texts = tuple(first)
    parsed = tuple(parse_cell(text) for text in texts)
    counts = np.bincount(codes, minlength=len(texts))
    mark, proof, issues = _decide(
        texts, parsed, starts, counts, "." if typed else decimal, file_decimal, place
    )
    if typed:
        proof = Proof.TYPED
    values, status, found = _convert(texts, parsed, mark, proof, starts, counts, place)
    percent = any(cell.percent for cell in parsed)
    if percent and any(c.word == "" and not c.percent for c in parsed):
        which = next(i for i, c in enumerate(parsed) if c.word == "" and not c.percent)
        found.append(place.issue(
            "number-percent-mixed", Severity.WARNING,
            _("Some cells of column {column} carry a percent sign, others do not.").format(
                column=column),
            int(starts[which]), texts[which],
            _("Check that all cells of the column have the same unit."),
        ))  # fmt: skip
    return NumberColumn(values[codes], status[codes], mark, proof, percent, (*issues, *found))


def _said(plain: str | None) -> str:
    """A plain decimal (``1.234``) as the user writes it, without grouping marks."""
    if plain is None:
        return ""
    return format_number(float(plain), len(plain.partition(".")[2]), grouping=False)


def _decide(
    texts: tuple[str, ...], parsed: tuple[Cell, ...], starts: NDArray[np.int64],
    counts: NDArray[np.int64], given: str | None, file_decimal: str | None, place: _Place,
) -> tuple[str | None, Proof, list[Issue]]:  # fmt: skip
    """The decimal mark of a column, why, and what is to be said about it."""
    if given is not None:
        return given, Proof.GIVEN, []
    comma = [i for i, c in enumerate(parsed) if not c.word and c.proves == ","]
    point = [i for i, c in enumerate(parsed) if not c.word and c.proves == "."]
    unclear = [i for i, c in enumerate(parsed) if c.ambiguous]
    if comma and point:
        a, b = (comma, point) if counts[comma].sum() <= counts[point].sum() else (point, comma)
        return None, Proof.CONTRADICTORY, [place.issue(
            "number-contradiction", Severity.ERROR,
            _("Column {column} mixes decimal comma and decimal point: {first} and {second}.")
            .format(column=place.column, first=texts[a[0]], second=texts[b[0]]),
            int(starts[a[0]]), texts[a[0]],
            _("Write all numbers of the column in one way, or state the decimal mark of the column"
              " in the recipe; cells that do not fit are then listed."),
            int(counts[a].sum()),
        )]  # fmt: skip
    if comma or point:
        return ("," if comma else "."), Proof.COLUMN, []
    if not unclear:
        return None, Proof.UNNEEDED, []
    at, count = int(starts[unclear[0]]), int(counts[unclear].sum())
    example = texts[unclear[0]].strip()
    if file_decimal is not None:
        value = parsed[unclear[0]].comma if file_decimal == "," else parsed[unclear[0]].point
        return file_decimal, Proof.FILE, [place.issue(
            "number-by-file", Severity.INFO,
            _("Column {column}: {text} is read as {value}, because other columns of the file prove"
              " the decimal mark “{mark}”.").format(
                column=place.column, text=example, value=_said(value), mark=file_decimal),
            at, texts[unclear[0]], None, count,
        )]  # fmt: skip
    return None, Proof.AMBIGUOUS, [place.issue(
        "number-ambiguous", Severity.ERROR,
        _("Column {column}: {text} can mean {comma} or {point}, and no cell of the file proves"
          " which.").format(column=place.column, text=example,
                            comma=_said(parsed[unclear[0]].comma),
                            point=_said(parsed[unclear[0]].point)),
        at, texts[unclear[0]],
        _("State the decimal mark of the column in the recipe: comma (then 1.234 is one thousand"
          " two hundred and thirty-four) or point."),
        count,
    )]  # fmt: skip


def _convert(
    texts: tuple[str, ...], parsed: tuple[Cell, ...], mark: str | None, proof: Proof,
    starts: NDArray[np.int64], counts: NDArray[np.int64], place: _Place,
) -> tuple[NDArray[np.float64], NDArray[np.uint8], list[Issue]]:  # fmt: skip
    """Values and status per distinct text, and the texts that are no numbers."""
    values = np.full(len(texts), np.nan)
    status = np.full(len(texts), int(Status.MISSING), dtype=np.uint8)
    bad: list[int] = []
    for i, cell in enumerate(parsed):
        if cell.is_number:
            plain = _pick(cell, mark)
            if plain is None:
                if proof not in (Proof.AMBIGUOUS, Proof.CONTRADICTORY):
                    bad.append(i)
                continue
            value = float(plain)
            if math.isinf(value):
                bad.append(i)
                continue
            values[i] = value + 0.0 if value else 0.0  # no negative zero
        elif cell.word == "unreadable":
            bad.append(i)
            continue
        status[i] = int(cell.status)
    return values, status, _findings(texts, parsed, bad, starts, counts, place)


def _pick(cell: Cell, mark: str | None) -> str | None:
    if mark == ",":
        return cell.comma
    if mark == ".":
        return cell.point
    return None if cell.comma != cell.point else cell.comma


def _findings(
    texts: tuple[str, ...], parsed: tuple[Cell, ...], bad: list[int],
    starts: NDArray[np.int64], counts: NDArray[np.int64], place: _Place,
) -> list[Issue]:  # fmt: skip
    found = [
        place.issue(
            "number-unreadable", Severity.ERROR,
            _("“{text}” in column {column} is not a number.").format(
                text=texts[i].strip(), column=place.column),
            int(starts[i]), texts[i],
            _("Correct the cell, or enter a sign such as “.” (unknown) or “–” (nothing)."),
            int(counts[i]),
        )
        for i in bad[:LISTED]
    ]  # fmt: skip
    if len(bad) > LISTED:
        rest = bad[LISTED:]
        found.append(place.issue(
            "number-unreadable", Severity.ERROR,
            _("Column {column} has more cells that are not numbers: {count}.").format(
                column=place.column, count=int(counts[rest].sum())),
            int(starts[rest[0]]), texts[rest[0]],
            _("Check whether the right column was chosen."), int(counts[rest].sum()),
        ))  # fmt: skip
    for i, cell in enumerate(parsed):
        if cell.word == "broken":
            found.append(place.issue(
                "number-broken-formula", Severity.WARNING,
                _("“{text}” in column {column} is the result of a broken formula; the cell counts"
                  " as missing.").format(text=texts[i].strip(), column=place.column),
                int(starts[i]), texts[i], _("Repair the formula in the spreadsheet."),
                int(counts[i]),
            ))  # fmt: skip
        elif (cell.word == "sign" and texts[i].strip()) or cell.word == "missing":
            found.append(place.issue(
                "number-sign", Severity.INFO, _sign_text(texts[i].strip(), cell, place.column),
                int(starts[i]), texts[i], None, int(counts[i]),
            ))  # fmt: skip
    return found


def _sign_text(text: str, cell: Cell, column: str) -> str:
    meaning = {
        Status.OK: _("exactly zero"),
        Status.SECRET: _("unknown or kept secret"),
        Status.NOT_APPLICABLE: _("not applicable"),
        Status.TOO_UNCERTAIN: _("too uncertain"),
    }.get(cell.status, _("no value"))
    return _("Column {column}: the sign “{sign}” is read as: {meaning}.").format(
        column=column, sign=text, meaning=meaning
    )
