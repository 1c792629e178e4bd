"""A table that is being made out: its distinct texts, what each column follows from, its sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor_app.core.batch import ImportContext
from monitor_app.exchange.area_links import AreaLink
from monitor_app.exchange.guess import Guess, Role
from monitor_app.exchange.number_cells import parse_cell
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.wide_headers import WideTable

Guesses = Sequence[Sequence[Guess]]


@dataclass
class Facts:
    """The table and what was found out about it so far."""

    table: RawTable
    guesses: Guesses
    context: ImportContext
    reasons: list[str]
    codes: dict[str, NDArray[np.int64]]
    distinct: dict[str, tuple[str, ...]]
    wide: WideTable = field(default_factory=WideTable)
    roles: dict[Role, Guess] = field(default_factory=dict)
    link: AreaLink | None = None
    level: str | None = None  # of areas that stand in headers

    @property
    def used(self) -> set[str]:
        return {g.column for g in self.roles.values()}

    def constant(self, column: str) -> bool:
        return len(self.distinct[column]) <= 1 and len(self.table) > 1

    def follows(self, column: str, other: str) -> bool:
        """Whether each text of ``other`` goes with one text of ``column`` only, in many rows."""
        count = len(self.distinct[other])
        if column == other or count * 2 > len(self.table) or not count:
            return False
        width = len(self.distinct[column]) + 1
        return len(np.unique(self.codes[other] * width + self.codes[column])) == count


def number(text: str) -> float:
    """A count: marks before three digits group thousands."""
    cell = parse_cell(text)
    if not cell.is_number:
        return 0.0
    if cell.ambiguous and cell.comma is not None and cell.point is not None:
        return max(float(cell.comma), float(cell.point))
    return float(cell.comma if cell.comma is not None else cell.point or 0)


def row_sums(facts: Facts, values: Sequence[str]) -> NDArray[np.float64]:
    """float64 [kind of number, row]: what each row counts; all wide columns together."""
    kinds = [list(facts.wide.columns)] if facts.wide.columns else [[h] for h in values]
    total = np.zeros((max(1, len(kinds)), len(facts.table)))
    for i, columns in enumerate(kinds):
        for column in columns:
            plain = [number(t) for t in facts.distinct[column]]
            total[i] += np.nan_to_num(np.array([*plain, 0.0]))[facts.codes[column]]
    return total


def unique(facts: Facts, columns: Sequence[str], rows: NDArray[np.bool_]) -> bool:
    """Whether these columns tell all rows apart."""
    count = int(rows.sum())
    if not columns:
        return count <= 1
    frame = pd.DataFrame({c: facts.codes[c][rows] for c in columns})
    return not bool(frame.duplicated().any())


def chosen(facts: Facts, shared: Mapping[str, object]) -> NDArray[np.bool_]:
    rows = np.ones(len(facts.table), dtype=np.bool_)
    for rule in shared.get("ignore", ()):  # type: ignore[attr-defined]
        cells = pd.Series([c.strip() for c in facts.table.column(rule.column)], dtype=object)
        rows &= ~np.asarray(cells.isin(rule.equals) | ((cells == "") & rule.empty))
    return rows
