"""What a project knows about its population, on the axes of the forecast engine.

Every component of change gets the best method that the data allow, and the user is told which one:
events with their ages as they are, events with parts of the detail allotted in proportion to
default rates, births counted back from the infants, migration from what happened to each cohort.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from monitor_app.app import forecasting_axes as axes
from monitor_app.app.forecasting_events import (
    EVENTS,
    Source,
    TownEvents,
    child_groups,
    covers,
    known_events,
    note,
)
from monitor_app.app.forecasting_kind import (
    kind_of_forecast,
    told_first_age,
    told_rounding,
    told_wide_groups,
)
from monitor_app.app.forecasting_reform import bridge
from monitor_app.app.forecasting_stocks import (
    after_breaks,
    ensure_history,
    known_stocks,
    yearly,
)
from monitor_app.app.forecasting_youngest import with_youngest
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import AreaSystem
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetInfo, Kind, Origin
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.forecast.defaults import Defaults, country_name, defaults
from monitor_app.forecast.estimate import Register
from monitor_app.forecast.state import Array, Layout
from monitor_app.indicators.inputs import CubeSource, moment

ALL = "all"  # the group of towns that know no groups


@dataclass(frozen=True, eq=False)
class Town:
    """Register of one level and how it came about.

    ``years``: the year at whose end each stock was counted; ``new_year``: the data set dates them
    1 January of the year after. ``register`` has events of the years after the first stock.
    ``od`` (areas, areas, groups) moves by origin and destination, summed over years, if known.
    ``migration`` is REGISTER/ALLOTTED with counted moves, else RESIDUAL.
    """

    level: str
    dataset: str
    register: Register
    years: tuple[int, ...]
    new_year: bool
    country: str
    sources: dict[str, Source]
    issues: tuple[Issue, ...]
    names: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    source_ages: AgeAxis | None = None
    od: Array | None = None
    od_ages: AgeAxis | None = None
    special: Array | None = None  # [sex, group, age, area] held apart at the newest stock
    day: tuple[int, int] = (12, 31)  # month and day that the stocks were counted on

    def stock_day(self, year: int) -> date:
        """The day that the stock of a year is dated."""
        if self.new_year:
            return date(year + 1, 1, 1)
        month, day = self.day
        return date(year, month, 28 if (month, day) == (2, 29) else day)

    @property
    def layout(self) -> Layout:
        return self.register.layout

    @property
    def estimated_ages(self) -> bool:
        """Whether single years of age are an estimate from age groups."""
        return self.source_ages is not None and not axes.is_single(self.source_ages)

    @property
    def residual(self) -> bool:
        return self.sources["arrivals"] is Source.RESIDUAL

    def default_rates(self, year: int) -> Defaults:
        return defaults(self.country, year, self.layout.shape[2])

    def until(self, position: int) -> Town:
        """The town as it was known when stock ``position`` was the newest."""
        r = self.register
        cut: dict[str, Any] = {
            name: None if (a := getattr(r, name)) is None else a[:position]
            for name in (*EVENTS, "births", "births_by_sex")
        }
        events, sources = known_events(cut, self.sources)
        cut = dict(events)
        known = replace(r, stocks=r.stocks[: position + 1], **cut)
        known = replace(known, births_by_group=child_groups(known))
        return replace(self, register=known, years=self.years[: position + 1], sources=sources)


def read_town(
    source: CubeSource, areas: AreaSystem, level: str, country: str = "DE",
    dataset: str | None = None, first_year: int | None = None, base: int | None = None,
    progress: Progress | None = None,
) -> Town:  # fmt: skip
    """The town on a level. ``dataset``: key of the population to use, the best one if None;
    ``first_year``: first stock to use, after the last break of the series if None; ``base``: year
    of the newest stock to use.

    ``UserError`` where no forecast is possible; what is merely doubtful stands in ``issues``.
    """
    info = choose_population(source.datasets(), areas, level, dataset)
    steps = progress or Progress()
    cube = axes.at_level(source.cube(info.spec.key), areas, info.spec.level, level)
    steps.step(None, _("Reading the data …"))
    issues: list[Issue] = []
    cube, years, day = yearly(cube, issues, base)
    layout, stocks = _stocks(cube, country, years[-1], issues)
    issues += [*told_rounding(cube), *told_first_age(cube), *told_wide_groups(cube)]
    stocks = known_stocks(stocks, years, layout.areas, areas, level, issues)
    start = 0 if first_year is None else max(0, first_year - years[0])
    if first_year is None:
        start = after_breaks(stocks, years, issues)
    stocks, years = stocks[start:], years[start:]
    if cube.ages is not None and not axes.is_single(cube.ages):
        stocks = with_youngest(stocks, cube.ages)
    ensure_history(years, issues)
    reader = TownEvents(source, areas, level, layout, stocks, years, country, issues, day, steps)
    events, sources = reader.all()
    steps.step(None, _("Reading the data …"))
    register, dead = bridge(Register(layout, stocks, **events), areas, level, years, issues)
    register = replace(register, births_by_sex=reader.births_by_sex())
    register = replace(register, births_by_group=child_groups(register))
    od, od_ages = reader.moves_between(dead)
    names = {a.key: a.name for a in areas.at(level)}
    new_year, end = day == date(years[-1] + 1, 1, 1), moment(day)
    town = Town(
        level, info.spec.key, register, years, new_year, country, sources, tuple(issues), names,
        info.spec.labels, cube.ages, od, od_ages, day=(end.month, end.day),
    )  # fmt: skip
    return replace(town, issues=(*town.issues, *_told(town)))


def choose_population(
    infos: Sequence[DatasetInfo], areas: AreaSystem, level: str, dataset: str | None = None
) -> DatasetInfo:
    """The population data set that tells most on a level: single ages, sex, groups, many years."""
    found = [
        i
        for i in infos
        if i.spec.kind is Kind.POPULATION
        and i.spec.origin is Origin.OBSERVED
        and "age" in i.dims
        and len(AgeAxis.decode(i.age_axis or "0+")) > 1
        and (dataset is None or i.spec.key == dataset)
        and covers(areas, i.spec.level, level)
    ]
    if not found and dataset is not None:
        keys = [i.spec.key for i in infos if i.spec.kind is Kind.POPULATION and "age" in i.dims]
        raise fail(
            "forecast-population",
            _("The level “{level}” has no population “{dataset}” by age.").format(
                level=level, dataset=dataset),
            value=dataset, repair=_("Known are: {names}.").format(names=", ".join(keys) or "–"),
        )  # fmt: skip
    if not found:
        raise fail(
            "forecast-population",
            _("There is no population by age for the level “{level}”.").format(level=level),
            repair=_("Import the population by age and sex on this level or a finer one, or choose"
                     " another level."),
        )  # fmt: skip

    def worth(info: DatasetInfo) -> tuple[bool, bool, int, bool, int]:
        axis = AgeAxis.decode(info.age_axis or "0+")
        return (
            len(info.dates) >= 6, "sex" in info.dims, len(axis), "group" in info.dims,
            len(info.dates),
        )  # fmt: skip

    return max(found, key=worth)


def _stocks(cube: Cube, country: str, year: int, issues: list[Issue]) -> tuple[Layout, Array]:
    """Stocks (years, sex, group, age, area) in single years of age."""
    assert cube.ages is not None
    _refuse_bad_counts(cube)
    values = ordered_stock(cube)
    single = axes.is_single(cube.ages)
    ages = axes.open_age(cube.ages) + 1
    labels = cube.labels.get("sex", ())
    if set(labels) >= {"m", "f"}:
        sexes: tuple[str, ...] = ("m", "f")
        values = _two_sexes(values, labels)
    else:
        sexes, values = ("x",), values.sum(axis=1, keepdims=True)
        issues.append(note("forecast-sex", _("The population is not known by sex: men and women"
                                              " are forecast together.")))  # fmt: skip
    death = defaults(country, year, ages).death
    survivors = np.exp(-np.cumsum(death, axis=1))
    survivors = survivors if len(sexes) == 2 else survivors.mean(axis=0, keepdims=True)
    if single:
        values = axes.fold_open(values, cube.ages, ages, 3)
    else:
        moved = np.moveaxis(values, 3, -1)
        values = np.stack(
            [axes.single_years(moved[:, s], cube.ages, survivors[s]) for s in range(len(sexes))],
            axis=1,
        )
        values = np.moveaxis(values, -1, 3)
    groups = cube.labels.get("group", (ALL,))
    layout = Layout(sexes, tuple(groups), AgeAxis.single_years(ages - 1), cube.areas)
    return layout, np.ascontiguousarray(values)


def ordered_stock(cube: Cube) -> Array:
    return axes.ordered(cube, ("date", "sex", "group", "age", "area"))


def _two_sexes(values: Array, labels: Sequence[str]) -> Array:
    """Persons without a known sex are dealt out to men and women by halves."""
    pair = np.stack([values[:, labels.index("m")], values[:, labels.index("f")]], axis=1)
    for other in (i for i, s in enumerate(labels) if s not in ("m", "f")):
        pair = pair + np.nan_to_num(values[:, other : other + 1]) / 2.0
    return np.asarray(pair, dtype=np.float64)


def _refuse_bad_counts(cube: Cube) -> None:
    if (cube.values < 0).any():
        bad = np.unique(np.argwhere(cube.values < 0)[:, cube.axis("area")])
        raise fail(
            "stock-negative",
            _("The population has negative counts."),
            column=", ".join(cube.areas[i] for i in bad[:10]),
            count=int((cube.values < 0).sum()),
            repair=_("Correct the counts at their source and import them again."),
        )


def component_names() -> dict[str, str]:
    return {
        "births": _("Births"),
        "deaths": _("Deaths"),
        "arrivals": _("Moves in from outside"),
        "departures": _("Moves out of the town"),
        "moves_in": _("Moves in from other areas"),
        "moves_out": _("Moves out to other areas"),
        "naturalised": _("Naturalisations"),
    }


def method_names(town: Town) -> dict[Source, str]:
    """What each method means, in words."""
    return {
        Source.REGISTER: _("counted in the town"),
        Source.ALLOTTED: _("counted in the town; missing detail allotted by rates of {country}")
        .format(country=country_name(town.country)),
        Source.COUNTED_BACK: _("counted back from the infants, ages of mothers by rates of"
                               " {country}").format(country=country_name(town.country)),
        Source.RESIDUAL: _("net migration: what happened to each cohort beyond deaths, smoothed and"
                           " pulled towards the town"),
        Source.DEFAULT: _("rates of {country} ({source})").format(
            country=country_name(town.country), source=town.default_rates(town.years[-1]).source),
        Source.NONE: _("not known, left out"),
    }  # fmt: skip


def _told(town: Town) -> list[Issue]:
    """The data check: which method each component got."""
    words, names = method_names(town), component_names()
    found = [
        note(
            "forecast-data",
            (_("Population: “{dataset}”, {areas} areas, {first} to {last}, {people} people.")
             if len(town.layout.areas) != 1
             else _("Population: “{dataset}”, one area, {first} to {last}, {people} people.")
             ).format(
                dataset=town.dataset, areas=len(town.layout.areas), first=town.years[0],
                last=town.years[-1], people=format_number(float(town.register.stocks[-1].sum())),
            ),
        ),
        kind_of_forecast(town),
    ]  # fmt: skip
    if town.estimated_ages:
        found.append(
            note(
                "ages-estimated",
                _("The population is known by age groups; single years of age are an estimate."),
                Severity.WARNING,
            )
        )
    for component, name in names.items():
        source = town.sources.get(component, Source.NONE)
        found.append(
            note(
                f"method-{component}",
                _("{component}: {method}").format(component=name, method=words[source]),
            )
        )
    return found


def ensure(issues: Sequence[Issue]) -> None:
    """Raise if any finding forbids the run."""
    bad = tuple(i for i in issues if i.severity is Severity.ERROR)
    if bad:
        raise UserError(bad)
