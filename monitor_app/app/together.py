"""The value of several areas taken together, computed as that of one larger area.

Rates are not averaged: a level of its own with one area above the chosen ones goes through the
engine, which adds up numerators and denominators, weighs means, keeps secrets and minimum bases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from monitor_app.app.areanames import some_areas
from monitor_app.app.scenarios import joined, scenario_of
from monitor_app.app.session import Session
from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.datasets import Origin
from monitor_app.core.formats import format_date, format_value
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.engine import Engine

#: The level of the one area that the chosen ones make; no key of a file can be this.
TOGETHER = "\u2211"


@dataclass(frozen=True)
class Together:
    """``value`` and ``status`` of areas taken together on a day, and the town's value beside it
    (None where it has none, or where a part cannot be held against it)."""

    keys: tuple[str, ...]
    day: date
    value: float
    status: int
    unit: str
    precision: int
    city: float | None = None

    @property
    def text(self) -> str:
        return format_value(self.value, self.status, self.precision, self.unit)


def with_union(system: AreaSystem, level: str, keys: Sequence[str]) -> AreaSystem:
    """The areas with one more level: a single area that the chosen ones lie in."""
    chosen = frozenset(keys)
    areas = tuple(
        replace(a, parents={**a.parents, TOGETHER: TOGETHER})
        if a.level == level and a.key in chosen
        else a
        for a in system.areas
    )
    parts = [a for a in areas if a.level == level and a.key in chosen]
    union = tuple(_version(parts, i, day) for i, day in enumerate(_starts(parts)))
    own = system.level(level)
    levels = tuple(
        replace(lv, parents=(*lv.parents, TOGETHER)) if lv.key == level else lv
        for lv in system.levels
    )
    made = Level(TOGETHER, _("Areas together"), own.rank)
    return replace(system, levels=(*levels, made), areas=(*areas, *union))


def _starts(parts: Sequence[Area]) -> list[tuple[date | None, date | None]]:
    """Periods in which the same versions of the areas are valid."""
    from datetime import timedelta

    one = timedelta(days=1)
    begins = {a.valid_from for a in parts if a.valid_from}
    begins |= {a.valid_to + one for a in parts if a.valid_to}
    edges: list[date | None] = [None, *sorted(begins)]
    ends = [day - one for day in edges[1:] if day is not None]
    return list(zip(edges, [*ends, None], strict=True))


def _version(parts: Sequence[Area], number: int, period: tuple[date | None, date | None]) -> Area:
    first, last = period
    day = first or last
    valid = [a for a in parts if day is None or a.valid_on(day)]
    surfaces = [a.surface_m2 for a in valid if a.surface_m2 is not None]
    whole = len(surfaces) == len(valid) and bool(valid)
    return Area(
        -1 - number, TOGETHER, TOGETHER, "", valid_from=first, valid_to=last,
        surface_m2=sum(surfaces) if whole else None,
    )  # fmt: skip


def together(
    session: Session, indicator: str, level: str, keys: Sequence[str], day: date, *,
    carried: bool = False, scenario: str = "",
) -> Together:  # fmt: skip
    """*Slow.* An indicator of areas taken together on a day. ``UserError`` for an unknown area,
    one that there was not on the day, or a day without values."""
    chosen = tuple(dict.fromkeys(keys))
    names = session.names(level)
    there = {a.key for a in session.shown_areas(carried=carried).at(level, day)}
    for key in chosen:
        if key not in there:
            raise fail(
                "unknown-area",
                _("There is no area “{key}” on this level on {day}.").format(
                    key=names.get(key, key), day=format_date(day)
                ),
                value=key,
                repair=_("Known are: {names}.").format(
                    names=some_areas(key, tuple(sorted(there)), names)
                ),
            )
    if not chosen:
        raise fail("unknown-area", _("No area was chosen."), repair=_("Choose two or more areas."))
    table = _table(session, indicator, level, chosen, carried=carried, scenario=scenario)
    if day not in table.dates:
        raise fail("no_date", _("There are no values for {day}.").format(day=format_date(day)))
    at = table.dates.index(day)
    rate = session.catalogue.get(indicator).aggregation != "sum" or table.unit == "%"
    town = rate and int(table.city_status[at]) < Status.MISSING
    return Together(
        chosen, day, float(table.values[0, at]), int(table.status[0, at]), table.unit,
        table.precision, float(table.city_values[at]) if town else None,
    )  # fmt: skip


def _table(
    session: Session, indicator: str, level: str, keys: Sequence[str], *, carried: bool,
    scenario: str,
) -> IndicatorTable:  # fmt: skip
    if level == CITY:
        return session.series(indicator, CITY, carried=carried, scenario=scenario)
    system = with_union(session.areas, level, keys)
    engine = Engine(system, session.project, session.catalogue)
    found = engine.compute(indicator, TOGETHER, carried=carried)
    if not scenario:
        return found
    known = scenario_of(session.project, scenario).datasets
    ahead = engine.compute(indicator, TOGETHER, origin=Origin.FORECAST, datasets=known)
    return joined(found, ahead)
