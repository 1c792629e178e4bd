"""Totals before and after: what the files say and what would be stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from monitor_app.core.batch import Comparison
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.assemble import Long
from monitor_app.exchange.coded import TOTAL
from monitor_app.exchange.recipe_model import FactContent
from monitor_app.exchange.validate import LISTED, Files


def compare(
    long: Long, cube: Cube, spec: DatasetSpec, stated: dict[date, float]
) -> tuple[Comparison, ...]:
    """Sum of all numbers of the file per date, and what would be stored; then the totals that
    the file states itself. Rows that were left out because they sum others are no part of it."""
    stored = cube.totals()
    in_file: dict[date, float] = {}
    days = long.labels["date"]
    codes = long.codes["date"]
    counted = codes >= 0
    for own in long.codes.values():
        counted &= own != TOTAL
    sums = np.bincount(
        codes[counted], weights=np.nan_to_num(long.values)[counted], minlength=len(days)
    )
    for i, day in enumerate(days):
        in_file[day] = float(sums[i])
    found = [Comparison(spec.key, day, in_file[day], stored.get(day, 0.0)) for day in days]
    if spec.aggregation != "sum":
        return tuple(found)
    note = _("total stated in the file")
    found += [
        Comparison(spec.key, day, value, stored.get(day, float("nan")), note)
        for day, value in sorted(stated.items())
        if day in stored
    ]
    return tuple(found)


def comparison_issues(
    comparisons: Sequence[Comparison], content: FactContent, files: Files
) -> list[Issue]:
    """Totals that differ before and after."""
    found = []
    for item in comparisons:
        if abs(item.in_file - item.stored) < 0.5 or item.day is None:
            continue
        found.append(
            Issue(
                "total-differs",
                Severity.WARNING,
                _("{name}, {date}: {note} {before}, stored would be {after}.").format(
                    name=content.name,
                    date=format_date(item.day),
                    note=item.note or _("sum of the file"),
                    before=format_number(item.in_file),
                    after=format_number(item.stored),
                ),
                file=files.of_date.get(item.day),
                repair=_("Look for rows that are reported as unknown, missing or left out."),
            )
        )
    return found[:LISTED]
