"""A finished forecast as data sets of the project, in whole persons that still add up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

import numpy as np

from monitor_app.app.forecasting_fans import kept_ages
from monitor_app.app.forecasting_fanstore import fan_tables
from monitor_app.app.forecasting_intervals import Intervals
from monitor_app.app.forecasting_run import Forecast, ScenarioResult
from monitor_app.app.forecasting_town import ALL, Town, method_names
from monitor_app.app.forecasting_words import special_words
from monitor_app.app.scenarios import PREFIX, dataset_start
from monitor_app.core.ages import AgeAxis, AgeGroup
from monitor_app.core.areas import CITY
from monitor_app.core.batch import FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetInfo, DatasetSpec, Kind, Origin, TimeReference
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.progress import Progress
from monitor_app.core.status import Status
from monitor_app.forecast.rounding import controlled_rounding, largest_remainder
from monitor_app.forecast.spec import ForecastSpec, dump_spec
from monitor_app.forecast.state import Array


def dataset_key(spec: ForecastSpec, scenario: str, what: str) -> str:
    """Key of a data set of a forecast."""
    return dataset_start(spec.id, scenario) + what


def batch_of(
    forecast: Forecast, present: Sequence[DatasetInfo], ids: Iterable[str] = (),
    progress: Progress | None = None,
) -> ImportBatch:  # fmt: skip
    """One revision: all data sets of a forecast and its specification; those of an earlier run of
    the same id go. ``ids``: other forecasts of the project, whose data sets stay (the keys of
    ``main_2`` begin like those of ``main``). ``Cancelled`` between two years."""
    steps = progress or Progress()
    spec = forecast.spec
    own = f"{PREFIX}_{spec.id}_"
    others = tuple(s for i in ids if (s := f"{PREFIX}_{i}_").startswith(own) and s != own)
    facts = [f for r in forecast.results for f in _tables(forecast, r, steps)]
    return ImportBatch(
        label=_("Forecast {name}").format(name=spec.name) if spec.name else _("Forecast"),
        sources=(),
        facts=tuple(facts),
        removed=tuple(
            i.spec.key
            for i in present
            if i.spec.origin is Origin.FORECAST
            and i.spec.key.startswith(own)
            and not i.spec.key.startswith(others)
        ),
        documents={(PREFIX, spec.id): dump_spec(spec)},
    )


def _days(town: Town, years: Iterable[int], *, period: bool) -> tuple[date, ...]:
    if period and town.new_year:
        return tuple(date(y, 12, 31) for y in years)
    return tuple(town.stock_day(y) for y in years)


def _tables(forecast: Forecast, result: ScenarioResult, steps: Progress) -> list[FactTable]:
    spec, town, scenario = forecast.spec, forecast.town, result.scenario
    label = scenario.label or scenario.key
    name = f"{spec.name or _('Forecast')} – {label}" if len(forecast.results) > 1 else (
        spec.name or _("Forecast"))  # fmt: skip
    source = _source(forecast, result)

    def info(what: str, kind: Kind, title: str, **other: object) -> DatasetSpec:
        return DatasetSpec(
            key=dataset_key(spec, scenario.key, what), kind=kind, name=f"{title} ({name})",
            level=str(other.pop("level", town.level)), origin=Origin.FORECAST, source=source,
            labels={**town.labels, **dict(other.pop("labels", {}))},  # type: ignore[call-overload]
            **other,  # type: ignore[arg-type]
        )  # fmt: skip

    stocks = result.projection.stocks
    assert stocks is not None
    people = rounded_stocks(stocks[1:], lambda: steps.step(None, label))
    cube = _population(forecast, people)
    found = [FactTable(info("population", Kind.POPULATION, _("Population")), cube)]
    totals = np.concatenate([_launch_totals(stocks[0]), people.sum(axis=(1, 2, 3))])
    parts = rounded_components(result.projection.components, totals)
    kinds = {
        "births": (Kind.BIRTHS, _("Births")),
        "deaths": (Kind.DEATHS, _("Deaths")),
        "arrivals": (Kind.MOVES_IN, _("Moves in")),
        "departures": (Kind.MOVES_OUT, _("Moves out")),
        "moves_in": (Kind.ARRIVALS_WITHIN, _("Moves in from other areas")),
        "moves_out": (Kind.DEPARTURES_WITHIN, _("Moves out to other areas")),
    }
    days = _days(town, forecast.years[1:], period=True)
    if town.residual:
        # Only the balance is known: gross flows would be an invention.
        for what in ("arrivals", "departures", "moves_in", "moves_out"):
            del kinds[what]
        net = info(
            "net_migration", Kind.VARIABLE, _("Net migration"), time=TimeReference.PERIOD,
            variable="net_migration",
        )  # fmt: skip
        balance = parts["arrivals"] - parts["departures"]
        found.append(FactTable(net, _cube(town.layout.areas, days, balance)))
    for what, (kind, title) in kinds.items():
        values = parts[what]
        if values.any():
            spec_of = info(what, kind, title, time=TimeReference.PERIOD)
            found.append(FactTable(spec_of, _cube(town.layout.areas, days, values)))
    if result.intervals is not None:
        found += _interval_tables(forecast, result.intervals, info)
        if result.intervals.fans is not None:
            days = _days(town, forecast.years, period=False)
            found += fan_tables(result.intervals.fans, days, info)
    return found


def _source(forecast: Forecast, result: ScenarioResult) -> str:
    """Citation: method, base and assumptions in words."""
    town, spec = forecast.town, forecast.spec
    text = _("Own forecast from the end of {year}; migration: {method}").format(
        year=town.years[-1], method=method_names(town)[town.sources["arrivals"]]
    )
    notes = [n for n in (spec.note, result.scenario.note, *special_words(spec, town)) if n]
    if result.intervals is not None:
        notes.append(
            _("{draws} draws, seed {seed}").format(
                draws=format_number(result.intervals.draws), seed=result.intervals.seed
            )
        )
    return "; ".join([text, *notes])


def _launch_totals(stock: Array) -> Array:
    return np.asarray(np.rint(stock.sum(axis=(0, 1, 2)))[None], dtype=np.float64)


def rounded_stocks(stocks: Array, told: Callable[[], None] = lambda: None) -> Array:
    """Whole persons (years, sex, group, age, area): areas add up to the town, and in each area age,
    sex and group add up to the area. ``told`` is called before each year."""
    found = np.empty_like(stocks)
    for year, stock in enumerate(stocks):
        told()
        stock = np.maximum(stock, 0.0)
        by_age = stock.sum(axis=(0, 1))
        table = controlled_rounding(by_age) if by_age.shape[1] > 1 else largest_remainder(
            by_age.T).T  # fmt: skip
        cells = np.moveaxis(stock, (0, 1), (-2, -1)).reshape(*table.shape, -1)
        whole = largest_remainder(cells, table)
        shape = (*table.shape, *stock.shape[:2])
        found[year] = np.moveaxis(whole.reshape(shape), (-2, -1), (0, 1))
    return found


def rounded_components(parts: dict[str, Array], totals: Array) -> dict[str, Array]:
    """Whole components (years, areas) that explain the change of whole ``totals`` (years + 1,
    areas) exactly; moves within add up to zero."""
    found = {
        name: largest_remainder(np.maximum(parts[name], 0.0)).astype(np.float64)
        for name in ("births", "deaths", "departures", "moves_out")
    }
    found["moves_in"] = largest_remainder(
        np.maximum(parts["moves_in"], 0.0), found["moves_out"].sum(axis=1)
    ).astype(np.float64)
    rest = np.diff(totals, axis=0) - (
        found["births"] - found["deaths"] - found["departures"]
        + found["moves_in"] - found["moves_out"]
    )  # fmt: skip
    found["arrivals"] = np.maximum(rest, 0.0)
    found["departures"] = found["departures"] + np.maximum(-rest, 0.0)
    return found


def _cube(areas: tuple[str, ...], days: tuple[date, ...], values: Array) -> Cube:
    status = np.full(values.T.shape, Status.FORECAST, dtype=np.uint8)
    return Cube.of({"area": areas, "date": days}, values.T, status=status)


def _population(forecast: Forecast, people: Array) -> Cube:
    """Population cube by area, date, sex, group and age, in the age groups of the data."""
    town = forecast.town
    ages = kept_ages(town)
    values = people
    if town.estimated_ages:
        edges = [(g.lo, g.hi) for g in ages.groups]
        values = np.stack([people[:, :, :, lo:hi].sum(axis=3) for lo, hi in edges], axis=3)
    # (years, sex, group, age, area) -> (area, date, sex, group, age)
    values = np.moveaxis(values, -1, 0)
    labels: dict[str, Sequence[object]] = {
        "area": town.layout.areas,
        "date": _days(town, forecast.years[1:], period=False),
    }
    if town.layout.sexes == ("x",):
        values = values.sum(axis=2)
    else:
        labels["sex"] = town.layout.sexes
    if town.layout.groups == (ALL,):
        values = values.sum(axis=values.ndim - 2)
    else:
        labels["group"] = town.layout.groups
    status = np.full(values.shape, Status.FORECAST, dtype=np.uint8)
    return Cube.of(labels, values, ages=ages, status=status)


def _interval_tables(forecast: Forecast, intervals: Intervals, info: object) -> list[FactTable]:
    """Quantiles of totals and age groups, for areas and for the town. Quantiles do not add up."""
    assert callable(info)
    town = forecast.town
    days = _days(town, forecast.years, period=False)
    labels = {f"q{round(100 * q):02d}": f"{round(100 * q)} %" for q in intervals.levels}
    bands = AgeAxis(tuple(AgeGroup(lo, hi) for lo, hi in intervals.bands))
    found = []
    for level, values in ((town.level, intervals.areas), (CITY, intervals.city[..., None])):
        if level == CITY and town.level == CITY and values is intervals.city:
            continue
        areas = town.layout.areas if values is intervals.areas else (CITY,)
        suffix = "" if values is intervals.areas else "_city"
        if level == CITY and town.level == CITY and suffix:
            continue
        # (levels, years, variables, areas) -> (area, date, group, age)
        table = np.rint(np.transpose(values, (3, 1, 0, 2)))
        for what, cells, ages in (
            ("interval", table[..., 0], None), ("interval_age", table[..., 1:], bands)
        ):  # fmt: skip
            status = np.full(cells.shape, Status.FORECAST, dtype=np.uint8)
            axes: dict[str, Sequence[object]] = {"area": areas, "date": days}
            axes["group"] = tuple(labels)
            cube = Cube.of(axes, cells, ages=ages, status=status)
            spec = info(
                what + suffix, Kind.VARIABLE, _("Probable range of the population"), level=level,
                variable=f"population_{what}", aggregation="none", labels=labels,
            )  # fmt: skip
            found.append(FactTable(spec, cube))
    return found
