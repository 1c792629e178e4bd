"""Ages of people who are listed by their year of birth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from monitor_app.core.ages import AgeGroup
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.coded import TOTAL, Coded, Codes, code_column, place
from monitor_app.exchange.label_set import Findings, LabelPlace
from monitor_app.exchange.labels import DateKind, parse_date
from monitor_app.exchange.table import RawTable

#: Nobody is older; years before are mistakes.
OLDEST = 125


def ages_at(table: RawTable, column: str, rows: Codes, dates: Coded, issues: list[Issue]) -> Coded:
    """Single ages of the rows at their dates. On 31 December everybody born in a year has the
    same age; on 1 January one year less; on other days the year of birth does not tell the age,
    which is an error."""
    births = code_column(table, column, rows, _years, issues)
    offset: dict[int, int] = {}
    for code, day in enumerate(dates.labels):
        if (day.month, day.day) == (12, 31):
            offset[code] = day.year
        elif (day.month, day.day) == (1, 1):
            offset[code] = day.year - 1
        else:
            issues.append(_no_age(table, column, day))
    years = np.array([*births.labels, TOTAL, -1], dtype=np.int64)[births.codes]
    ends = np.array([offset.get(c, -1) for c in range(len(dates.labels))] + [-1, -1])[dates.codes]
    ages = np.where((births.codes >= 0) & (ends >= 0), ends - years, -1)
    wrong = (ages < 0) & (births.codes >= 0) & (ends >= 0) | (ages > OLDEST)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        issues.append(_impossible(table, column, int(rows[first]), int(wrong.sum())))
    ages = np.where(wrong, -1, ages)
    found = np.unique(ages[ages >= 0])
    position = np.full(OLDEST + 2, -1, dtype=np.int64)
    position[found] = np.arange(len(found))
    codes = np.where(births.codes == TOTAL, TOTAL, position[ages])
    return Coded(codes, tuple(AgeGroup(int(a), int(a) + 1) for a in found), births.raw)


def _years(texts: Sequence[str], where: LabelPlace) -> tuple[dict[str, Any], Sequence[Issue]]:
    findings = Findings(texts, where)
    result: dict[str, Any] = {}
    for text in texts:
        reading = parse_date(text)
        result[text] = reading.year if reading.kind is DateKind.YEAR else None
        if result[text] is None:
            findings.add(
                "birth-year-unreadable", Severity.ERROR,
                _("“{label}” is not a year of birth.").format(label=text), text,
                _("Write it with four digits, or leave these rows out in the recipe."),
            )  # fmt: skip
    return result, findings.issues


def _no_age(table: RawTable, column: str, day: date) -> Issue:
    return Issue(
        "birth-year-no-age",
        Severity.ERROR,
        _("On {date} the year of birth does not tell the age.").format(date=format_date(day)),
        **place(table, None, column),
        repair=_("Import counts of 31 December or 1 January, or counts by age."),
    )


def _impossible(table: RawTable, column: str, row: int, count: int) -> Issue:
    return Issue(
        "birth-year-impossible",
        Severity.ERROR,
        _("Years of birth after the date or more than {years} years before it: {count} rows.")
        .format(years=OLDEST, count=count),
        **place(table, row, column),
        repair=_("Correct the years, or leave these rows out in the recipe."),
        count=count,
    )  # fmt: skip
