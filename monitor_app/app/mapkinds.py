"""Kinds of maps from what a view says: values, deviations, targets, types, two measures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np

from monitor_app.app.session import Session
from monitor_app.app.view import ViewState
from monitor_app.cartography.kinds import (
    bivariate_spec,
    category_spec,
    deviation_spec,
    threshold_spec,
)
from monitor_app.cartography.mapspec import MapSpec, MapStyle, value_spec
from monitor_app.core.areas import AreaSystem
from monitor_app.core.formats import THIN_SPACE, format_date, format_value
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.status import has_value
from monitor_app.core.values import IndicatorTable


class Kind(StrEnum):
    """How values of one date are shown; changes between dates are ``ViewState.compare_to``."""

    VALUE = "value"
    DEVIATION = "deviation"  # from the city, in the unit
    DEVIATION_RELATIVE = "deviation_relative"  # in per cent of the city value
    TARGET = "target"  # from a target of the user
    TARGET_RELATIVE = "target_relative"
    THRESHOLD = "threshold"  # values in two directions of colour around the target
    TYPES = "types"  # above or below the city, risen or not
    BIVARIATE = "bivariate"  # 3 × 3 classes with a second indicator


#: Kinds that are measured against a value of the user, and those measured against the city.
WITH_TARGET = (Kind.TARGET, Kind.TARGET_RELATIVE, Kind.THRESHOLD)
AGAINST_CITY = (Kind.DEVIATION, Kind.DEVIATION_RELATIVE, Kind.TYPES)


def kind_name(kind: Kind) -> str:
    """As offered to users."""
    return {
        Kind.VALUE: _("Values"),
        Kind.DEVIATION: _("Deviation from the city"),
        Kind.DEVIATION_RELATIVE: _("Deviation from the city in %"),
        Kind.TARGET: _("Deviation from a target"),
        Kind.TARGET_RELATIVE: _("Deviation from a target in %"),
        Kind.THRESHOLD: _("Values around a target"),
        Kind.TYPES: _("Types: level and development"),
        Kind.BIVARIATE: _("Two indicators (3 × 3)"),
    }[kind]


def kind_of(view: ViewState) -> Kind:
    """The kind a view names; values where another version named one that is not known."""
    try:
        return Kind(view.kind)
    except ValueError:
        return Kind.VALUE


def is_rate(session: Session, table: IndicatorTable) -> bool:
    """Whether values of areas can be held against the city's (a count of the city is a sum)."""
    return session.catalogue.get(table.indicator).aggregation != "sum" or table.unit == "%"


def usual_target(table: IndicatorTable, day: date | None, *, rate: bool) -> float:
    """A target to begin with: the city value of rates, else the middle of the areas, rounded as
    shown; 0 where there is no value."""
    at = table.dates.index(day) if day in table.dates else len(table.dates) - 1
    if at < 0:
        return 0.0
    city = table.city_values[at] if has_value(table.city_status)[at] else np.nan
    if rate and np.isfinite(city):
        return round(float(city), table.precision)
    column = table.values[:, at]
    known = column[has_value(table.status[:, at]) & np.isfinite(column)]
    return round(float(np.median(known)), table.precision) if len(known) else 0.0


def kind_spec(
    session: Session,
    view: ViewState,
    table: IndicatorTable,
    areas: AreaSystem,
    style: MapStyle,
    texts: dict[str, Any],
) -> MapSpec:
    """The map of a view that compares no dates. ``style`` is that of values: other kinds have
    palettes of their own unless the view names one. ``UserError`` where a kind is impossible."""
    kind = kind_of(view)
    day = view.day
    assert day is not None
    if kind is Kind.VALUE:
        return value_spec(table, areas, day, style, **texts)
    own = replace(style, palette=view.palette or None, midpoint=None, true_zero=False)
    if kind in AGAINST_CITY and not is_rate(session, table):
        raise fail(
            "kind.count",
            _("“{name}” is a count: areas cannot be measured against the whole city.").format(
                name=texts["title"]
            ),
            repair=_("Choose a share or a rate, or measure against a target."),
        )
    if kind in (Kind.DEVIATION, Kind.DEVIATION_RELATIVE):
        texts = {**texts, "title": _("Deviation from the city: {name}").format(name=texts["title"])}
        relative = kind is Kind.DEVIATION_RELATIVE
        return deviation_spec(table, areas, day, relative=relative, style=own, **texts)
    if kind in WITH_TARGET:
        return _against_target(view, kind, table, areas, own, texts)
    if kind is Kind.TYPES:
        return _types(table, areas, day, texts)
    return _bivariate(session, view, table, areas, texts)


def _against_target(
    view: ViewState,
    kind: Kind,
    table: IndicatorTable,
    areas: AreaSystem,
    style: MapStyle,
    texts: dict[str, Any],
) -> MapSpec:
    target = view.targets.get(view.indicator)
    if target is None or not np.isfinite(target):
        raise fail(
            "kind.no_target",
            _("This map needs a target for “{name}”.").format(name=texts["title"]),
            repair=_("Enter the value that areas are measured against."),
        )
    if kind is Kind.TARGET_RELATIVE and target == 0:
        raise fail(
            "kind.zero_target",
            _("Nothing can be stated in per cent of a target of zero."),
            repair=_("Enter another target, or choose the deviation in the unit."),
        )
    decimals = next(
        (d for d in range(table.precision, 6) if round(target, d) == target), table.precision
    )
    shown = format_value(target, 0, decimals, table.unit)
    if table.unit != "%":  # words stand apart as words do
        shown = shown.replace(THIN_SPACE, "\u00a0")
    name = texts["title"]
    if kind is Kind.THRESHOLD:
        texts = {**texts, "title": _("{name}, target {target}").format(name=name, target=shown)}
        return threshold_spec(table, areas, view.day or date.min, target, style, **texts)
    texts = {
        **texts,
        "title": _("Deviation from the target of {target}: {name}").format(name=name, target=shown),
    }
    return deviation_spec(
        table, areas, view.day or date.min, reference=target,
        relative=kind is Kind.TARGET_RELATIVE, style=style, **texts,
    )  # fmt: skip


#: Strong where the value rises, light where it does not; warm above the city, cool below.
TYPE_COLOURS = ("#c2570c", "#fdbb7f", "#a7c9e8", "#1f5f9e")


def type_names() -> tuple[str, str, str, str]:
    """The types in the order of their colours."""
    return (
        _("above the city, risen"),
        _("above the city, not risen"),
        _("up to the city value, risen"),
        _("up to the city value, not risen"),
    )


def _types(table: IndicatorTable, areas: AreaSystem, day: date, texts: dict[str, Any]) -> MapSpec:
    """Where areas stand against the city on ``day``, and whether they rose since the first date
    of the series. Areas that lack one of both values have no type."""
    at = table.dates.index(day)
    city = table.city_values[at] if has_value(table.city_status)[at] else np.nan
    if not np.isfinite(city):
        raise fail(
            "kind.no_city",
            _("There is no value of the whole city on {day}.").format(day=format_date(day)),
            repair=_("Choose another date or another kind of map."),
        )
    if at == 0:
        raise fail(
            "kind.no_earlier",
            _("{day} is the first date: nothing can have risen yet.").format(day=format_date(day)),
            repair=_("Choose a later date."),
        )
    first = value_spec(_single(table, 0, day), areas, day)
    shown = value_spec(_single(table, at, day), areas, day, **texts)
    names = type_names()
    good = first.valued & shown.valued
    types: list[str | None] = [
        names[2 * (not v > city) + (not v > before)] if ok else None
        for ok, v, before in zip(good, shown.values, first.values, strict=True)
    ]
    found = category_spec(shown, types, dict(zip(names, TYPE_COLOURS, strict=True)))
    base = str(table.dates[0].year) if texts.get("period") else format_date(table.dates[0])
    note = _("Types: against the city value, and since {base}.").format(base=base)
    # The values stay what they are: charts and tables show them in the colours of the types.
    return replace(
        found, values=np.where(has_value(found.status), shown.values, np.nan), unit=shown.unit,
        precision=shown.precision, city_value=shown.city_value,
        title=_("Level and development: {name}").format(name=texts["title"]),
        note=" ".join(t for t in (texts.get("note", ""), note) if t),
    )  # fmt: skip


def _single(table: IndicatorTable, position: int, day: date) -> IndicatorTable:
    """One date of a table, as if it were that of ``day``."""
    at = slice(position, position + 1)
    return replace(
        table, dates=(day,), values=table.values[:, at], status=table.status[:, at],
        city_values=table.city_values[at], city_status=table.city_status[at], base=None,
    )  # fmt: skip


def value_on(table: IndicatorTable, day: date) -> int | None:
    """Position of the date that goes with ``day``: the same, else the last one of its year."""
    if day in table.dates:
        return table.dates.index(day)
    same = [i for i, d in enumerate(table.dates) if d.year == day.year]
    return same[-1] if same else None


def other_table(session: Session, view: ViewState, indicator: str) -> IndicatorTable:
    """*Slow* at the first call. Another indicator on the level of the view, one date: that of the
    view. ``UserError`` where it has none."""
    assert view.day is not None
    table = session.view_table(replace(view, indicator=indicator))
    at = value_on(table, view.day)
    if at is None:
        name = session.catalogue.get(indicator).name.shown
        years = ", ".join(str(d.year) for d in table.dates[-5:])
        raise fail(
            "kind.other_date",
            _("“{name}” has no values for {year} on this level.").format(
                name=name, year=view.day.year
            ),
            repair=_("Years with values, newest last: {years}").format(years=years)
            if years
            else _("Choose another indicator."),
        )
    return _single(table, at, view.day)


def _bivariate(
    session: Session,
    view: ViewState,
    table: IndicatorTable,
    areas: AreaSystem,
    texts: dict[str, Any],
) -> MapSpec:
    if not view.second or view.second == view.indicator or view.second not in session.catalogue:
        raise fail(
            "kind.no_second",
            _("This map needs a second indicator."),
            repair=_("Choose an indicator other than the first one."),
        )
    assert view.day is not None
    other = other_table(session, view, view.second)
    first = value_spec(
        _single(table, table.dates.index(view.day), view.day), areas, view.day, **texts
    )
    name = session.catalogue.get(view.second).name.shown
    second = value_spec(other, areas, view.day, title=name)
    return bivariate_spec(first, second)
