"""Charts of a stored forecast: from results to specifications that cartography draws."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from monitor_app.app.forecasting_words import special_words
from monitor_app.app.forecastresults import Fan, Results
from monitor_app.cartography.chartspec import PyramidSide, PyramidSpec
from monitor_app.cartography.fanspec import (
    COURSE_COLOURS,
    SHARES,
    AgeRange,
    AheadPyramidSpec,
    Course,
    FanSpec,
    course,
)
from monitor_app.cartography.profilespec import ComponentsSpec
from monitor_app.core.i18n import _
from monitor_app.forecast.state import Array

#: Width that the open age group is drawn with.
OPEN_WIDTH = 5


def fan_of_scenarios(
    results: Results, level: str, unit: str, group: int, keys: Sequence[str],
    year: int | None = None,
) -> FanSpec:  # fmt: skip
    """Scenarios of one area side by side; the first one carries the observed part and bands."""
    at = results.level(level).units.index(unit)
    seen = _dated(results, results.observed_years, results.seen(level, group)[:, at])
    base, dates = results.day(results.base), _dates(results)
    courses = []
    for n, key in enumerate(keys):
        known = results.scenario(key)
        ahead = _dated(results, results.years, results.ahead(key, level, group)[:, at])
        fan = results.fan(key, level, unit, group) if n == 0 else None
        courses.append(
            course(
                known.label, dates, seen, ahead, base, bands=_bands(fan),
                band_dates=_band_dates(results), colour=COURSE_COLOURS[n % len(COURSE_COLOURS)],
                key=key, hide_seen=n > 0,
            )
        )  # fmt: skip
    name = results.level(level).names.get(unit, unit)
    return FanSpec(
        dates, tuple(courses), base, unit=_("Persons"), day=_day(results, year),
        notes=_notes(courses), footnotes=special_words(results.assumed),
        title=f"{name} – {results.group_names()[group]}",
    )  # fmt: skip


def fan_of_areas(
    results: Results, scenario: str, level: str, units: Sequence[str], group: int,
    year: int | None = None,
) -> FanSpec:  # fmt: skip
    """Areas of one scenario side by side (at most six), each with the band of 80 per cent."""
    base, dates = results.day(results.base), _dates(results)
    known, courses = results.level(level), []
    seen_all, ahead_all = results.seen(level, group), results.ahead(scenario, level, group)
    for n, unit in enumerate(units[: len(COURSE_COLOURS)]):
        at = known.units.index(unit)
        bands = _bands(results.fan(scenario, level, unit, group))
        if len(units) > 1:
            bands = {share: edges for share, edges in bands.items() if share == 0.8}
        courses.append(
            course(
                known.names.get(unit, unit), dates,
                _dated(results, results.observed_years, seen_all[:, at]),
                _dated(results, results.years, ahead_all[:, at]), base, bands=bands,
                band_dates=_band_dates(results), colour=COURSE_COLOURS[n], key=unit,
            )
        )  # fmt: skip
    label = results.scenario(scenario).label
    return FanSpec(
        dates, tuple(courses), base, unit=_("Persons"), day=_day(results, year),
        title=f"{results.group_names()[group]} – {label}",
        notes=_notes(courses), footnotes=special_words(results.assumed),
    )  # fmt: skip


def _notes(courses: Sequence[Course]) -> tuple[str, ...]:
    """What a reader of a chart without bands should know."""
    if any(c.bands for c in courses):
        return ()
    return (_("computed without draws: probable ranges are not known"),)


def pyramid_of(
    results: Results, scenario: str, level: str, unit: str, year: int, *, share: bool = False
) -> AheadPyramidSpec:
    """The base year as bars, a forecast year as an outline with its range."""
    lows = results.ages.lows
    tops = [g.hi or g.lo + OPEN_WIDTH for g in results.ages.groups]
    sides = [
        _side(str(shown), results.pyramid(level, unit, of, key))
        for shown, of, key in (
            (_stock_year(results, results.base), results.base, None),
            (_stock_year(results, year), year, scenario),
        )
    ]
    name = results.level(level).names.get(unit, unit)
    pyramid = PyramidSpec(
        lows, np.array(tops, dtype=np.int64), sides[0], sides[1], share,
        f"{name} – {results.scenario(scenario).label}",
    )  # fmt: skip
    # Shares of an uncertain total have no range of their own.
    bounds = None if share else results.pyramid_range(level, unit, year, scenario)
    if bounds is not None:
        low, high = (
            _side(label, bound)
            for label, bound in zip((_("lower bound"), _("upper bound")), bounds, strict=True)
        )
        return AheadPyramidSpec(pyramid, interval=(low, high))
    return AheadPyramidSpec(pyramid, _group_ranges(results, scenario, level, unit, year, share))


def _group_ranges(
    results: Results, scenario: str, level: str, unit: str, year: int, share: bool
) -> tuple[AgeRange, ...]:
    """Ranges by age group, of forecasts that were stored without those of cells."""
    top = int(results.ages.groups[-1].lo) + OPEN_WIDTH
    ranges = []
    for n, group in enumerate(results.groups.groups):
        fan = results.fan(scenario, level, unit, n + 1)
        if fan is None or share:
            continue
        low, high = (float(edge[year - results.base]) for edge in fan.band(0.8))
        middle = float(fan.values[fan.levels.index(0.5), year - results.base])
        if middle > 0:
            ranges.append(AgeRange(group.lo, group.hi or top, low / middle, high / middle))
    return tuple(ranges)


def components_of(results: Results, scenario: str, level: str, unit: str) -> ComponentsSpec:
    """What an area gains and loses in each forecast year."""
    parts = results.components(scenario, level)
    at = results.level(level).units.index(unit)
    names = {
        "births": _("Births"),
        "deaths": _("Deaths"),
        "arrivals": _("Moves in"),
        "departures": _("Moves out"),
        "net_migration": _("Net migration"),
        "moves": _("Balance of moves inside the town"),
    }
    name = results.level(level).names.get(unit, unit)
    values = np.stack([parts[key][:, at] for key in parts])
    return ComponentsSpec(
        tuple(names[key] for key in parts), tuple(str(y) for y in results.years), values,
        f"{name} – {results.scenario(scenario).label}", _("Persons a year"),
    )  # fmt: skip


def _stock_year(results: Results, year: int) -> int:
    return results.day(year).year


def _side(label: str, people: Array) -> PyramidSide:
    """Men and women; halves where the sexes are not known."""
    if len(people) == 2:
        return PyramidSide(label, people[0], people[1])
    return PyramidSide(label, people[0] / 2, people[0] / 2)


def _dates(results: Results) -> tuple[date, ...]:
    years = sorted({*results.observed_years, results.base, *results.years})
    return tuple(results.day(y) for y in years)


def _band_dates(results: Results) -> list[date]:
    return [results.day(y) for y in (results.base, *results.years)]


def _dated(results: Results, years: Sequence[int], values: Array) -> dict[date, float]:
    return {results.day(y): float(v) for y, v in zip(years, values, strict=True)}


def _day(results: Results, year: int | None) -> date | None:
    return None if year is None else results.day(year)


def _bands(fan: Fan | None) -> dict[float, tuple[list[float], list[float]]]:
    if fan is None:
        return {}
    return {s: (list(fan.band(s)[0]), list(fan.band(s)[1])) for s in SHARES}
