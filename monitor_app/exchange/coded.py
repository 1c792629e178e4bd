"""Rows and codes of a raw table: filters, places for issues, distinct texts of a column."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.interpret import Interpreter
from monitor_app.exchange.label_set import LabelPlace
from monitor_app.exchange.recipe_model import RowFilter
from monitor_app.exchange.table import RawTable

Codes = NDArray[np.int64]

#: Code of a label that only sums others (“insgesamt”): left out on purpose, so no sum lacks it.
TOTAL = -2


@dataclass(frozen=True)
class Coded:
    """Positions of one dimension: ``labels[codes[i]]``, -1 where nothing was understood and
    ``TOTAL`` where the text names a sum of others.
    ``raw`` counts the distinct spellings, so that merged codes are no duplicates."""

    codes: Codes
    labels: tuple[Any, ...]
    raw: Codes

    @classmethod
    def constant(cls, label: Any, n: int) -> Coded:
        zeros = np.zeros(n, dtype=np.int64)
        return cls(zeros, (label,), zeros)


def place(table: RawTable, row: int | None = None, column: str | None = None) -> dict[str, Any]:
    """Where an issue is: file, sheet, line and column of a cell."""
    return {
        "file": table.source.name,
        "sheet": table.name or None,
        "row": None if row is None else table.rows[row],
        "column": column,
    }


def filter_rows(
    table: RawTable, rules: Sequence[RowFilter], issues: list[Issue]
) -> NDArray[np.bool_]:
    """Which rows any of the rules names."""
    chosen = np.zeros(len(table), dtype=np.bool_)
    for rule in rules:
        if not check_column(table, rule.column, issues):
            continue
        cells = pd.Series(table.column(rule.column), dtype=object)
        codes, unique = pd.factorize(cells)
        hits = np.array([_matches(rule, str(text).strip()) for text in unique], dtype=np.bool_)
        if len(hits):
            chosen |= hits[codes]
    return chosen


def _matches(rule: RowFilter, text: str) -> bool:
    if rule.empty and not text:
        return True
    if text in rule.equals:
        return True
    return rule.pattern is not None and re.search(rule.pattern, text) is not None


#: Stands for the column of numbers in a proposal for a table that has none.
UNKNOWN = "?"


def check_column(table: RawTable, column: str, issues: list[Issue]) -> bool:
    """Whether the table has the column; an issue with the columns at hand where it does not."""
    if column in table.header:
        return True
    open_ = column == UNKNOWN
    text = _("The file has no column {column}, which the recipe names.").format(column=column)
    issues.append(
        Issue(
            "column-missing",
            Severity.ERROR,
            _("No column with numbers was found.") if open_ else text,
            **place(table, None, None if open_ else column),
            repair=_("Columns of the file: {columns}").format(
                columns=", ".join(h for h in table.header if h)[:300]
            ),
        )
    )
    return False


def chosen_rows(
    table: RawTable,
    only: Sequence[RowFilter],
    ignore: Sequence[RowFilter],
    issues: list[Issue],
) -> NDArray[np.bool_]:
    """Rows that a content uses; ignored rows are reported by role, never dropped silently."""
    mask = np.ones(len(table), dtype=np.bool_)
    if only:
        mask &= filter_rows(table, only, issues)
    for rule in ignore:
        hits = filter_rows(table, (rule,), issues) & mask
        if hits.any():
            issues.append(
                Issue(
                    "rows-ignored",
                    Severity.INFO,
                    _("{count} rows were left out as the recipe says ({role}).").format(
                        count=int(hits.sum()), role=_role(rule.role)
                    ),
                    **place(table, int(np.flatnonzero(hits)[0]), rule.column),
                    count=int(hits.sum()),
                )
            )
        mask &= ~hits
    return mask


def _role(role: str) -> str:
    return {
        "total": _("total rows"),
        "subtotal": _("subtotals"),
        "note": _("notes"),
        "other": _("other rows"),
    }[role]


def fits_sheet(table: RawTable, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatch.fnmatchcase(table.name, p) for p in patterns)


def code_column(
    table: RawTable, column: str, rows: Codes, understand: Interpreter, issues: list[Issue]
) -> Coded:
    """Interpret the distinct texts of a column; what has no meaning gets -1 and an issue."""
    cells = np.array(table.column(column), dtype=object)[rows]
    factors, unique = pd.factorize(pd.Series(cells, dtype=object))
    raw = factors.astype(np.int64)
    texts = [str(text) for text in unique]
    _values, first = np.unique(raw, return_index=True)
    counts = dict(zip(texts, np.bincount(raw, minlength=len(texts)).tolist(), strict=True))
    lines = [table.rows[int(rows[i])] for i in first]
    where = LabelPlace(column, table.source.name, table.name or None, lines)
    meaning, found = understand(texts, where)
    for issue in found:
        count = counts.get(issue.value, 1) if issue.value is not None else 1
        issues.append(replace(issue, count=max(count, issue.count)))
    labels: dict[Any, int] = {}
    lookup = np.full(len(texts) + 1, -1, dtype=np.int64)
    totals = {issue.value for issue in found if issue.code == "total-left-out"}
    for i, text in enumerate(texts):
        label = meaning[text]
        if label is None and text in totals:
            lookup[i] = TOTAL
        elif label is not None:
            lookup[i] = labels.setdefault(label, len(labels))
    return Coded(lookup[raw], tuple(labels), raw)
