"""How much a computed value can be trusted: the counts behind it, its interval, its change.

Only where the formula is one fraction of two counts: ``factor · cases / people``. A *share* counts
cases among the people themselves (Wilson interval). A *ratio* sets two separate parts of one stock
against each other, such as old against young: x/y follows from the Wilson interval of x/(x + y).
A *rate* sets events, or counts from another register, against people (exact Poisson interval; too
wide rather than too narrow where the cases are some of the people after all). Everything else has
no such evidence, and says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import numpy as np

from monitor_app.core.areas import CITY
from monitor_app.core.datasets import Kind
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.status import Status, has_value
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.engine import Engine
from monitor_app.indicators.grid import Bools, Codes, Floats
from monitor_app.indicators.run import resolve
from monitor_app.indicators.smallnumbers import (
    LEVEL,
    Change,
    Interval,
    change_of_rates,
    change_of_shares,
    rate_interval,
    smooth,
    wilson,
)
from monitor_app.indicators.tree import Binary, Call, CodeTest, Filter, Input, Node, Number
from monitor_app.indicators.vocabulary import shipped_variables

_COUNTED = frozenset(Kind) - {Kind.VARIABLE, Kind.FACILITIES}
#: Base quantities whose numbers are counts.
_THINGS = frozenset({"persons", "households", "dwellings", "cars", "buildings", "events"})
Sort = Literal["share", "ratio", "rate"]


@dataclass(frozen=True)
class Fraction:
    """``factor · cases / people``; ``sort``: see the module."""

    cases: Node
    people: Node
    factor: float
    sort: Sort


def fraction_of(node: Node) -> Fraction | None:
    """The fraction that a formula is, None where it is none of counts."""
    factor, node = _factor(node)
    match node:
        case Binary(op="/", left=top, right=bottom):
            more, top = _factor(top)
            less, bottom = _factor(bottom)
            factor *= more / less if less else 0.0
        case Call(name="share" | "per_1000" as name, args=(top, bottom)):
            factor *= 100.0 if name == "share" else 1000.0
        case _:
            return None
    if factor <= 0 or not _counts(top) or not _counts(bottom):
        return None
    return Fraction(top, bottom, factor, _sort(top, bottom))


def _factor(node: Node) -> tuple[float, Node]:
    """Constant factors taken off: ``100 * a / 2`` is 50 of ``a``."""
    match node:
        case Binary(op="*", left=Number(value=value), right=rest):
            factor, rest = _factor(rest)
            return value * factor, rest
        case Binary(op="*", left=rest, right=Number(value=value)):
            factor, rest = _factor(rest)
            return value * factor, rest
        case Binary(op="/", left=rest, right=Number(value=value)) if value:
            factor, rest = _factor(rest)
            return factor / value, rest
        case Binary(op="/", left=top, right=bottom):
            # 100 * a / b is read as (100 * a) / b: the factor belongs to the whole.
            factor, top = _factor(top)
            return factor, Binary("/", top, bottom, node.column)
    return 1.0, node


def _counts(node: Node) -> bool:
    """Counts of people, things or events, and sums of such (never differences)."""
    match node:
        case Input(kind=Kind.VARIABLE):
            known = shipped_variables().get(node.variable or "")
            return known is not None and _is_count(known.dimension)
        case Input():
            return node.reducer in ("sum", "mean") and node.kind in _COUNTED
        case Binary(op="+", left=left, right=right):
            return _counts(left) and _counts(right)
        case Call(name="sum" | "sum_years", args=args):
            return all(_counts(arg) for arg in args)
    return False


def _is_count(dimension: dict[str, int]) -> bool:
    return len(dimension) == 1 and set(dimension) <= _THINGS and 1 in dimension.values()


def _sort(top: Node, bottom: Node) -> Sort:
    if not isinstance(top, Input) or not isinstance(bottom, Input):
        return "rate"
    stock = top.subject == bottom.subject and top.reducer == bottom.reducer == "sum"
    if not stock or top.kind is not Kind.POPULATION:
        return "rate"
    inner, outer = top.filter, bottom.filter
    if all(_within(getattr(inner, d), getattr(outer, d)) for d in ("sex", "group", "partner")):
        if inner.lo >= outer.lo and _end(inner) <= _end(outer):
            return "share"
        apart = inner.lo >= _end(outer) or outer.lo >= _end(inner)
        if apart and all(getattr(inner, d) == getattr(outer, d) for d in ("sex", "group")):
            return "ratio"
    return "rate"


def _within(inner: CodeTest | None, outer: CodeTest | None) -> bool:
    if outer is None or inner == outer:
        return True
    return (
        inner is not None and not inner.negated and not outer.negated and inner.codes <= outer.codes
    )


def _end(condition: Filter) -> float:
    return math.inf if condition.hi is None else condition.hi


@dataclass(frozen=True)
class Evidence:
    """The counts behind the values of ``table`` and their bounds, in the unit of the indicator.

    ``low``/``high`` and ``cases``/``people`` have the shape of the table's values (areas, dates);
    those of the whole town stand in ``city_…`` (dates,). NaN where there is no value.
    """

    table: IndicatorTable
    fraction: Fraction
    level: float
    cases: Floats
    people: Floats
    low: Floats
    high: Floats
    city_low: Floats
    city_high: Floats

    @property
    def method(self) -> str:
        """For readers."""
        return _("exact Poisson interval") if self.fraction.sort == "rate" else _("Wilson interval")


def evidence(
    engine: Engine, indicator_id: str, level: str, *, confidence: float = LEVEL, **view: Any
) -> Evidence:
    """Values with their confidence intervals. ``view``: as for ``Engine.compute``.

    Errors: ``UserError`` where the formula is no fraction of two counts.
    """
    definition = engine.catalogue.get(indicator_id)
    fraction = _only_fraction(engine, definition)
    table = engine.compute(indicator_id, level, **view)
    city, _cases, _people = _bounds_at(engine, fraction, CITY, table, confidence, view)
    found, cases, people = _bounds_at(engine, fraction, level, table, confidence, view)
    known, town = has_value(table.status), has_value(table.city_status)
    return Evidence(
        table, fraction, confidence, cases, people,
        np.where(known, found.low, np.nan), np.where(known, found.high, np.nan),
        np.where(town, city.low[0], np.nan), np.where(town, city.high[0], np.nan),
    )  # fmt: skip


def _only_fraction(engine: Engine, definition: IndicatorDef) -> Fraction:
    known = frozenset(engine.catalogue.ids)
    found = {fraction_of(resolve(tree, known)) for tree in definition.trees}
    one = found.pop() if len(found) == 1 else None
    if one is None or definition.aggregation in ("weighted", "none"):
        raise fail(
            "no-fraction",
            _("“{name}” is no share or rate of two counts, so it has no interval.").format(
                name=definition.name.shown
            ),
            value=definition.id,
            repair=_("Choose a share or a rate, such as cases per 1,000 inhabitants."),
        )
    return one


def _bounds_at(
    engine: Engine, fraction: Fraction, level: str, table: IndicatorTable, confidence: float,
    view: dict[str, Any],
) -> tuple[Interval, Floats, Floats]:  # fmt: skip
    top = engine.part(fraction.cases, table, level, view)
    bottom = engine.part(fraction.people, table, level, view)
    usable = has_value(top.status) & has_value(bottom.status)
    cases = np.where(usable & (top.values >= 0), top.values, np.nan)
    people = np.where(usable & (bottom.values >= 0), bottom.values, np.nan)
    factor = fraction.factor
    if fraction.sort == "rate":
        return rate_interval(cases, people, factor, confidence), cases, people
    found = wilson(cases, people if fraction.sort == "share" else cases + people, confidence)
    low, high = found.low, found.high
    if fraction.sort == "ratio":
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = low / (1 - low), high / (1 - high)
    return Interval(factor * low, factor * high), cases, people


def smoothed(
    engine: Engine, indicator_id: str, level: str, **view: Any
) -> tuple[IndicatorTable, Floats]:
    """The table with empirical-Bayes values, all marked as estimates, and the weight (0..1) that
    each area's own value kept. The town's value stays as it is.

    Errors: ``UserError`` where the formula is no fraction of two counts.
    """
    found = evidence(engine, indicator_id, level, **view)
    table = found.table
    values, own = np.full(table.values.shape, np.nan), np.full(table.values.shape, np.nan)
    for j in range(len(table.dates)):
        # An area below its minimum base has counts, and is what smoothing is for: still hidden.
        shown = has_value(table.status[:, j])
        result = smooth(
            np.where(shown, found.cases[:, j], np.nan), np.where(shown, found.people[:, j], np.nan)
        )
        values[:, j] = result.rates * found.fraction.factor
        own[:, j] = result.own_weight
    lost = has_value(table.status) & np.isnan(values)
    status: Codes = np.where(
        has_value(table.status), np.maximum(table.status, Status.ESTIMATED), table.status
    ).astype(np.uint8)
    status[lost] = Status.NOT_APPLICABLE
    return replace(table, values=values, status=status), own


@dataclass(frozen=True)
class Compared:
    """Two dates of one indicator, per area in the order of ``areas`` and for the town (last):
    ``before``/``after`` values, ``change`` with its test. ``known``: both dates have a value."""

    table: IndicatorTable
    dates: tuple[date, date]
    before: Floats
    after: Floats
    change: Change
    known: Bools


def compared(
    engine: Engine, indicator_id: str, level: str, earlier: date, later: date, **view: Any
) -> Compared:
    """Change between two dates with its significance; the difference in the indicator's unit.

    Errors: ``UserError`` for a date without values, or where the formula is no fraction of two
    counts.
    """
    found = evidence(engine, indicator_id, level, **view)
    town = evidence(engine, indicator_id, CITY, **view)
    table = found.table
    columns = [_column(table, day) for day in (earlier, later)]
    cases, people, values = [], [], []
    for day, j in zip((earlier, later), columns, strict=True):
        known = has_value(np.append(table.status[:, j], table.city_status[j]))
        at = town.table.dates.index(day) if day in town.table.dates else None
        city_cases = np.nan if at is None else town.cases[0, at]
        city_people = np.nan if at is None else town.people[0, at]
        cases.append(np.where(known, np.append(found.cases[:, j], city_cases), np.nan))
        people.append(np.where(known, np.append(found.people[:, j], city_people), np.nan))
        values.append(np.append(table.values[:, j], table.city_values[j]))
    sort = found.fraction.sort
    if sort == "ratio":  # x/y changes where x/(x + y) does
        people = [x + y for x, y in zip(cases, people, strict=True)]
    test = change_of_rates if sort == "rate" else change_of_shares
    result = test(cases[0], people[0], cases[1], people[1])
    scaled = replace(result, difference=values[1] - values[0])
    known = np.isfinite(values[0]) & np.isfinite(values[1])
    return Compared(table, (earlier, later), values[0], values[1], scaled, known)


def _column(table: IndicatorTable, day: date) -> int:
    if day in table.dates:
        return table.dates.index(day)
    raise no_date(table, day)


def no_date(table: IndicatorTable, day: date) -> UserError:
    """There are no values for the day."""
    return fail(
        "no_date",
        _("There are no values for {day}.").format(day=format_date(day)),
        repair=_("Known dates, newest last: {dates}").format(
            dates=", ".join(d.isoformat() for d in table.dates[-8:]) or "–"
        ),
    )
