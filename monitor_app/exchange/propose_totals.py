"""Rows that repeat sums of others, and a highest age that stands for all older people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor_app.core.ages import AgeGroup
from monitor_app.core.i18n import _
from monitor_app.exchange.guess import Role
from monitor_app.exchange.labels import parse_ages
from monitor_app.exchange.propose_words import total_text
from monitor_app.exchange.recipe_model import RowFilter
from monitor_app.exchange.table_facts import Facts, number


def total_rows(facts: Facts, known: Sequence[RowFilter]) -> tuple[RowFilter, ...]:
    """Rows that a column with texts calls a total, unless the area column told so already."""
    texts = [
        own[0].column for own in facts.guesses
        if own[0].role in (Role.AREA, Role.NAME, Role.GROUP) and own[0].column not in
        {r.column for r in known} and own[0].column not in _read_totals(facts)
    ]  # fmt: skip
    found = []
    if (day := facts.roles.get(Role.DATE)) is not None:
        sums = tuple(t for t in facts.distinct[day.column] if total_text(t))
        if sums:
            found.append(RowFilter(column=day.column, equals=sums, role="total"))
    for column in texts:
        said = [t for t in facts.distinct[column] if total_text(t)]
        others = [t for t in facts.distinct[column] if t and t not in said]
        covered = any(_rows_within(facts, column, said, rule) for rule in known)
        if said and others and not covered and _is_name(facts, column):
            found.append(RowFilter(column=column, equals=tuple(said), role="total"))
    return tuple(found)


def _is_name(facts: Facts, column: str) -> bool:
    """Whether the texts of a column go with the areas (its totals are rows of the town)."""
    area = facts.roles.get(Role.AREA)
    if area is None or column == area.column:
        return True
    filled = facts.distinct[column]
    return facts.follows(column, area.column) or len(filled) >= len(facts.distinct[area.column])


def _rows_within(facts: Facts, column: str, said: Sequence[str], rule: RowFilter) -> bool:
    cells = pd.Series([c.strip() for c in facts.table.column(rule.column)], dtype=object)
    hit = cells.isin(rule.equals) | ((cells == "") & rule.empty)
    here = pd.Series([c.strip() for c in facts.table.column(column)], dtype=object).isin(said)
    return bool((~here | hit).all())


def _read_totals(facts: Facts) -> set[str]:
    """Columns whose totals are left out when their labels are read."""
    return {facts.roles[r].column for r in (Role.SEX, Role.AGE) if r in facts.roles}


def last_is_open(
    facts: Facts, column: str | None, sums: NDArray[np.float64], *, everybody: bool
) -> bool:
    """Whether the highest age stands for “and older” although its text does not say so.

    ``column`` has the ages, None where headers have them; ``everybody``: the table counts all
    inhabitants, so that nobody can be older than its highest age.
    """
    by_group = _by_group(facts, column, sums)
    if len(by_group) < 3 or any(g.hi is None for g in by_group):
        return False
    last, before = sorted(by_group, key=lambda g: -g.lo)[:2]
    same_width = (last.hi or 0) - last.lo == (before.hi or 0) - before.lo
    if last.lo >= 60 and same_width and by_group[last] > by_group[before]:
        text = _(
            "The highest age {age} is read as “and older”: it has more people than the one below."
        )
    elif everybody and last.lo >= 80:
        text = _("The highest age {age} is read as “and older”: the table counts everybody.")
    else:
        return False
    facts.reasons.append(text.format(age=last.label))
    return True


def starts_at_one(facts: Facts, column: str) -> bool:
    """Whether codes 1, 2, 3 … of a table of everybody must be the ages 0, 1, 2 …: there are
    always children below one."""
    texts = facts.distinct[column]
    if not all(t.isdigit() for t in texts):
        return False
    codes = sorted(int(t) for t in texts)
    if codes[0] != 1 or codes != list(range(1, len(codes) + 1)) or len(codes) < 80:
        return False
    facts.reasons.append(
        _("The codes of {column} begin with 1, which stands for children below one year.").format(
            column=column
        )
    )
    return True


def _by_group(facts: Facts, column: str | None, sums: NDArray[np.float64]) -> dict[AgeGroup, float]:
    found: dict[AgeGroup, float] = {}
    if column is not None:
        texts = facts.distinct[column]
        totals = np.bincount(facts.codes[column], weights=sums, minlength=len(texts)).tolist()
        pairs = list(zip(texts, totals, strict=True))
    else:
        pairs = []
        for header, own in facts.wide.columns.items():
            plain = np.array([*(number(t) for t in facts.distinct[header]), 0.0])
            pairs.append((own["age"], float(plain[facts.codes[header]].sum())))
    readings = parse_ages(list(dict.fromkeys(t for t, _n in pairs))).readings
    for text, count in pairs:
        group = readings[text].group
        if group is not None:
            found[group] = found.get(group, 0.0) + count
    return found
