"""Tables of a stored forecast for files: areas by year, age groups, components, scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from monitor_app.app.forecasting_words import special_words
from monitor_app.app.forecastresults import Results
from monitor_app.core.areas import CITY
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.progress import Progress
from monitor_app.core.status import Status
from monitor_app.exchange.export_table import ExportTable, TextColumn, ValueColumn
from monitor_app.exchange.writers import write_xlsx
from monitor_app.forecast.state import Array

#: Name of a sheet at most.
_SHEET = 31


@dataclass(frozen=True)
class ScenarioRow:
    """One scenario of one area: persons at the base and in a year, change, and difference to the
    main scenario, in persons and per cent; range of 80 per cent where draws were made."""

    scenario: str
    label: str
    unit: str
    name: str
    before: float
    then: float
    change: float
    change_percent: float
    against: float
    against_percent: float
    low: float | None = None
    high: float | None = None


def compare(results: Results, level: str, year: int, group: int = 0) -> tuple[ScenarioRow, ...]:
    """Scenarios side by side for each area of a level, in a forecast year."""
    known = results.level(level)
    at = results.years.index(year)
    if results.base in results.observed_years:
        before = results.seen(level, group)[results.observed_years.index(results.base)]
    else:
        before = np.full(len(known.units), np.nan)
    main = results.ahead(results.main.key, level, group)[at]
    rows = []
    values = {s.key: results.ahead(s.key, level, group)[at] for s in results.scenarios}
    for n, unit in enumerate(known.units):
        for scenario in results.scenarios:
            then, was, own = float(values[scenario.key][n]), float(before[n]), float(main[n])
            fan = results.fan(scenario.key, level, unit, group)
            edges = (None, None) if fan is None else fan.band(0.8)
            low, high = (None if e is None else float(e[at + 1]) for e in edges)
            rows.append(
                ScenarioRow(
                    scenario.key, scenario.label, unit, known.names.get(unit, unit), was, then,
                    then - was, _share(then - was, was), then - own, _share(then - own, own),
                    low, high,
                )
            )  # fmt: skip
    return tuple(rows)


def _share(part: float, whole: float) -> float:
    return 100 * part / whole if whole > 0 else float("nan")


def year_table(results: Results, scenario: str, level: str, group: int = 0) -> ExportTable:
    """One row per area, one column per year, observed years first; the town below. Areas are whole
    persons that add up to the town exactly."""
    known = results.level(level)
    levels = [level] if level == CITY else [level, CITY]
    names = [known.names.get(u, u) for u in known.units]
    keys = ["" if u == CITY else u for u in known.units]
    if level != CITY:
        names, keys = [*names, _("Town as a whole")], [*keys, ""]
    columns: list[TextColumn | ValueColumn] = [
        TextColumn(_("Key"), tuple(keys)), TextColumn(known.name, tuple(names)),
    ]  # fmt: skip
    seen = np.concatenate([results.seen(key, group) for key in levels], axis=1)
    ahead = np.concatenate([results.ahead(scenario, key, group) for key in levels], axis=1)
    for n, year in enumerate(results.observed_years):
        if year <= results.base:
            columns.append(_column(format_date(results.day(year)), seen[n], Status.OK))
    for n, year in enumerate(results.years):
        columns.append(_column(format_date(results.day(year)), ahead[n], Status.FORECAST))
    label = results.scenario(scenario).label
    text = results.group_names()[group]
    return ExportTable(
        f"{label} {text}"[:_SHEET], tuple(columns), f"{text} – {label}",
        notes(results, scenario),
    )  # fmt: skip


def _column(name: str, values: Array, status: Status) -> ValueColumn:
    codes = np.where(np.isnan(values), Status.MISSING, status).astype(np.uint8)
    return ValueColumn(name, np.asarray(values, dtype=np.float64), codes, 0)


def component_table(results: Results, scenario: str, level: str) -> ExportTable:
    """One row per area and forecast year, one column per component and their balance."""
    known = results.level(level)
    parts = results.components(scenario, level)
    names = component_titles()
    size = len(known.units)
    units = [u for u in known.units for _year in results.years]
    columns: list[TextColumn | ValueColumn] = [
        TextColumn(_("Key"), tuple("" if u == CITY else u for u in units)),
        TextColumn(known.name, tuple(known.names.get(u, u) for u in units)),
        TextColumn(_("Year"), tuple(str(y) for y in results.years) * size),
    ]
    columns += [_column(names[key], parts[key].T.reshape(-1), Status.FORECAST) for key in parts]
    total = np.sum([parts[key].T.reshape(-1) for key in parts], axis=0)
    columns.append(_column(_("Change of the population"), total, Status.FORECAST))
    label = results.scenario(scenario).label
    return ExportTable(
        _("Components")[:_SHEET], tuple(columns), f"{_('Components of change')} – {label}",
        notes(results, scenario),
    )  # fmt: skip


def component_titles() -> dict[str, str]:
    return {
        "births": _("Births"),
        "deaths": _("Deaths"),
        "arrivals": _("Moves in"),
        "departures": _("Moves out"),
        "net_migration": _("Net migration"),
        "moves": _("Balance of moves inside the town"),
    }


def scenario_table(results: Results, level: str, year: int, group: int = 0) -> ExportTable:
    """Scenarios side by side in a year, with differences and ranges."""
    rows = compare(results, level, year, group)
    numbers = {
        _("Base"): [r.before for r in rows],
        format_date(results.day(year)): [r.then for r in rows],
        _("Change"): [r.change for r in rows],
        _("80 per cent from"): [np.nan if r.low is None else r.low for r in rows],
        _("80 per cent to"): [np.nan if r.high is None else r.high for r in rows],
        _("Difference to {scenario}").format(scenario=results.main.label): [
            r.against for r in rows
        ],
    }
    columns: list[TextColumn | ValueColumn] = [
        TextColumn(results.level(level).name, tuple(r.name for r in rows)),
        TextColumn(_("Scenario"), tuple(r.label for r in rows)),
        *(_column(name, np.array(v), Status.FORECAST) for name, v in numbers.items()),
    ]
    for name, shares in (
        (_("Change in per cent"), [r.change_percent for r in rows]),
        (_("Difference in per cent"), [r.against_percent for r in rows]),
    ):
        columns.append(ValueColumn.of(name, shares, 1))
    text = results.group_names()[group]
    return ExportTable(
        _("Scenarios"), tuple(columns), f"{text} – {format_date(results.day(year))}",
        notes(results, None),
    )  # fmt: skip


def pyramid_table(results: Results, scenario: str, level: str, year: int) -> ExportTable:
    """One row per area and age: men and women at the base and in a year, with their ranges."""
    known = results.level(level)
    base = results.base if results.base in results.observed_years else None
    numbers: dict[str, list[Array]] = {}

    def add(title: str, values: Array) -> None:
        numbers.setdefault(title, []).append(np.asarray(values, dtype=np.float64))

    sexes = {"m": _("Men"), "f": _("Women"), "x": _("Persons")}
    for unit in known.units:
        then = results.pyramid(level, unit, year, scenario)
        before = None if base is None else results.pyramid(level, unit, base, None)
        bounds = results.pyramid_range(level, unit, year, scenario)
        for n, sex in enumerate(results.sexes):
            if before is not None:
                add(f"{sexes[sex]} {format_date(results.day(results.base))}", before[n])
            add(f"{sexes[sex]} {format_date(results.day(year))}", then[n])
            if bounds is not None:
                for text, bound in zip((_("80 per cent from"), _("80 per cent to")), bounds,
                                       strict=True):  # fmt: skip
                    add(f"{sexes[sex]}: {text}", np.rint(bound[n]))
    count = len(results.ages)
    columns: list[TextColumn | ValueColumn] = [
        TextColumn(_("Key"), tuple("" if u == CITY else u for u in known.units for _n in
                                   range(count))),
        TextColumn(known.name, tuple(known.names.get(u, u) for u in known.units for _n in
                                     range(count))),
        TextColumn(_("Age"), tuple(results.ages.labels) * len(known.units)),
        *(_column(title, np.concatenate(parts), Status.FORECAST)
          for title, parts in numbers.items()),
    ]  # fmt: skip
    label = results.scenario(scenario).label
    return ExportTable(
        _("Pyramid"), tuple(columns),
        f"{_('Population by age and sex')}, {format_date(results.day(year))} – {label}",
        notes(results, scenario),
    )  # fmt: skip


def all_tables(
    results: Results, scenario: str, level: str, year: int, group: int = 0
) -> list[ExportTable]:
    """What a workbook of a forecast holds: areas by year, scenarios, components, ages and sexes."""
    return [
        year_table(results, scenario, level, group),
        scenario_table(results, level, year, group),
        component_table(results, scenario, level),
        pyramid_table(results, scenario, level, year),
    ]


def notes(results: Results, scenario: str | None) -> tuple[str, ...]:
    """Where the numbers come from and what they are."""
    found = [
        _("Own forecast from the base year {year}, {count} scenarios.").format(
            year=results.base, count=format_number(len(results.scenarios))
        ),
        results.spec.note,
        *special_words(results.assumed),
        _("Whole persons; areas add up to the town. Bounds of ranges do not add up."),
        _("Printed on {day}").format(day=format_date(date.today())),
    ]
    chosen = [results.scenario(scenario)] if scenario else results.scenarios
    found[1:1] = [f"{s.label}: {s.note}" for s in chosen if s.note]
    return tuple(text for text in found if text)


def write_tables_of(
    path: Path, tables: Sequence[ExportTable], progress: Progress | None = None
) -> None:
    """*Slow.* All tables as sheets of one workbook."""
    write_xlsx(path, tables, progress=progress)
