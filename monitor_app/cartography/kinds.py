"""Kinds of maps beside values and changes: deviation, threshold, categories, bivariate, shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.cartography.classify import (
    Classification,
    Method,
    classifiable,
    classify,
)
from monitor_app.cartography.colour import from_lab, hex_of, rgb_of, to_lab
from monitor_app.cartography.labels import class_labels
from monitor_app.cartography.mapspec import MapKind, MapSpec, MapStyle, Pair, value_spec
from monitor_app.cartography.palettes import DEFAULT_DIVERGING
from monitor_app.core.areas import AreaSystem
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.status import Status, combine, has_value
from monitor_app.core.values import IndicatorTable

DEFAULT_STYLE = MapStyle()
#: Types that readers tell apart, for light paper (after Okabe and Ito, and Tol).
CATEGORY_COLOURS = (
    "#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#d55e00", "#b9b9b9",
    "#882255", "#44aa99", "#999933", "#332288",
)  # fmt: skip


def deviation_spec(
    table: IndicatorTable,
    areas: AreaSystem,
    day: date,
    *,
    reference: float | None = None,
    relative: bool = False,
    style: MapStyle = DEFAULT_STYLE,
    **texts: Any,
) -> MapSpec:
    """How far areas lie from ``reference``, or from the city value where none is given: in the
    unit of the indicator, or in per cent of the reference. Diverging around zero with the
    palette of the style; the breaks hold for the whole series where the style says so.
    UserError where the city has no value."""
    shown = value_spec(table, areas, day, replace(style, midpoint=None), **texts)
    city = np.where(has_value(table.city_status), table.city_values, np.nan)
    against = city if reference is None else np.full(len(table.dates), float(reference))
    position = table.dates.index(day)
    base = float(against[position])
    if not np.isfinite(base) or (relative and base == 0):
        raise fail(
            "map.no_reference",
            _("There is no value that areas could be measured against."),
            repair=_("Give a target, or choose a date with a value for the town as a whole."),
        )

    def deviation(values: Any, held: Any) -> NDArray[np.float64]:
        found = values - held
        return np.asarray(100 * found / np.where(held == 0, np.nan, held) if relative else found)

    values = deviation(shown.values, base)
    series = deviation(table.values, against) if style.whole_series else values
    marks = table.status if style.whole_series else shown.status
    precision = max(table.precision, 1) if relative else table.precision
    found = classify(
        values, shown.status, style.method, style.k, breaks=style.breaks, precision=precision,
        reference=series, reference_status=marks, midpoint=0.0, signed=True,
    )  # fmt: skip
    found = replace(found, shared=style.whole_series)
    unit = "%" if relative else _("pp") if table.unit == "%" else table.unit
    return replace(
        shown, values=values, classification=found, kind=MapKind.DEVIATION, signed=True,
        unit=unit, precision=precision, palette=style.palette or DEFAULT_DIVERGING,
        reference=base, city_value=None, true_zero=False,
    )  # fmt: skip


def threshold_spec(
    table: IndicatorTable,
    areas: AreaSystem,
    day: date,
    target: float,
    style: MapStyle = DEFAULT_STYLE,
    **texts: Any,
) -> MapSpec:
    """Values coloured by whether they reach ``target`` ("measure of value"). The target is part
    of the map and stays when the date changes."""
    shown = value_spec(table, areas, day, replace(style, midpoint=float(target)), **texts)
    return replace(shown, kind=MapKind.THRESHOLD, reference=float(target))


def category_spec(
    shown: MapSpec, types: Sequence[str | None], colours: Mapping[str, str] | None = None
) -> MapSpec:
    """Types instead of numbers: one word per area of ``shown`` (None: missing). Types come in
    the order of ``colours`` where given, else of the alphabet. UserError for more than twelve."""
    if len(types) != len(shown.keys):
        raise ValueError("one type per area is needed")
    known = tuple(dict.fromkeys(colours or ()))
    rest = sorted({t for t in types if t is not None} - set(known))
    names = (*known, *rest)
    if len(names) > len(CATEGORY_COLOURS):
        raise fail(
            "map.too_many_types",
            _("{count} types are more than a map can show.").format(count=len(names)),
            repair=_("Please put types together until {count} are left.").format(
                count=len(CATEGORY_COLOURS)
            ),
        )
    position = {name: i for i, name in enumerate(names)}
    classes = np.array([-1 if t is None else position[t] for t in types], dtype=np.int64)
    missing = classes < 0
    status = np.where(
        missing & has_value(shown.status), np.uint8(Status.MISSING), shown.status
    ).astype(np.uint8)
    classes = np.where(has_value(status), classes, -1)
    counts = np.bincount(classes[classes >= 0], minlength=len(names))
    found = Classification(
        Method.MANUAL, (), float("nan"), float("nan"), classes,
        tuple(int(c) for c in counts), names=names,
    )  # fmt: skip
    given = dict(colours or {})
    free = [c for c in CATEGORY_COLOURS if c not in given.values()]
    return replace(
        shown, classification=found, kind=MapKind.CATEGORIES, status=status,
        values=np.where(classes >= 0, classes, np.nan).astype(np.float64), unit="", precision=0,
        colours=tuple(given.get(n) or free.pop(0) for n in names), city_value=None,
        true_zero=False,
    )  # fmt: skip


#: Corners of the bivariate scheme: low–low, high first, high second, both high.
BIVARIATE_CORNERS = ("#e8e8e8", "#c85a5a", "#64acbe", "#574249")


def bivariate_colours() -> tuple[str, ...]:
    """Nine colours; class = 3 × second + first."""
    lab = to_lab(np.array([rgb_of(c) for c in BIVARIATE_CORNERS]))
    found = []
    for y in (0.0, 0.5, 1.0):
        for x in (0.0, 0.5, 1.0):
            weights = np.array([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y])
            found.append(hex_of(from_lab((weights @ lab)[None])[0]))
    return tuple(found)


def bivariate_spec(first: MapSpec, second: MapSpec, method: Method = Method.QUANTILES) -> MapSpec:
    """Two measures of the same areas in 3 × 3 classes. An area lacking either has no class."""
    if first.keys != second.keys:
        raise ValueError("both maps must have the same areas")
    status = combine(first.status, second.status)
    halves = [
        classify(spec.values, status, method, 3, precision=spec.precision)
        for spec in (first, second)
    ]
    a, b = halves
    good = (a.classes >= 0) & (b.classes >= 0)
    classes = np.where(good, 3 * b.classes + a.classes, -1)
    counts = np.bincount(classes[good], minlength=9)
    names = [_thirds(half) for half in halves]
    pair = Pair(
        (first.title, second.title), (a.breaks, b.breaks), (first.unit, second.unit),
        (first.precision, second.precision), second.values,
    )  # fmt: skip
    labels = tuple(
        f"{names[0][x] if x < len(names[0]) else '–'} · {names[1][y] if y < len(names[1]) else '–'}"
        for y in range(3)
        for x in range(3)
    )
    found = Classification(
        method, (), float("nan"), float("nan"), classes.astype(np.int64),
        tuple(int(c) for c in counts), names=labels,
    )  # fmt: skip
    return replace(
        first, title=f"{first.title} · {second.title}", status=status, classification=found,
        kind=MapKind.BIVARIATE, colours=bivariate_colours(), pair=pair, city_value=None,
        true_zero=False,
    )  # fmt: skip


def _thirds(found: Classification) -> tuple[str, ...]:
    return class_labels(found.breaks, found.lower, found.upper, found.precision)


def shared_specs(specs: Sequence[MapSpec], style: MapStyle = DEFAULT_STYLE) -> tuple[MapSpec, ...]:
    """The same maps with breaks made from the values of all of them, to be compared."""
    if not specs:
        return ()
    values = np.concatenate([spec.values for spec in specs])
    status = np.concatenate([spec.status for spec in specs])
    first = specs[0]
    whole = classify(
        values, status, style.method, style.k, breaks=style.breaks,
        precision=max(s.precision for s in specs), midpoint=style.midpoint, signed=first.signed,
    )  # fmt: skip
    whole = replace(whole, shared=True)
    return tuple(replace(s, classification=whole.apply(s.values, s.status)) for s in specs)


def outliers(values: ArrayLike, status: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Values beyond three interquartile ranges from the quartiles of **all** values given (give
    the whole series to mark the same ones on all its dates)."""
    numbers = np.asarray(values, dtype=np.float64)
    good = classifiable(numbers, status)
    if not good.any():
        return np.zeros(numbers.shape, dtype=bool)
    low, high = np.quantile(numbers[good], (0.25, 0.75))
    reach = 3 * (high - low)
    return np.asarray(good & ((numbers < low - reach) | (numbers > high + reach)))
