"""How a text table is written: separator and quotation mark, decided from lines of all parts."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

#: In order of preference where two fit equally well.
SEPARATORS = (";", "\t", ",", "|")

#: Below this share of equally long lines a text is no table.
LEAST = 0.4

NAMES = {";": ";", "\t": "Tab", ",": ",", "|": "|"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """``quote`` None: quotation marks are plain characters."""

    separator: str
    quote: str | None = '"'
    width: int = 0  # usual number of cells in a line
    agreement: float = 0.0  # share of lines with that number
    top: bool = True  # a line near the top has that number too

    @property
    def score(self) -> float:
        """How well the dialect fits; wider tables win where two fit equally well."""
        return self.agreement * (1.0 if self.top else 0.3) + min(self.width, 50) / 10_000

    def reader(self, lines: Iterable[str]) -> CsvReader:
        """A ``csv.reader``: forgiving, each cell as text."""
        if self.quote is None:
            return csv.reader(lines, delimiter=self.separator, quoting=csv.QUOTE_NONE)
        return csv.reader(lines, delimiter=self.separator, quotechar=self.quote)

    def never_closed(self, lines: Iterable[str]) -> bool:
        """Whether the text ends inside of quotation marks."""
        strict = csv.reader(
            lines, delimiter=self.separator, quotechar=self.quote or '"', strict=True
        )
        try:
            for _row in strict:
                pass
        except csv.Error as error:
            return "end of data" in str(error)
        return False


def stated_separator(first_line: str) -> str | None:
    """The separator of a first line ``sep=;`` (a hint that spreadsheets write and read)."""
    text = first_line.strip().strip('"')
    if text.lower().startswith("sep=") and len(text) == 5:
        return text[4]
    return "\t" if first_line.strip("\r\n").lower() in ("sep=\t", '"sep=\t"') else None


def detect_dialect(
    lines: Sequence[str], separator: str | None = None, quote: str | None = None
) -> Dialect | None:
    """The dialect under which the lines make a table of at least two columns, or None.

    Parses the lines with every candidate: the best one gives most lines the same number of
    cells, the header among them.
    """
    best: Dialect | None = None
    for candidate in (separator,) if separator else SEPARATORS:
        found = _measure(lines, candidate, quote or _quote(lines, candidate))
        if found is not None and (best is None or found.score > best.score + 1e-9):
            best = found
    return best if best is not None and best.agreement >= LEAST else None


def _quote(lines: Sequence[str], separator: str) -> str:
    """``"`` unless cells are wrapped in ``'`` throughout."""
    double = single = 0
    for line in lines:
        text = separator + line.strip("\r\n") + separator
        double += text.count(f'{separator}"') + text.count(f'"{separator}')
        single += text.count(f"{separator}'") + text.count(f"'{separator}")
    return "'" if single > double and single > len(lines) else '"'


def _measure(lines: Sequence[str], separator: str, quote: str) -> Dialect | None:
    try:
        rows = [row for row in Dialect(separator, quote).reader(lines) if row]
    except csv.Error:
        return None
    widths = Counter(len(row) for row in rows)
    wide = {w: n for w, n in widths.items() if w > 1}
    if not wide:
        return None
    width, hits = max(wide.items(), key=lambda item: (item[1], item[0]))
    filled = sum(1 for row in rows if any(cell for cell in row))
    # The header (or another line near the top) must have the usual width too: commas inside
    # of German numbers give data lines the same number of "cells", but not the header.
    top = any(len(row) == width for row in rows[: max(1, min(5, len(rows) - 1))])
    return Dialect(separator, quote, width, min(hits / max(filled, 1), 1.0), top)
