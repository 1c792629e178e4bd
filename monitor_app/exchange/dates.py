"""Dates of a delivery: from a column, the file name, the title lines, or the recipe itself."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePath

import numpy as np
import pandas as pd

from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.coded import Coded, Codes, code_column, place
from monitor_app.exchange.interpret import Meaning
from monitor_app.exchange.label_set import LabelPlace
from monitor_app.exchange.labels import DateKind, DateReading, parse_date, parse_dates
from monitor_app.exchange.recipe_model import DateRule
from monitor_app.exchange.table import RawTable


class DateReader:
    """Understands the dates of one content of a recipe."""

    def __init__(self, rule: DateRule) -> None:
        self.rule = rule

    def understand(self, texts: Sequence[str], place: LabelPlace) -> Meaning:
        """The days that texts mean. A bare year means the recipe's day of that year, a month its
        last day (its first where the recipe's day is a first)."""
        cut = {t: self._cut(t.strip()) for t in texts}
        back = {c: t for t, c in reversed(cut.items())}
        found = parse_dates(list(cut.values()), place)
        issues = [replace(i, value=back.get(i.value or "", i.value)) for i in found.issues]
        return {t: self._day(found[c]) for t, c in cut.items()}, issues

    def one(self, text: str) -> date | None:
        """The day that a single text means."""
        day: date | None = self.understand((text,), LabelPlace())[0][text]
        return day

    def _cut(self, text: str) -> str:
        if self.rule.pattern is None:
            return text
        match = re.search(self.rule.pattern, text)
        if match is None:
            return ""
        return match.group(1) if match.re.groups else match.group(0)

    def _day(self, reading: DateReading) -> date | None:
        month, day = (int(part) for part in self.rule.year_day.split("-"))
        if reading.kind is DateKind.MONTH and reading.year and reading.month:
            month = reading.month
            day = 1 if day == 1 else monthrange(reading.year, month)[1]
        if reading.day is None and reading.year is None:
            return None
        year = reading.year or 2000
        found = reading.on(month, min(day, monthrange(year, month)[1]))
        if found is None or not self.rule.shift_years:
            return found
        year = found.year + self.rule.shift_years
        return found.replace(year=year, day=min(found.day, monthrange(year, found.month)[1]))

    def of_table(self, table: RawTable) -> tuple[date | None, str]:
        """The one date of a whole table and the text it was found in."""
        rule = self.rule
        if rule.fixed is not None:
            return self.one(rule.fixed), rule.fixed
        searches = (
            (rule.file, (PurePath(table.source.name).stem,)),
            (rule.title, (*table.before, *table.after)),
            (rule.sheet, (table.name,)),
        )
        for pattern, texts in searches:
            if pattern is None:
                continue
            for text in texts:
                match = re.search(pattern, text)
                if match:
                    hit = match.group(1) if match.re.groups else match.group(0)
                    return self._day(parse_date(hit)), hit
            return None, texts[0] if texts else ""
        return None, ""

    def code(self, table: RawTable, rows: Codes, issues: list[Issue]) -> Coded:
        """Dates of the rows of a table; what is not understood is -1 and an issue."""
        if self.rule.column is not None:
            column = self.rule.column
            if column not in table.header:
                issues.append(
                    Issue(
                        "column-missing",
                        Severity.ERROR,
                        _("The file has no column {column}, which the recipe names.").format(
                            column=column
                        ),
                        **place(table, None, column),
                        repair=_("Columns of the file: {columns}").format(
                            columns=", ".join(h for h in table.header if h)[:300]
                        ),
                    )
                )
                return _nothing(len(rows))
            return code_column(table, column, rows, self.understand, issues)
        day, text = self.of_table(table)
        if day is None:
            issues.append(_not_understood(table, text))
            return _nothing(len(rows))
        return Coded.constant(day, len(rows))


def _nothing(n: int) -> Coded:
    return Coded(np.full(n, -1, dtype=np.int64), (), np.zeros(n, dtype=np.int64))


def _not_understood(table: RawTable, text: str) -> Issue:
    return Issue(
        "date-not-found",
        Severity.ERROR,
        _("No date was found for the table (looked at: {text}).").format(text=text or "–"),
        **place(table),
        value=text or None,
        repair=_("State the date in the recipe, or put it into the name of the file."),
    )


def spacing(days: tuple[date, ...]) -> tuple[date, ...]:
    """Dates that are missing in a regular series (yearly on one day, or quarter and month ends).

    A series is regular where most steps have the same number of months; every longer step that
    is a multiple of it hides missing dates. Empty where no regular step exists.
    """
    if len(days) < 3:
        return ()
    months = np.array([d.year * 12 + d.month for d in days])
    steps = pd.Series(np.diff(months))
    usual = int(steps.mode().iloc[0])
    if usual <= 0 or (steps == usual).mean() < 0.5:
        return ()
    missing = []
    for day, step in zip(days, steps, strict=False):
        for k in range(1, int(step) // usual if step % usual == 0 else 1):
            month0 = day.year * 12 + day.month - 1 + k * usual
            year, month = divmod(month0, 12)
            last = monthrange(year, month + 1)[1]
            missing.append(date(year, month + 1, min(day.day, last)))
    return tuple(missing)
