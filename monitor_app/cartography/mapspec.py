"""Everything that decides how a map looks. Screen, page, legend and alt text read this object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.cartography.classify import (
    DEFAULT_CLASSES,
    Classification,
    Method,
    classify_series,
)
from monitor_app.cartography.layers import Layers
from monitor_app.cartography.looks import (
    STATE_SWATCHES,
    ZERO_SWATCH,
    Mark,
    State,
    Swatch,
    marked,
    marks_of,
    states_of,
)
from monitor_app.cartography.palettes import DEFAULT_DIVERGING, DEFAULT_SEQUENTIAL, palette
from monitor_app.core.areas import AreaSystem
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.status import Status, has_value
from monitor_app.core.values import IndicatorTable


class MapKind(StrEnum):
    """What the values are."""

    VALUE = "value"
    CHANGE_ABSOLUTE = "change_absolute"
    CHANGE_RELATIVE = "change_relative"
    DEVIATION = "deviation"  # from the city value or another reference
    THRESHOLD = "threshold"  # values coloured around a target
    CATEGORIES = "categories"
    BIVARIATE = "bivariate"


@dataclass(frozen=True, slots=True)
class Border:
    """Lines between areas: ``level`` is the key of a group of the shapes (a coarser level),
    ``AREAS`` or ``OUTLINE``. ``width`` in CSS pixels."""

    level: str
    width: float
    colour: str
    opacity: float = 1.0


AREAS = "@areas"  # between all areas
OUTLINE = "@outline"  # between areas and the outside

#: A light line with a grey core is seen on light and on dark classes alike.
AREA_CASING = Border(AREAS, 1.6, "#ffffff", 0.7)
AREA_BORDER = Border(AREAS, 0.7, "#6e6e6e", 0.9)
GROUP_BORDER = Border("", 1.7, "#3d3d3d")
OUTLINE_BORDER = Border(OUTLINE, 1.8, "#2b2b2b")
CASING = Border("", 3.2, "#ffffff", 0.95)


def borders_for(groups: Sequence[str] = ()) -> tuple[Border, ...]:
    """Area borders thin, those of coarser levels stronger, the outline strongest.
    ``groups``: level keys from fine to coarse."""
    between: list[Border] = []
    for i, level in enumerate(groups):
        casing = replace(CASING, level=level, width=CASING.width + 0.4 * i)
        between += [casing, replace(GROUP_BORDER, level=level, width=GROUP_BORDER.width + 0.4 * i)]
    return (AREA_CASING, AREA_BORDER, *between, OUTLINE_BORDER)


@dataclass(frozen=True, eq=False)
class Pair:
    """The two measures of a bivariate map: titles, units, decimals and their two bounds each."""

    titles: tuple[str, str]
    breaks: tuple[tuple[float, ...], tuple[float, ...]]
    units: tuple[str, str] = ("", "")
    precisions: tuple[int, int] = (1, 1)
    second: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class MapSpec:
    """One choropleth map. Sequences and arrays have one entry per area, in the order of the
    ``AreaShapes`` it is drawn with. ``values`` in ``unit``, shown with ``precision`` decimals;
    ``signed`` values (changes) carry a plus. ``day`` is the date of the data, ``base_day`` the
    earlier date of a change."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    status: NDArray[np.uint8]
    classification: Classification
    title: str = ""
    subtitle: str = ""
    unit: str = ""
    precision: int = 1
    level: str = ""
    level_name: str = ""
    day: date | None = None
    base_day: date | None = None
    period: bool = False
    kind: MapKind = MapKind.VALUE
    signed: bool = False
    palette: str = DEFAULT_SEQUENTIAL
    reverse: bool = False
    borders: tuple[Border, ...] = field(default_factory=borders_for)
    source: str = ""
    note: str = ""
    city_value: float | None = None
    indicator: str = ""
    colours: tuple[str, ...] | None = None  # of the classes, instead of a palette
    true_zero: bool = False  # zero without a class, with a look of its own
    reference: float | None = None  # what a deviation or a threshold is measured against
    pair: Pair | None = None
    layers: Layers = field(default_factory=Layers)

    def __post_init__(self) -> None:
        n = len(self.keys)
        if not (len(self.names) == len(self.values) == len(self.status) == n):
            raise ValueError("names, values and status must have one entry per key")
        if len(self.classification.classes) != n:
            raise ValueError("the classification was made for other areas")

    @cached_property
    def class_colours(self) -> tuple[str, ...]:
        """One ``#rrggbb`` per class, from low to high."""
        if self.colours is not None:
            return self.colours
        chosen, found = palette(self.palette), self.classification
        return chosen.colours(found.k, found.split, reverse=self.reverse)

    @cached_property
    def swatches(self) -> tuple[Swatch, ...]:
        """All fills: classes without mark, classes per mark, then states."""
        plain = [Swatch(colour) for colour in self.class_colours]
        classes = [marked(swatch, mark) for mark in Mark for swatch in plain]
        own = (ZERO_SWATCH,) if self.true_zero else ()
        return (*classes, *own, *(STATE_SWATCHES[state] for state in State))

    @cached_property
    def zeros(self) -> NDArray[np.bool_]:
        """Areas with the look of a true zero."""
        if not self.true_zero:
            return np.zeros(len(self.keys), dtype=bool)
        return np.asarray((self.values == 0) & has_value(self.status))

    @cached_property
    def valued(self) -> NDArray[np.bool_]:
        """Areas that have a value: a class, or a true zero."""
        return np.asarray((self.classification.classes >= 0) | self.zeros)

    @property
    def _first_state(self) -> int:
        return len(Mark) * self.classification.k + self.true_zero

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """Position in ``swatches`` per area."""
        k, classes = self.classification.k, self.classification.classes
        if k and not self.status.any() and int(classes.min(initial=0)) >= 0:
            return classes  # nothing but plain values: the fast way
        with_class = classes + k * marks_of(self.status)
        without = self._first_state + states_of(self.status)
        codes = np.where(classes >= 0, with_class, without)
        return np.where(self.zeros, len(Mark) * k, codes) if self.true_zero else codes

    def state_count(self, state: State) -> int:
        """Areas without a class for this reason."""
        return int(np.sum(self.codes == self._first_state + state))

    def mark_count(self, mark: Mark) -> int:
        """Areas with a class whose value carries this mark."""
        return int(np.sum((self.classification.classes >= 0) & (marks_of(self.status) == mark)))

    @property
    def date_text(self) -> str:
        """ "31.12.2024", a year for flows, or both dates of a change."""

        def text(day: date) -> str:
            return str(day.year) if self.period else format_date(day)

        if self.day is None:
            return ""
        if self.base_day is None:
            return text(self.day)
        return _("{base} to {day}").format(base=text(self.base_day), day=text(self.day))

    @property
    def is_forecast(self) -> bool:
        return bool(np.any(self.status == Status.FORECAST))


@dataclass(frozen=True, slots=True)
class MapStyle:
    """The choices a user makes about classes and colours."""

    method: Method = Method.QUANTILES
    k: int = DEFAULT_CLASSES
    breaks: tuple[float, ...] | None = None
    whole_series: bool = True
    midpoint: float | None = None
    palette: str | None = None
    reverse: bool = False
    true_zero: bool = False


def value_spec(
    table: IndicatorTable,
    areas: AreaSystem,
    day: date,
    style: MapStyle = MapStyle(),
    **texts: Any,
) -> MapSpec:
    """The map of an indicator at one of its dates; ``texts``: further fields of ``MapSpec``
    (title, source, …). Areas: those of the level that are located and valid on ``day``."""
    keys, names, rows = _rows(table, areas, day)
    position = table.dates.index(day)
    values, status = _pick(table.values, table.status, rows)
    classed = status
    if style.true_zero:  # zeros take no part in the breaks
        classed = np.where(values == 0, np.uint8(Status.MISSING), status).astype(np.uint8)
    found = classify_series(
        values, classed, position, style.method, style.k,
        whole_series=style.whole_series, breaks=style.breaks,
        precision=table.precision, midpoint=style.midpoint,
    )  # fmt: skip
    city = table.city_values[position] if has_value(table.city_status)[position] else None
    default = DEFAULT_SEQUENTIAL if style.midpoint is None else DEFAULT_DIVERGING
    settings: dict[str, Any] = {
        "unit": table.unit,
        "precision": table.precision,
        "level": table.level,
        "level_name": areas.level(table.level).name,
        "day": day,
        "palette": style.palette or default,
        "reverse": style.reverse,
        "true_zero": style.true_zero,
        "borders": borders_for(group_levels(areas, table.level)),
        "city_value": None if city is None else float(city),
        "indicator": table.indicator,
    }
    settings |= texts
    return MapSpec(keys, names, values[:, position], status[:, position], found, **settings)


def change_spec(
    table: IndicatorTable,
    areas: AreaSystem,
    base_day: date,
    day: date,
    *,
    relative: bool = False,
    style: MapStyle = MapStyle(midpoint=0.0),
    **texts: Any,
) -> MapSpec:
    """The map of a change between two dates, in the unit of the indicator or in per cent of the
    earlier value (``NOT_APPLICABLE`` where that is zero). Diverging around zero."""
    keys, names, rows = _rows(table, areas, day)
    values, status = _pick(table.values, table.status, rows)
    first, last = table.dates.index(base_day), table.dates.index(day)
    change, marks = difference(
        values[:, first], status[:, first], values[:, last], status[:, last], relative=relative
    )
    city, city_mark = difference(
        table.city_values[[first]], table.city_status[[first]],
        table.city_values[[last]], table.city_status[[last]], relative=relative,
    )  # fmt: skip
    precision = max(table.precision, 1) if relative else table.precision
    found = classify_series(
        change[:, None], marks[:, None], 0, style.method, style.k,
        whole_series=False, breaks=style.breaks, precision=precision,
        midpoint=style.midpoint, signed=True,
    )  # fmt: skip
    settings: dict[str, Any] = {
        "unit": "%" if relative else _("pp") if table.unit == "%" else table.unit,
        "precision": precision,
        "level": table.level,
        "level_name": areas.level(table.level).name,
        "day": day,
        "base_day": base_day,
        "kind": MapKind.CHANGE_RELATIVE if relative else MapKind.CHANGE_ABSOLUTE,
        "signed": True,
        "palette": style.palette or DEFAULT_DIVERGING,
        "reverse": style.reverse,
        "borders": borders_for(group_levels(areas, table.level)),
        "city_value": float(city[0]) if has_value(city_mark)[0] else None,
        "indicator": table.indicator,
    }
    settings |= texts
    return MapSpec(keys, names, change, marks, found, **settings)


def difference(
    base: NDArray[np.float64],
    base_status: NDArray[np.uint8],
    value: NDArray[np.float64],
    status: NDArray[np.uint8],
    *,
    relative: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Change from ``base`` to ``value`` with the stronger status of both; per cent of ``base``
    where ``relative``, ``NOT_APPLICABLE`` where ``base`` is zero then."""
    marks = np.maximum(base_status, status).astype(np.uint8)
    change = value - base
    if relative:
        zero = (base == 0) & has_value(marks)
        marks = np.where(zero, np.uint8(Status.NOT_APPLICABLE), marks).astype(np.uint8)
        change = 100 * change / np.where(base == 0, np.nan, base)
    return np.where(has_value(marks), change, np.nan), marks


def group_levels(areas: AreaSystem, level: str) -> tuple[str, ...]:
    """Coarser levels whose borders are drawn over those of ``level``: the finest one that its
    areas have parents in, and no more than one, or the map drowns in lines."""
    own = areas.level(level)
    above = [
        other
        for other in areas.levels
        if 0 < other.rank < own.rank and areas.ancestor(level, other.key)
    ]
    return tuple(other.key for other in sorted(above, key=lambda o: -o.rank)[:1])


def _rows(
    table: IndicatorTable, areas: AreaSystem, day: date
) -> tuple[tuple[str, ...], tuple[str, ...], NDArray[np.int64]]:
    shown = [a for a in areas.at(table.level, day) if a.located]
    position: Mapping[str, int] = {key: i for i, key in enumerate(table.areas)}
    rows = np.array([position.get(a.key, -1) for a in shown], dtype=np.int64)
    return tuple(a.key for a in shown), tuple(a.name for a in shown), rows


def _pick(
    values: NDArray[np.float64], status: NDArray[np.uint8], rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Rows of a table; −1 becomes missing."""
    if not len(values):
        shape = (len(rows), values.shape[1])
        return np.full(shape, np.nan), np.full(shape, Status.MISSING, dtype=np.uint8)
    absent = (rows < 0)[:, None]
    picked = np.where(absent, np.nan, values[rows])
    return picked, np.where(absent, np.uint8(Status.MISSING), status[rows]).astype(np.uint8)
