"""Rows that repeat sums of others, and a highest age that stands for all older people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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


def piles_up(facts: Facts, column: str, sums: NDArray[np.float64]) -> bool:
    """Whether the highest single age holds more people than the one below: it is “and older”."""
    readings = parse_ages(facts.distinct[column]).readings
    lows = {
        i: g.lo for i, t in enumerate(facts.distinct[column])
        if (g := readings[t].group) is not None and g.hi == g.lo + 1
    }  # fmt: skip
    if len(lows) < 5 or len(lows) < len([r for r in readings.values() if r.group]):
        return False
    by_age = np.bincount(facts.codes[column], weights=sums, minlength=len(readings))
    last, before = sorted(lows, key=lambda i: -lows[i])[:2]
    return _say_open(facts, lows[last], by_age[last], by_age[before])


def last_column_piles_up(facts: Facts) -> bool:
    sums: dict[int, float] = {}
    texts = {h: own["age"] for h, own in facts.wide.columns.items()}
    readings = parse_ages(list(dict.fromkeys(texts.values()))).readings
    for header, text in texts.items():
        group = readings[text].group
        if group is None or group.hi != group.lo + 1:
            return False
        plain = np.array([*(number(t) for t in facts.distinct[header]), 0.0])
        sums[group.lo] = sums.get(group.lo, 0.0) + float(plain[facts.codes[header]].sum())
    if len(sums) < 5:
        return False
    last, before = sorted(sums, reverse=True)[:2]
    return _say_open(facts, last, sums[last], sums[before])


def _say_open(facts: Facts, age: int, last: float, before: float) -> bool:
    if age < 60 or last <= before or age % 5 not in (0, 4):
        return False
    text = _("The highest age {age} is read as “and older”: it has more people than the one below.")
    facts.reasons.append(text.format(age=age))
    return True
