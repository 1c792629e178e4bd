"""Numbers of one column of a table, as a recipe wants them read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.issues import Issue
from monitor_app.core.status import Status
from monitor_app.exchange.coded import Codes
from monitor_app.exchange.numbers import to_numbers
from monitor_app.exchange.recipe_model import NumberRule
from monitor_app.exchange.table import RawTable


def decimal_for(rule: NumberRule, column: str) -> str | None:
    """The decimal mark that the recipe states for a column, directly or by the grouping mark."""
    if column in rule.columns:
        return rule.columns[column]
    if rule.decimal is not None:
        return rule.decimal
    return {".": ",", ",": "."}.get(rule.thousands or "")


def convert_cells(
    table: RawTable, position: int, rows: Codes, rule: NumberRule, issues: list[Issue]
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Values and status of the chosen rows of a column; findings go to ``issues``.

    The findings name cells of the chosen rows only, so a total row that is left out cannot
    block an import.
    """
    header = table.header[position]
    cells = table.columns[position]
    chosen = cells if len(rows) == len(cells) else [cells[i] for i in rows.tolist()]
    lines = table.rows if len(rows) == len(cells) else [table.rows[i] for i in rows.tolist()]
    column = to_numbers(
        chosen,
        column=header,
        rows=lines,
        file=table.source.name,
        sheet=table.name or None,
        decimal=decimal_for(rule, header),
        file_decimal=table.decimal,
        typed=header in table.numeric,
    )
    issues.extend(column.issues)
    status = column.status.copy()
    values = column.values.copy()
    values[status >= Status.MISSING] = np.nan
    return values, status
