"""How a text table is written: separator and quotation mark, decided from lines of all parts."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

#: In order of preference where two fit equally well.
SEPARATORS = (";", "\t", ",", "|")

NAMES = {";": ";", "\t": "Tab", ",": ",", "|": "|"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """``quote`` None: quotation marks are plain characters."""

    separator: str
    quote: str | None = '"'
    width: int = 0  # usual number of cells in a line
    agreement: float = 0.0  # share of lines with that number

    @property
    def csv_options(self) -> dict[str, object]:
        """Keyword arguments for ``csv.reader``."""
        if self.quote is None:
            return {"delimiter": self.separator, "quoting": csv.QUOTE_NONE}
        return {"delimiter": self.separator, "quotechar": self.quote, "doublequote": True}


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
    best_score = 0.0
    for candidate in (separator,) if separator else SEPARATORS:
        mark = quote or _quote(lines, candidate)
        found = _measure(lines, candidate, mark)
        if found is None:
            continue
        score = found.agreement + min(found.width, 50) / 10_000
        if score > best_score + 1e-9:
            best, best_score = found, score
    return best


def _quote(lines: Sequence[str], separator: str) -> str:
    """``"`` unless cells are wrapped in ``'`` throughout."""
    double = single = 0
    for line in lines:
        text = separator + line.strip("\r\n") + separator
        double += text.count(f'{separator}"') + text.count(f'"{separator}')
        single += text.count(f"{separator}'") + text.count(f"'{separator}")
    return "'" if single > double and single > len(lines) else '"'


def _measure(lines: Sequence[str], separator: str, quote: str) -> Dialect | None:
    options = Dialect(separator, quote).csv_options
    try:
        rows = [row for row in csv.reader(lines, **options) if row]  # type: ignore[call-overload]
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
    agreement = hits / max(filled, 1) * (1.0 if top else 0.3)
    return Dialect(separator, quote, width, min(agreement, 1.0))
