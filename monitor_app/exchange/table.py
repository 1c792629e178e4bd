"""A foreign table as read: cells are text, nothing interpreted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from monitor_app.core.datasets import SourceFile
from monitor_app.core.issues import Issue


@dataclass(frozen=True)
class RawTable:
    """One table (CSV file, sheet or layer), cells as text exactly as found.

    ``columns[j][i]`` is the text of cell i in column j; empty cells are "". ``header`` has the
    names of the columns (two-line headers joined with " | ", merged cells filled to the right).
    ``rows[i]`` is the 1-based line of the file (or sheet) that cell row i came from, so that an
    issue can name it. ``before``/``after`` keep what stood above the header and below the data
    (titles, footnotes). ``geometries`` has one shapely object (or None) per row for layers.
    ``numeric`` columns came typed from the file (xlsx number, layer field): their text is the
    shortest decimal with "." and needs no dialect.
    """

    source: SourceFile
    name: str  # sheet or layer; "" for a CSV
    header: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    rows: tuple[int, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None  # proven decimal mark of the file, None where nothing proves one
    numeric: frozenset[str] = frozenset()
    geometries: tuple[Any, ...] | None = None
    crs: str | None = None  # authority code, or WKT where the file has no code
    issues: tuple[Issue, ...] = field(default=())

    def column(self, name: str) -> tuple[str, ...]:
        return self.columns[self.header.index(name)]

    def __len__(self) -> int:
        return len(self.rows)
