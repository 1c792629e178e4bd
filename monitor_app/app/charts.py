"""Charts of a session that stand on indicator values: one description for window and command line.

All functions are *slow* at the first call (indicators are computed) and safe in a job. A chart that
the data cannot give is refused with a ``UserError`` that says what is missing and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.app import maps
from monitor_app.app.maps import is_period, map_spec, nothing
from monitor_app.app.session import DEFAULT_INDICATOR, Session
from monitor_app.app.view import ViewState
from monitor_app.cartography.chartspec import (
    LINE_COLOURS,
    RankingSpec,
    TimeLineSpec,
    ranking_spec,
    time_line_spec,
    with_ranges,
    without_town,
)
from monitor_app.cartography.classify import Method, classify
from monitor_app.cartography.mapspec import MapKind, MapSpec, group_levels
from monitor_app.cartography.palettes import DEFAULT_DIVERGING
from monitor_app.cartography.profilespec import MAX_AXES, RadarSpec, radar_spec
from monitor_app.cartography.relationspec import (
    BoxSpec,
    CorrelationSpec,
    HistogramSpec,
    ScatterSpec,
    box_spec,
    correlation_spec,
    histogram_spec,
    regress,
    scatter_spec,
)
from monitor_app.core.areas import CITY
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.status import Status, has_value
from monitor_app.core.values import IndicatorTable

FloatArray = NDArray[np.float64]

#: What describes an area in a few numbers, the first ones that the data give are taken: age,
#: origin, moves, births, households, income, housing.
DESCRIBING = (
    "anteil_unter_18", "anteil_65plus", "auslaenderanteil", "durchschnittsalter",
    "geburtenziffer", "wanderungssaldo", "sgb2_quote", "einpersonenhaushalte", "angebotsmiete",
    "wohnflaeche_je_einwohner", "mobilitaetsziffer", "bevoelkerungsdichte", "jugendquotient",
    "altenquotient", "drittstaaten_anteil", "zuzugsrate", "fortzugsrate",
    "geschlechterverhaeltnis",
)  # fmt: skip
#: Measures of a radar chart and of a correlation matrix where none are chosen.
FEW, SOME = 6, 8


def city_name() -> str:
    """How the town as a whole is called in charts."""
    return _("Town as a whole")


def nearest_day(days: Sequence[date], wanted: date | None) -> date | None:
    """The last date up to the wanted one, else the first after it."""
    if not days:
        return None
    before = [d for d in days if wanted is None or d <= wanted]
    return before[-1] if before else days[0]


def _table(session: Session, view: ViewState, indicator: str) -> IndicatorTable:
    return session.view_table(replace(view, indicator=indicator))


def value_map(session: Session, view: ViewState, indicator: str) -> MapSpec:
    """Plain values of another indicator on the level of a view, at its date or the nearest."""
    table = _table(session, view, indicator)
    day = nearest_day(table.dates, view.day)
    plain = ViewState(
        level=view.level, indicator=indicator, day=day, carried=view.carried,
        scenario=view.scenario,
    )  # fmt: skip
    return map_spec(session, plain)


def where_and_when(spec: MapSpec) -> str:
    """ "Stadtviertel, 31.12.2024"."""
    return ", ".join(t for t in (spec.level_name, spec.date_text) if t)


def _numbers_only(spec: MapSpec) -> MapSpec:
    if spec.kind is MapKind.CATEGORIES:
        raise fail(
            "chart.types",
            _("This chart needs numbers; the map shows types."),
            repair=_("Choose a map of values."),
        )
    return spec


def shown_map(session: Session, view: ViewState) -> MapSpec:
    """The map of a view as charts read it: plain values where its kind is impossible, as the
    window shows them; a bivariate map gives its first measure."""
    if view.kind == MapKind.BIVARIATE:
        return value_map(session, view, view.indicator)
    return _numbers_only(maps.shown_map(session, view)[0])


# -- one indicator --------------------------------------------------------------------------------


def ranking(session: Session, view: ViewState, selected: Sequence[str] = ()) -> RankingSpec:
    """All areas of the map, highest first."""
    spec = shown_map(session, view)
    made = ranking_spec(spec, selected)
    city = made.city_value if is_rate(session, view.indicator) or spec.unit == "%" else None
    return replace(made, city_value=city, title=f"{spec.title}, {where_and_when(spec)}")


def is_rate(session: Session, indicator: str) -> bool:
    """Whether values of areas can be held against the town's (a sum cannot)."""
    return session.catalogue.get(indicator).aggregation != "sum"


def time_line(session: Session, view: ViewState, selected: Sequence[str] = ()) -> TimeLineSpec:
    """The whole series of the town and of areas."""
    table = session.view_table(view)
    name = session.catalogue.get(view.indicator).name.shown
    if not table.dates:
        raise nothing(session, view.indicator, table)
    made = time_line_spec(
        table, session.names(view.level), selected=selected, day=view.day, title=name,
        city_name=city_name(), period=is_period(session, table),
    )  # fmt: skip
    made = made if is_rate(session, view.indicator) else without_town(made)
    return with_ranges(made, lambda key: range_of(session, view, key))


def range_of(session: Session, view: ViewState, key: str) -> dict[date, tuple[float, float]]:
    """Bounds of the shown indicator of an area ("": the town) where a forecast keeps them: for
    the number of inhabitants."""
    if view.indicator != DEFAULT_INDICATOR:
        return {}
    from monitor_app.app.chartpeople import population_range

    return population_range(session, view.level, key or CITY, view.scenario)


def histogram(session: Session, view: ViewState) -> HistogramSpec:
    """How often values of the map occur."""
    return histogram_of(shown_map(session, view), is_rate(session, view.indicator))


def histogram_of(spec: MapSpec, rate: bool = True) -> HistogramSpec:
    """The histogram of a map; ``rate``: with the town's value."""
    made = histogram_spec(_numbers_only(spec))
    city = spec.city_value if rate or spec.unit == "%" else None
    return replace(made, city_value=city, title=f"{spec.title}, {where_and_when(spec)}")


def box_levels(session: Session, level: str) -> tuple[str, ...]:
    """Coarser levels that areas of ``level`` can be grouped by, finest first."""
    own = session.areas.level(level).rank
    above = [
        other.key
        for other in sorted(session.areas.levels, key=lambda lv: -lv.rank)
        if other.key not in (CITY, level)
        and other.rank < own
        and session.areas.ancestor(level, other.key)
    ]
    first = group_levels(session.areas, level)
    return tuple(dict.fromkeys((*first, *above)))


def boxes(session: Session, view: ViewState, group_level: str = "") -> BoxSpec:
    """Box plots of the areas of a view by the areas of a coarser level that they lie in; the
    whole town as one box where there is no coarser level."""
    rate = is_rate(session, view.indicator)
    return boxes_of(session, shown_map(session, view), group_level, rate)


def boxes_of(session: Session, spec: MapSpec, group_level: str = "", rate: bool = True) -> BoxSpec:
    """The box plots of a map; ``rate``: with the town's value."""
    level = group_level or next(iter(box_levels(session, spec.level)), "")
    groups: list[str | None]
    if not level:
        groups = [city_name()] * len(spec.keys)
    else:
        names = session.names(level)
        above = session.areas.ancestor(spec.level, level)
        groups = [names.get(above[k], above[k]) if k in above else None for k in spec.keys]
    made = box_spec(_numbers_only(spec), groups)
    city = spec.city_value if rate or spec.unit == "%" else None
    return replace(made, city_value=city, title=f"{spec.title}, {where_and_when(spec)}")


# -- two indicators -------------------------------------------------------------------------------


def scatter(
    session: Session, view: ViewState, second: str, selected: Sequence[str] = ()
) -> ScatterSpec:
    """The shown indicator (upwards) against a second one (to the right), area by area."""
    if second == view.indicator:
        raise fail(
            "chart.same",
            _("An indicator cannot be held against itself."),
            repair=_("Choose another second indicator."),
        )
    y = shown_map(session, view)
    x = value_map(session, view, second)
    made = scatter_spec(x, y, selected=selected)
    if made.line is None and len(made.keys) == 0:
        raise fail(
            "chart.no_pairs",
            _("No area has a value of both indicators."),
            repair=_("Choose another date, level or second indicator."),
        )
    # Another date than that of the map must be seen.
    x_title = x.title if x.day == y.day else f"{x.title} ({x.date_text})"
    return replace(made, x_title=x_title, title=where_and_when(y))


def residual_map(session: Session, view: ViewState, second: str) -> MapSpec:
    """Observed minus expected values of the shown indicator by the line through all areas, as a
    map diverging around zero. Areas lacking either value have none."""
    y, x = shown_map(session, view), value_map(session, view, second)
    place = {key: i for i, key in enumerate(x.keys)}
    rows = np.array([place.get(key, -1) for key in y.keys], dtype=np.intp)
    there = rows >= 0
    other = np.where(there, x.values[rows], np.nan) if len(x.keys) else np.full(len(rows), np.nan)
    marks = (
        np.where(there, x.status[rows], np.uint8(Status.MISSING)).astype(np.uint8)
        if len(x.keys)
        else np.full(len(rows), Status.MISSING, dtype=np.uint8)
    )
    status = np.maximum(y.status, marks).astype(np.uint8)
    good = has_value(status) & np.isfinite(other) & np.isfinite(y.values)
    line = regress(np.where(good, other, np.nan), np.where(good, y.values, np.nan))
    if line is None:
        raise fail(
            "chart.no_line",
            _("No line can be drawn through these values."),
            repair=_("Residuals need at least two areas with different values of both."),
        )
    values = np.where(good, y.values - (line.intercept + line.slope * other), np.nan)
    status = np.where(good | ~has_value(status), status, np.uint8(Status.MISSING)).astype(np.uint8)
    precision = max(y.precision, 1)
    town = None
    rates = is_rate(session, view.indicator) and is_rate(session, second)
    if rates and y.city_value is not None and x.city_value is not None:
        town = y.city_value - (line.intercept + line.slope * x.city_value)
    found = classify(
        values, status, Method.QUANTILES, 5, precision=precision, midpoint=0.0, signed=True
    )
    note = _("Observed minus expected: {y} as far as {x} does not explain it (r² = {r2}).")
    return replace(
        y, values=values, status=status, classification=found, kind=MapKind.VALUE, signed=True,
        precision=precision, palette=DEFAULT_DIVERGING, reverse=False, colours=None, pair=None,
        city_value=town, true_zero=False, base_day=None,
        title=_("Residual: {y} by {x}").format(y=y.title, x=x.title),
        note=note.format(y=y.title, x=x.title, r2=format_number(line.r2, 2)),
        reference=None,
    )  # fmt: skip


# -- several indicators ---------------------------------------------------------------------------


def describing(session: Session, view: ViewState, most: int, first: str = "") -> tuple[str, ...]:
    """Indicators that describe areas of a level and have values there, ``first`` before all."""
    found: list[str] = []
    tried: set[str] = set()
    for indicator in _candidates(session, view, first):
        if len(found) == most:
            break
        if indicator in tried:
            continue
        tried.add(indicator)
        table = _table(session, view, indicator)
        day = nearest_day(table.dates, view.day)
        if day is None:
            continue
        column = table.dates.index(day)
        if int(has_value(table.status)[:, column].sum()) >= min(3, len(table.areas)):
            found.append(indicator)
    return tuple(found)


def _candidates(session: Session, view: ViewState, first: str) -> Iterator[str]:
    """Describing indicators; after them whatever else the project can compute on the level."""
    yield from (i for i in (first, *DESCRIBING) if i and i in session.catalogue)
    for indicator in session.catalogue.ids:
        if not session.engine.availability(indicator, view.level):
            yield indicator


def _column(table: IndicatorTable, day: date) -> FloatArray:
    j = table.dates.index(day)
    return np.where(has_value(table.status)[:, j], table.values[:, j], np.nan)


def radar(
    session: Session,
    view: ViewState,
    areas: Sequence[str] = (),
    indicators: Sequence[str] = (),
) -> RadarSpec:
    """Up to eight indicators of chosen areas (at most six) and the town; without a choice of
    indicators a sensible set that can be computed."""
    chosen = tuple(indicators) or describing(session, view, FEW)
    if len(chosen) < 3:
        raise fail(
            "radar.data",
            _("Too few indicators can be computed on this level for a radar chart."),
            repair=_("Import population by age and sex, and further data, or choose a level."),
        )
    if len(chosen) > MAX_AXES:
        raise fail(
            "radar.axes",
            _("A radar chart holds at most {most} indicators.").format(most=MAX_AXES),
            repair=_("Choose fewer indicators."),
        )
    rows: list[FloatArray] = []
    town: list[float] = []
    keys: tuple[str, ...] = ()
    titles, units, precisions = [], [], []
    for indicator in chosen:
        table = _table(session, view, indicator)
        day = nearest_day(table.dates, view.day)
        if day is None:
            raise nothing(session, indicator, table)
        j = table.dates.index(day)
        keys = keys or table.areas
        rows.append(_aligned(table, _column(table, day), keys))
        rate = is_rate(session, indicator) and has_value(table.city_status)[j]
        town.append(float(table.city_values[j]) if rate else np.nan)
        titles.append(session.catalogue.get(indicator).name.shown)
        units.append(table.unit)
        precisions.append(table.precision)
    names = session.names(view.level)
    place = {key: i for i, key in enumerate(keys)}
    shown = [k for k in areas if k in place][: len(LINE_COLOURS)]
    made = radar_spec(
        titles, np.vstack(rows), [(names.get(k, k), place[k]) for k in shown], city=town,
        units=units, precisions=precisions, title=_profile_title(session, view),
    )  # fmt: skip
    lines = tuple(
        replace(line, key=key) for line, key in zip(made.lines, ("", *shown), strict=True)
    )
    return replace(made, lines=lines)


def _profile_title(session: Session, view: ViewState) -> str:
    level = session.areas.level(view.level).name
    day = f", {format_date(view.day)}" if view.day else ""
    return _("Profile, {level}").format(level=level) + day


def _aligned(table: IndicatorTable, values: FloatArray, keys: Sequence[str]) -> FloatArray:
    if table.areas == tuple(keys):
        return values
    place = {key: float(v) for key, v in zip(table.areas, values, strict=True)}
    return np.array([place.get(key, np.nan) for key in keys])


def correlation(
    session: Session, view: ViewState, indicators: Sequence[str] = ()
) -> CorrelationSpec:
    """Pearson's r of each pair of indicators over the areas of a level; without a choice the
    shown indicator and a sensible set."""
    chosen = tuple(indicators) or describing(session, view, SOME, view.indicator)
    if len(chosen) < 2:
        raise fail(
            "correlation.data",
            _("A correlation needs at least two indicators with values."),
            repair=_("Choose further indicators, or import further data."),
        )
    rows: list[FloatArray] = []
    keys: tuple[str, ...] = ()
    for indicator in chosen:
        table = _table(session, view, indicator)
        day = nearest_day(table.dates, view.day)
        if day is None:
            raise nothing(session, indicator, table)
        keys = keys or table.areas
        rows.append(_aligned(table, _column(table, day), keys))
    names = [session.catalogue.get(i).name.shown for i in chosen]
    level = session.areas.level(view.level).name
    title = _("Correlations (Pearson’s r), {level}").format(level=level)
    return correlation_spec(names, np.vstack(rows), title, chosen)
