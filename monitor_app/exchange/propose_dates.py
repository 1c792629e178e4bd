"""Where a table says its date: a column, the headers, a full date in a title, the file name."""

from __future__ import annotations

import re
from datetime import date
from pathlib import PurePath

from monitor_app.core.i18n import _
from monitor_app.exchange.dates import DateReader
from monitor_app.exchange.guess import Guess
from monitor_app.exchange.label_set import LabelPlace
from monitor_app.exchange.recipe_model import DateRule
from monitor_app.exchange.table import RawTable
from monitor_app.exchange.wide_headers import WideTable

_MONTH = (
    r"(?:Jan(?:uar)?|Jänner|Feb(?:ruar)?|März|Mrz|April?|Mai|Juni?|Juli?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Okt(?:ober)?|Nov(?:ember)?|Dez(?:ember)?)\.?"
)
_DAY = (
    r"(\d{1,2}\.\s?\d{1,2}\.\s?(?:19|20)\d{2}"
    rf"|\d{{1,2}}\.\s?{_MONTH}\s(?:19|20)\d{{2}}"
    r"|(?:19|20)\d{2}-\d{2}-\d{2})"
)
_YEAR = r"((?:19|20)\d{2})(?!\d)"
_IN_FILE = (
    r"(?<!\d)((?:19|20)\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01]))(?!\d)",
    r"(?<!\d)((?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])\.(?:19|20)\d{2})(?!\d)",
    r"(?<!\d)((?:19|20)\d{2}-?(?:0[1-9]|1[0-2]))(?!\d)",
    r"(?<!\d)((?:19|20)\d{2})(?!\d)",
)


def date_rule(table: RawTable, day: Guess | None, in_headers: bool, reasons: list[str]) -> DateRule:
    """The rule for the dates of a table, with the reason where it is no column."""
    if in_headers:
        return DateRule(header=True)
    if day is not None:
        return DateRule(column=day.column)
    found = _outside(table)
    if found is None:
        reasons.append(_("The date is looked for in the title lines."))
        return DateRule(title=r"(\d{1,2}\.\d{1,2}\.\d{4}|(?:19|20)\d{2})")
    rule, reason = found
    reasons.append(reason)
    return rule


def _outside(table: RawTable) -> tuple[DateRule, str] | None:
    """The most exact date that stands outside of the cells: a day in a title, the name of the
    file, a year in a title or in the name of the sheet."""
    titles = (*table.before, *table.after)
    stem = PurePath(table.source.name).stem
    in_titles = _("The date is looked for in the title lines.")
    if any(re.search(_DAY, t) for t in table.before):
        return DateRule(title=_DAY), in_titles
    for pattern in _IN_FILE:
        if re.search(pattern, stem):
            return DateRule(file=pattern), _("The date is taken from the name of the file.")
    if re.search(_YEAR, table.name):
        return DateRule(sheet=_YEAR), _("The date is taken from the name of the sheet.")
    if any(re.search(_YEAR, t) for t in titles):
        pattern = _DAY if any(re.search(_DAY, t) for t in titles) else _YEAR
        return DateRule(title=pattern), in_titles
    return None


def days_of(table: RawTable, rule: DateRule, wide: WideTable) -> frozenset[date]:
    """The days that a table is about, as far as they can be read."""
    reader = DateReader(rule)
    if rule.header:
        texts = {own["date"] for own in wide.columns.values() if "date" in own}
    elif rule.column is not None and rule.column in table.header:
        texts = set(table.column(rule.column))
    else:
        day, _text = reader.of_table(table)
        return frozenset() if day is None else frozenset({day})
    found, _issues = reader.understand(tuple(texts), LabelPlace())
    return frozenset(day for day in found.values() if day is not None)
