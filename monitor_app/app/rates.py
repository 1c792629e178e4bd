"""Every rate table of a forecast: values as the run uses them, what they were made of, and edits.

A ``RateBook`` is read once (slow); after a change of the specification by hand ``with_spec`` gives
the tables anew at once. Arrays have the axes ``[sex, group, age, area]``; values are in units of
the engine (events per person and year, persons per year, shares), times ``scale`` as shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor_app.app import forecasting_run as runs
from monitor_app.app.forecasting_events import FERTILE, Source
from monitor_app.app.forecasting_five import five_year_rates
from monitor_app.app.forecasting_rates import Method, TownRates, base_weights, town_rates
from monitor_app.app.forecasting_town import ALL, Town, ensure, method_names
from monitor_app.app.forecasting_types import area_types
from monitor_app.app.rates_edit import check_edits, table_names, table_values, tables_of
from monitor_app.app.session import Session
from monitor_app.core.areas import AreaSystem
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue
from monitor_app.core.progress import Progress
from monitor_app.forecast.estimate import LevelledRates
from monitor_app.forecast.moves import OriginDestination, Pool
from monitor_app.forecast.rate_edits import (
    WITHOUT_AGES,
    RateTableKey,
    edited_rates,
    edited_values,
    pull_of,
)
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.forecast.state import Array, Layout
from monitor_app.indicators.inputs import CubeSource

#: Table -> component of the estimate that tells its years, types and method.
COMPONENT = {
    "births": "births", "girls": "births", "deaths": "deaths", "arrivals": "arrivals",
    "departures": "departures", "net_migration": "arrivals", "moves": "moves_out",
    "destinations": "moves_in", "naturalisation": "naturalised",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class RateTable:
    """One table. ``sexes``, ``groups``, ``areas`` are the keys of its axes.

    ``values`` as the first forecast year has them, ``before`` without changes by hand, ``edited``
    where they differ by one; ``raw`` events per person-year as counted (NaN unknown) with
    ``exposure`` person-years and ``events``; ``town_line`` what an area would have at the level of
    the town; ``levels`` how areas were told from the town; ``years`` with their weights;
    ``first_age`` and ``last_age`` positions on the age axis between which the table is shown.
    ``summed``: the town has the sum of its areas, else their mean weighted by exposure.
    """

    key: RateTableKey
    name: str
    unit: str
    scale: float
    precision: int
    layout: Layout
    sexes: tuple[str, ...]
    groups: tuple[str, ...]
    areas: tuple[str, ...]
    first_age: int
    last_age: int
    values: Array
    before: Array
    edited: NDArray[np.bool_]
    raw: Array
    events: Array
    exposure: Array
    town_line: Array
    source: Source
    years: tuple[tuple[int, float], ...]
    levels: LevelledRates | None = None
    summed: bool = False

    @property
    def ages(self) -> list[int]:
        """First ages of the age groups that the table shows."""
        lows = self.layout.ages.lows
        return [int(a) for a in lows[self.first_age : self.last_age + 1]]

    def position(self, age: int) -> int:
        """Position on the age axis of the group that begins at ``age``."""
        return self.first_age + self.ages.index(age)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """First and last year of age of the groups from one position to another."""
        lows = self.layout.ages.lows
        end = lows[last] if last + 1 >= len(lows) else lows[last + 1] - 1
        return int(lows[first]), int(end)

    def of_town(self, array: Array) -> Array:
        """``array`` of areas for the town as a whole ``[sex, group, age]``."""
        if self.summed:
            return np.asarray(array.sum(axis=-1), dtype=np.float64)
        weight = np.where(np.isfinite(array), self.exposure, 0.0)
        total = weight.sum(axis=-1)
        mean = (np.nan_to_num(array) * weight).sum(axis=-1)
        known = np.isfinite(array).any(axis=-1)
        plain = np.where(known, np.nan_to_num(array).sum(axis=-1), np.nan) / max(array.shape[-1], 1)
        found = np.where(total > 0, mean / np.where(total > 0, total, 1.0), plain)
        return np.asarray(found, dtype=np.float64)

    def column(self, array: Array, sex: int, group: int, area: int | None) -> Array:
        """One profile (ages shown,); ``area`` None: the town."""
        found = self.of_town(array) if area is None else array[..., area]
        return np.asarray(found[sex, group, self.first_age : self.last_age + 1])

    def any_edited(self, area: int | None) -> NDArray[np.bool_]:
        """Where a column holds a change by hand ``[sex, group, age]``."""
        return np.asarray(self.edited.any(axis=-1) if area is None else self.edited[..., area])


@dataclass(frozen=True, eq=False)
class RateBook:
    """All tables of one specification. ``issues``: what was found about the changes by hand."""

    spec: ForecastSpec
    town: Town
    method: Method
    base: TownRates
    types: dict[str, NDArray[np.int64]]
    tables: Mapping[str, RateTable]
    issues: tuple[Issue, ...]

    def area_name(self, area: int | None) -> str:
        if area is None:
            return _("Whole town")
        key = self.town.layout.areas[area]
        return self.town.names.get(key, key)

    def type_of(self, table: str) -> NDArray[np.int64] | None:
        """Type number of each area for a table, None where all areas are of one type."""
        return self.types.get(COMPONENT[table])

    def source_text(self, table: str) -> str:
        """Where the numbers of a table come from, in words."""
        source = self.tables[table].source
        if table == "girls":
            girls = self.base.girls
            known = girls is not None and girls.weight > 0
            source = Source.REGISTER if known else Source.DEFAULT
        return method_names(self.town)[source]


def sex_name(key: str) -> str:
    return {"m": _("Men"), "f": _("Women")}.get(key, _("Men and women"))


def group_name(town: Town, key: str) -> str:
    return _("all groups") if key == ALL else town.labels.get(key, key)


def rate_tables(session: Session, spec: ForecastSpec, progress: Progress | None = None) -> RateBook:
    """*Slow.* All tables of a specification; ``UserError`` where no forecast is possible."""
    return make_book(session.project, session.areas, spec, progress)


def make_book(
    source: CubeSource, areas: AreaSystem, spec: ForecastSpec, progress: Progress | None = None
) -> RateBook:
    """*Slow.* The same from any source of cubes."""
    steps = progress or Progress()
    steps.step(0.0, _("Reading the data …"))
    town = runs.read(source, areas, spec)
    ensure([*town.issues, *runs.check(spec, town)])
    method = runs.method_of(spec)
    steps.step(0.6, _("Estimating rates …"))
    types, _told = area_types(spec, town)
    five = town.layout.step > 1
    base = five_year_rates(town, method) if five else town_rates(town, method, types)
    steps.step(0.9)
    return _book(spec, town, method, base, types)


def with_spec(book: RateBook, spec: ForecastSpec) -> RateBook:
    """The tables with other changes by hand; all else of ``spec`` must be as it was."""
    return _book(spec, book.town, book.method, book.base, book.types)


def same_but_edits(one: ForecastSpec, other: ForecastSpec) -> bool:
    """Whether two specifications differ in nothing but changes by hand and what comes after rates
    (years, scenarios, housing, targets, bounds, draws, words)."""
    after = {
        "rates": [], "years": 1, "housing": [], "targets": [], "bounds": {}, "draws": 0, "seed": 1,
        "name": "", "note": "", "id": "main", "scenarios": one.scenarios, "attractiveness": {},
    }  # fmt: skip
    return one.model_copy(update=after) == other.model_copy(update=after)


def _book(
    spec: ForecastSpec, town: Town, method: Method, base: TownRates,
    types: dict[str, NDArray[np.int64]],
) -> RateBook:  # fmt: skip
    issues = tuple(check_edits(spec.rates, town, base))
    edits = () if issues else tuple(spec.rates)
    clean = spec.model_copy(update={"rates": list(edits)})
    tables: dict[str, RateTable] = {
        key: _table(key, clean, town, method, base) for key in tables_of(base)
    }
    return RateBook(spec, town, method, base, types, tables, issues)


def _table(
    key: RateTableKey, spec: ForecastSpec, town: Town, method: Method, base: TownRates
) -> RateTable:
    layout, component = town.layout, COMPONENT[key]
    weights = base_weights(town, method, component)
    years = tuple((y, float(w)) for y, w in zip(town.years[1:], weights, strict=True))
    source = town.sources.get(component, Source.NONE)
    if key in WITHOUT_AGES:
        return _small(key, spec, town, base, source, years)
    before = table_values(base, key, layout)
    assert before is not None
    values, edited = edited_values(key, before, spec.rates, layout)
    raw, events, exposure, levels = _basis(key, base, town, weights, before.shape)
    ages = _shown_ages(key, layout)
    per_step = _("persons per step of {years} years").format(years=layout.step)
    units = {
        "births": _("births per 1,000 women"),
        "arrivals": _("persons per year") if layout.step == 1 else per_step,
        "net_migration": _("persons per 1,000"),
    }  # fmt: skip
    sexes = layout.sexes if key != "births" else (layout.sexes[layout.mothers],)
    counts = key == "arrivals"
    return RateTable(
        key, table_names()[key], units.get(key, _("events per 1,000 persons")),
        1.0 if counts else 1000.0, 2, layout, sexes, layout.groups, layout.areas, *ages,
        values, before, edited, raw, events, exposure, _town_line(key, base, before, levels),
        source, years, levels, counts,
    )  # fmt: skip


def _shown_ages(key: str, layout: Layout) -> tuple[int, int]:
    """Positions of the first and last age group that a table shows."""
    lows = layout.ages.lows
    if key != "births":
        return 0, len(lows) - 1
    rows = np.flatnonzero((lows + layout.step > FERTILE.start) & (lows < FERTILE.stop))
    return int(rows[0]), int(rows[-1])


def _basis(
    key: str, base: TownRates, town: Town, weights: Array, shape: tuple[int, ...]
) -> tuple[Array, Array, Array, LevelledRates | None]:
    """Raw values, events and exposure of a table ``shape``, and its levels."""
    levels = base.tables.get(COMPONENT[key])
    if key == "net_migration" and base.net is not None:
        events, exposure = base.net.events, base.net.exposure
    elif levels is not None:
        events, exposure = levels.pooled.events, levels.pooled.exposure
    else:
        nothing = np.full(shape, np.nan)
        people = town.register.stocks[-1]
        if key == "births":
            people = people[town.layout.mothers][None]
        return nothing, nothing, people, None
    if key == "arrivals":
        return events / weights.sum(), events, exposure, levels
    empty = np.full(events.shape, np.nan)
    return np.divide(events, exposure, out=empty, where=exposure > 0), events, exposure, levels


def _town_line(key: str, base: TownRates, before: Array, levels: LevelledRates | None) -> Array:
    """What each area would have at the level of the town, of the shape of ``before``."""
    if key == "net_migration" and base.net is not None:
        return np.broadcast_to(base.net.city[..., None], before.shape)
    if levels is None:
        return before
    if key == "arrivals":
        level = levels.level[levels.band_of].transpose(1, 0, 2)[None]
        return np.divide(before, level, out=np.zeros_like(before), where=level > 0)
    line = np.broadcast_to(levels.city[..., None], before.shape)
    return np.where(before.any(axis=-1, keepdims=True), line, 0.0)


def _small(
    key: RateTableKey, spec: ForecastSpec, town: Town, base: TownRates, source: Source,
    years: tuple[tuple[int, float], ...],
) -> RateTable:  # fmt: skip
    """Tables without ages: the share of girls, the destinations of moves within the town."""
    layout = town.layout
    if key == "girls":
        before = np.full((1, 1, 1, 1), base.first.girls)
        after = edited_rates(
            base.first, [e for e in spec.rates if e.table == "girls"], layout
        ).girls
        values = np.full((1, 1, 1, 1), after)
        edited = np.full((1, 1, 1, 1), any(e.table == "girls" for e in spec.rates))
        areas: tuple[str, ...] = ("",)
    else:
        before = _shares(base, layout)
        pull = pull_of(spec.rates, layout)
        values = before * pull
        values = values / np.maximum(values.sum(axis=-1, keepdims=True), 1e-12)
        edited = np.broadcast_to(pull != 1.0, before.shape)
        areas = layout.areas
    nothing = np.full(before.shape, np.nan)
    return RateTable(
        key, table_names()[key], _("per cent"), 100.0, 2, layout, ("x",), (ALL,), areas, 0, 0,
        values, before, edited, nothing, nothing, np.ones(before.shape), before, source, years,
        None, key == "destinations",
    )  # fmt: skip


def _shares(base: TownRates, layout: Layout) -> Array:
    """Shares of the areas among all who move within the town ``[1, 1, 1, area]``."""
    model, move = base.first.move_model, base.first.move
    assert move is not None
    by_type: Array
    if isinstance(model, Pool):
        by_type = model.weights
    elif isinstance(model, OriginDestination):
        by_type = model.matrix.mean(axis=1)
    else:
        by_type = np.full((1, len(layout.areas)), 1.0 / len(layout.areas))
    of = getattr(model, "type_of", None)
    rates = np.broadcast_to(move, layout.shape).sum(axis=-1)
    weight: Array = np.ones(1)
    if of is not None:
        sums = np.bincount(of.ravel(), weights=rates.ravel(), minlength=len(by_type))
        weight = np.asarray(sums, dtype=np.float64)
    share = weight @ by_type / max(float(weight.sum()), 1e-12)
    return np.asarray(share[None, None, None, :], dtype=np.float64)
