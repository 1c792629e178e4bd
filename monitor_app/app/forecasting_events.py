"""Events of a town on the axes of its stocks; what they do not tell is allotted or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import numpy as np

from monitor_app.app import forecasting_axes as axes
from monitor_app.app.forecasting_odmargins import margin
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY, AreaSystem
from monitor_app.core.cube import SEXES, Cube
from monitor_app.core.datasets import DatasetInfo, Kind, Origin, TimeReference
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.core.progress import Progress
from monitor_app.forecast.defaults import defaults, mobility
from monitor_app.forecast.estimate import Register
from monitor_app.forecast.state import Array, Layout
from monitor_app.indicators.inputs import CubeSource, moment

#: Ages of mothers that a forecast knows.
FERTILE = slice(12, 56)


class Source(StrEnum):
    """Where the numbers of a component come from."""

    REGISTER = "register"  # counted with all detail that the forecast uses
    ALLOTTED = "allotted"  # counted; missing detail in proportion to default rates
    COUNTED_BACK = "counted_back"  # births from the infants that are there
    RESIDUAL = "residual"  # migration from cohort change after survival
    DEFAULT = "default"  # rates of the country
    NONE = "none"  # not part of the forecast


#: Events by sex, group and age: engine's name -> kinds that can tell.
EVENTS: dict[str, Kind | None] = {
    "deaths": Kind.DEATHS,
    "arrivals": Kind.MOVES_IN,
    "departures": Kind.MOVES_OUT,
    "moves_in": Kind.ARRIVALS_WITHIN,
    "moves_out": Kind.DEPARTURES_WITHIN,
    "naturalised": None,
}
NATURALISATIONS = "naturalisations"
#: Counted moves must reach into so many of the newest years; else the stocks tell migration better.
NEWEST_YEARS = 5


def covers(areas: AreaSystem, fine: str, target: str) -> bool:
    try:
        return areas.finer(fine, target)
    except KeyError:
        return False


def note(code: str, message: str, severity: Severity = Severity.INFO) -> Issue:
    """A finding that stops nothing."""
    return Issue(code, severity, message)


def known_events(
    cut: dict[str, Array | None], sources: dict[str, Source]
) -> tuple[dict[str, Array | None], dict[str, Source]]:
    """Events and their sources without components of which no year is known (any more): an early
    year may have had no figures of its own, and the forecast then the next best method."""
    unknown = {
        n for n in EVENTS if (a := cut.get(n)) is not None and not np.isfinite(a).any()
    }  # fmt: skip
    if not unknown:
        return cut, sources
    cut, sources = dict(cut), dict(sources)
    moves = ("arrivals", "departures", "moves_in", "moves_out")
    if unknown & set(moves):
        unknown |= {*moves, "naturalised"}
    for name in unknown:
        cut[name], sources[name] = None, Source.NONE
    if "arrivals" in unknown:
        sources["arrivals"] = sources["departures"] = Source.RESIDUAL
    if "deaths" in unknown:
        sources["deaths"] = Source.DEFAULT
    return cut, sources


def child_groups(register: Register) -> Array | None:
    """Births (1, mother's group, child's group): as few children as possible have another group
    than their mother. By the infants of each group."""
    births, stocks = register.births, register.stocks
    groups = len(register.layout.groups)
    if births is None or groups == 1:
        return None
    mothers = np.nansum(births, axis=(0, 2, 3))
    known = np.isfinite(births).any(axis=(1, 2, 3))
    children = np.nansum(stocks[1:, :, :, 0][known], axis=(0, 1, 3))
    if children.sum() <= 0 or mothers.sum() <= 0:
        return None
    children = children * (mothers.sum() / children.sum())
    own = np.minimum(mothers, children)
    left, room = mothers - own, children - own
    table = np.diag(own)
    if room.sum() > 0:
        table = table + np.outer(left, room / room.sum())
    return np.asarray(table[None], dtype=np.float64)


@dataclass(eq=False)
class TownEvents:
    """Reads events of one town and allots what they do not tell."""

    source: CubeSource
    areas: AreaSystem
    level: str
    layout: Layout
    stocks: Array
    years: tuple[int, ...]
    country: str
    issues: list[Issue]
    day: date | None = None  # of the newest stock, the end of its year if None
    steps: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        self.infos = [
            i
            for i in self.source.datasets()
            if (i.spec.origin is Origin.OBSERVED and i.spec.time is TimeReference.PERIOD)
            or i.spec.variable == NATURALISATIONS
        ]
        alive = np.nan_to_num(self.stocks)
        self.exposure = np.zeros_like(alive[1:])
        self.exposure[:, :, :, 1:] = (alive[:-1, :, :, :-1] + alive[1:, :, :, 1:]) / 2.0
        self.exposure[:, :, :, 0] = alive[1:, :, :, 0] / 2.0
        self.default = defaults(self.country, self.years[-1], self.layout.shape[2])

    def all(self) -> tuple[dict[str, Array | None], dict[str, Source]]:
        found: dict[str, Array | None] = {}
        sources: dict[str, Source] = {}
        for name, kind in EVENTS.items():
            found[name], sources[name] = self._event(name, kind)
        for one, other in (("arrivals", "departures"), ("moves_in", "moves_out")):
            if found[one] is None or found[other] is None:
                found[one] = found[other] = None
                sources[one] = sources[other] = Source.NONE
        alone = len(self.layout.areas) == 1
        if found["arrivals"] is None or self._unexplained(found) or (
            found["moves_in"] is None and not alone
        ):  # fmt: skip
            # Without the moves inside the town (or without departures) gross flows do not add up
            # to the change of an area: then the change itself tells its net migration.
            self._tell_residual(found)
            for name in ("arrivals", "departures", "moves_in", "moves_out", "naturalised"):
                found[name] = None
                sources[name] = Source.NONE
            sources["arrivals"] = sources["departures"] = Source.RESIDUAL
        found["births"], sources["births"] = self._births()
        if found["deaths"] is None:
            sources["deaths"] = Source.DEFAULT
        return found, sources

    def _tell_residual(self, found: dict[str, Array | None]) -> None:
        """Why counted moves are not used, where there are any."""
        if found["arrivals"] is None:
            return
        if self._unexplained(found):
            text = _("The counted moves do not explain how the population changed; migration"
                     " follows from the population itself.")  # fmt: skip
            repair = _("Check whether moves and population are of the same register.")
            self.issues.append(Issue("moves-unexplained", Severity.WARNING, text, repair=repair))
            return
        text = _("Moves over the border of the town are counted, moves between its areas are not;"
                 " migration follows from the population itself.")  # fmt: skip
        self.issues.append(note("moves-within-missing", text))

    def _candidates(self, name: str, kind: Kind | None) -> list[DatasetInfo]:
        def fits(info: DatasetInfo) -> bool:
            if kind is None:
                return info.spec.variable == NATURALISATIONS
            return info.spec.kind is kind

        found = [i for i in self.infos if fits(i)]
        fine = [i for i in found if covers(self.areas, i.spec.level, self.level)]
        coarse = [i for i in found if i not in fine and covers(
            self.areas, self.level, i.spec.level)]  # fmt: skip
        # Migration is only asked of the areas themselves; natural movement may come from above.
        pool = fine or (coarse if name in ("deaths", "births") else [])
        if not pool and name in ("moves_in", "moves_out"):
            pool = [
                i
                for i in self.infos
                if i.spec.kind is Kind.MOVES_WITHIN
                and "partner" in i.dims
                and covers(self.areas, i.spec.level, self.level)
            ]
        return sorted(pool, key=lambda i: (-len(i.dims), i.spec.key))

    def _event(self, name: str, kind: Kind | None) -> tuple[Array | None, Source]:
        infos = self._candidates(name, kind)
        if not infos:
            return None, Source.NONE
        info = infos[0]
        if name != "deaths" and "age" not in info.dims:
            self.issues.append(
                note(
                    "moves-without-age",
                    _("“{name}” has no ages; migration by age follows from the population itself.")
                    .format(name=info.spec.name),
                )
            )  # fmt: skip
            return None, Source.NONE
        counts, known, maps, whole = self._counts(info, name)
        if not self._tell_years(info, known, old=name not in ("deaths", "naturalised")):
            return None, Source.NONE
        weights = self.exposure * self._schedule(name)
        found = self._dealt(counts, weights, known, maps)
        if name == "naturalised":
            # Only those can be naturalised who are not nationals; nationals are the first group.
            national = self._national()
            if national is None:
                self._tell_no_nationals(info)
                return None, Source.NONE
            total = found.sum(axis=2, keepdims=True)
            share = weights.copy()
            share[:, :, national] = 0.0
            sums = share.sum(axis=2, keepdims=True)
            even = np.ones_like(share)
            even[:, :, national] = 0.0
            even /= max(len(self.layout.groups) - 1, 1)
            part = np.where(sums > 0, share / np.where(sums > 0, sums, 1.0), even)
            found = total * part
        return found, Source.REGISTER if whole else Source.ALLOTTED

    def _tell_years(self, info: DatasetInfo, known: Array, *, old: bool = False) -> bool:
        """Whether a data set has years between the stocks; those that lack are told. ``old``: years
        long past tell less than what the newest stocks do."""
        years, name = self.years[1:], info.spec.name
        if not known.any() or (old and not known[-NEWEST_YEARS:].any()):
            self.issues.append(
                Issue(
                    "events-years", Severity.WARNING,
                    _("“{name}” has no year between the newest stocks ({first} to {last}) and is"
                      " left out.").format(
                        name=name, first=years[-NEWEST_YEARS:][0] if old else years[0],
                        last=years[-1]),
                    repair=_("Import the years that belong to the stocks."),
                )
            )  # fmt: skip
            return False
        if not known.all():
            found = [y for y, there in zip(years, known.tolist(), strict=True) if there]
            late = years[-1] - found[-1] > 1 or len(found) < min(len(years), 5)
            self.issues.append(
                note(
                    "events-years",
                    _("“{name}” is known for {n} of {all} years ({first} to {last}); rates rest"
                      " on these years alone.").format(
                        name=name, n=len(found), all=len(years), first=found[0], last=found[-1]),
                    Severity.WARNING if late else Severity.INFO,
                )
            )  # fmt: skip
        return True

    def _national(self) -> int | None:
        groups = self.layout.groups
        if len(groups) < 2 or "national" not in groups:
            return None
        return groups.index("national")

    def _tell_no_nationals(self, info: DatasetInfo) -> None:
        if len(self.layout.groups) < 2:
            return
        self.issues.append(
            Issue(
                "no-nationals", Severity.WARNING,
                _("“{name}” is left out: no group of the population is named “national”, only"
                  " {groups}.").format(name=info.spec.name, groups=", ".join(self.layout.groups)),
                repair=_("Let the recipe map the group of nationals to “national”."),
            )
        )  # fmt: skip

    def _schedule(self, name: str) -> Array:
        """Default rates [sex, group, age, area] that missing detail follows."""
        ages = self.layout.shape[2]
        if name == "deaths":
            death = self.default.death
            by_sex = death if len(self.layout.sexes) == 2 else death.mean(axis=0, keepdims=True)
            return np.asarray(by_sex[:, None, :, None], dtype=np.float64)
        return mobility(ages)[None, None, :, None]

    def _counts(
        self, info: DatasetInfo, name: str
    ) -> tuple[Array, Array, list[axes.Integers | None], bool]:
        """Counts (years, sex, group, age, area) as the data set knows them, which years are known,
        the maps of the axes, and whether nothing has to be allotted."""
        self.steps.step(None, _("Reading the data …"))
        values, axis_maps, days = self.detail(info, name)
        self.steps.step(None, _("Reading the data …"))
        picked = by_stock_year(values, days, self.years[1:], self.day)
        known = np.asarray(np.isfinite(picked).any(axis=(1, 2, 3, 4)), dtype=np.float64)
        maps: list[axes.Integers | None] = [None, *axis_maps]
        return picked, known, maps, all(_is_one_to_one(m) for m in axis_maps)

    def detail(
        self, info: DatasetInfo, name: str = ""
    ) -> tuple[Array, list[axes.Integers], tuple[date, ...]]:
        """Counts (dates, sex, group, age, area) as the data set knows them, the maps of the last
        four axes, and the dates. ``name``: which end of moves by origin and destination counts."""
        spec = info.spec
        cube = self.source.cube(spec.key)
        fine = covers(self.areas, spec.level, self.level)
        if cube.has("partner") and spec.kind is Kind.MOVES_WITHIN:
            cube = margin(cube, self.areas, spec.level, self.level, arriving=name == "moves_in")
        elif cube.has("partner"):
            cube = cube.sum("partner")
        if fine and spec.kind is not Kind.MOVES_WITHIN:
            cube = axes.at_level(cube, self.areas, spec.level, self.level)
        values = axes.ordered(cube, ("date", "sex", "group", "age", "area"))
        maps = [self._sex_map(cube), self._group_map(cube)]
        values, age_map = self._ages(cube, values)
        return values, [*maps, age_map, self._area_map(cube, spec.level, fine)], cube.dates

    def _sex_map(self, cube: Cube) -> axes.Integers:
        labels = cube.labels.get("sex", ())
        if set(self.layout.sexes) <= set(labels) and len(labels) <= len(SEXES):
            return np.array([labels.index(s) for s in self.layout.sexes])
        return np.zeros(len(self.layout.sexes), dtype=np.int64)

    def _group_map(self, cube: Cube) -> axes.Integers:
        labels = cube.labels.get("group", ())
        if not labels:
            return np.zeros(len(self.layout.groups), dtype=np.int64)
        other = [i for i, g in enumerate(labels) if g not in self.layout.groups]
        rest = other[0] if len(other) == 1 else -1
        return np.array(
            [labels.index(g) if g in labels else rest for g in self.layout.groups], dtype=np.int64
        )

    def _ages(self, cube: Cube, values: Array) -> tuple[Array, axes.Integers]:
        ages = self.layout.shape[2]
        if cube.ages is None:
            return values, np.zeros(ages, dtype=np.int64)
        folded = axes.fold_open(values, cube.ages, ages, 3)
        if folded.shape[3] == ages and axes.is_single(cube.ages):
            return folded, np.arange(ages)
        folded, axis = axes.fold_top(values, cube.ages, ages, 3)
        return folded, axes.AgeMap.of(axis, ages).position

    def _area_map(self, cube: Cube, level: str, fine: bool) -> axes.Integers:
        if fine:
            row = cube.area_index
            return np.array([row.get(a, -1) for a in self.layout.areas], dtype=np.int64)
        parent = self.areas.ancestor(self.level, level)
        row = cube.area_index
        if level == CITY and len(row) == 1:
            return np.zeros(len(self.layout.areas), dtype=np.int64)
        return np.array([row.get(parent.get(a, ""), -1) for a in self.layout.areas], dtype=np.int64)

    def _dealt(
        self, counts: Array, weights: Array, known: Array, maps: list[axes.Integers | None]
    ) -> Array:
        found = axes.allot(np.nan_to_num(counts), weights, maps)
        found[~known.astype(bool)] = np.nan
        return found

    def _unexplained(self, found: dict[str, Array | None]) -> bool:
        """Whether the counted migration is far from the change of the town, as with another
        register: more than 1.5 per cent of the people in the median year."""
        arrivals, departures = found["arrivals"], found["departures"]
        if arrivals is None or departures is None:
            return False
        net = (arrivals - departures).sum(axis=(1, 2, 3, 4))
        stock = np.nansum(self.stocks, axis=(1, 2, 3, 4))
        gap = np.abs(np.diff(stock) - net) / stock[:-1]
        known = np.isfinite(gap)
        return bool(known.any() and np.median(gap[known]) > 0.015)

    def _births(self) -> tuple[Array, Source]:
        """Births (years, mother's group, mother's age, area)."""
        groups = len(self.layout.groups)
        women = self.exposure_of_women()
        weights = women * self.default.fertility[None, None, :, None]
        if len(self.layout.sexes) == 1:
            weights = weights * 0.5
        infos = self._candidates("births", Kind.BIRTHS)
        shape = weights.shape
        counted = self._counts(infos[0], "births") if infos else None
        if counted is not None and self._tell_years(infos[0], counted[1]):
            counts, known, maps, _whole = counted
            by_age = counts.sum(axis=1)
            if infos[0].age_axis is not None:
                axis = AgeAxis.decode(infos[0].age_axis)
                maps[3] = _mothers_ages(axis, shape[2])
            found = self._dealt(by_age, weights, known, [maps[0], *maps[2:]])
            # A stock is often there before the births of its year are: its infants tell them.
            counted_in = known[:, None, None, None] > 0
            found = np.where(counted_in, found, self._from_infants(weights))
            needed = {"age"} if groups == 1 else {"age", "group"}
            whole = needed <= set(infos[0].dims)
            return found, Source.REGISTER if whole else Source.ALLOTTED
        return self._from_infants(weights), Source.COUNTED_BACK

    def _from_infants(self, weights: Array) -> Array:
        """Births (years, mother's group, mother's age, area) dealt out by ``weights``."""
        shape = weights.shape
        infants = np.nan_to_num(self.stocks[1:, :, :, 0]).sum(axis=(1, 2))
        # The children of a year who were counted at its end, and those who died before.
        born = infants * np.exp(0.5 * float(self.default.death[:, 0].mean()))
        weights = np.where(weights.sum(axis=(1, 2), keepdims=True) > 0, weights, 0.0)
        one = np.zeros(shape[1], dtype=np.int64), np.zeros(shape[2], dtype=np.int64)
        counts = born[:, None, None, :]
        return axes.allot(counts, weights, [None, *one, None])

    def births_by_sex(self) -> Array | None:
        """Girls and boys born in the whole town (years, 2), NaN in years that are not known."""
        for info in self._candidates("births", Kind.BIRTHS):
            cube = self.source.cube(info.spec.key)
            labels = cube.labels.get("sex", ())
            if not {"f", "m"} <= set(labels):
                continue
            values = axes.ordered(cube, ("date", "sex", "group", "age", "area"))
            totals = np.nansum(values, axis=(2, 3, 4))[:, [labels.index("f"), labels.index("m")]]
            yearly = {moment(d).year: i for d, i in cube.date_index.items()}
            found = np.full((len(self.years) - 1, 2), np.nan)
            for row, year in enumerate(self.years[1:]):
                if year in yearly:
                    found[row] = totals[yearly[year]]
            return found if np.isfinite(found).any() else None
        return None

    def exposure_of_women(self) -> Array:
        """Mean of two stocks of women by completed age (years, group, age, area)."""
        alive = np.nan_to_num(self.stocks[:, self.layout.mothers])
        return np.asarray((alive[:-1] + alive[1:]) / 2.0, dtype=np.float64)

    def moves_between(self, gone: Sequence[str]) -> tuple[Array | None, AgeAxis | None]:
        """Moves by age band and group (bands, groups, origins, destinations) over all years."""
        for info in self.infos:
            if info.spec.kind is not Kind.MOVES_WITHIN or info.spec.level != self.level:
                continue
            cube = self.source.cube(info.spec.key)
            if not cube.has("partner") or not cube.has("age"):
                continue
            keep = [a for a in self.layout.areas if a not in gone]
            year = [i for d, i in cube.date_index.items() if moment(d).year in self.years[1:]]
            values = axes.ordered(cube, ("date", "sex", "group", "age", "area", "partner"))
            summed = np.zeros(values.shape[2:])
            for position in year:  # all years at once would be a copy of a table of all pairs
                summed += np.nansum(values[position], axis=0)
            partner = {p: i for i, p in enumerate(cube.labels["partner"])}
            if any(a not in partner or a not in cube.area_index for a in keep):
                continue
            rows = [cube.area_index[a] for a in keep]
            columns = [partner[a] for a in keep]
            groups = self._group_map(cube)
            table = summed[groups][:, :, rows][:, :, :, columns].transpose(1, 0, 2, 3)
            for area in range(len(keep)):
                table[:, :, area, area] = 0.0
            return np.ascontiguousarray(table), cube.ages
        return None, None


def by_stock_year(
    values: Array, days: Sequence[date], years: Sequence[int], day: date | None
) -> Array:
    """Events (years, …) between two stocks from those of periods that end on ``days``; NaN where
    not known. Between stocks of 30 June lies half of each of two calendar years."""
    yearly = {moment(d).year: i for i, d in enumerate(days)}
    end = None if day is None else moment(day)
    ends = {(moment(d).month, moment(d).day) for d in days}
    part = 1.0 if end is None or (end.month, end.day) in ends else end.timetuple().tm_yday / 365.0
    found = np.full((len(years), *values.shape[1:]), np.nan)
    for row, year in enumerate(years):
        if year not in yearly:
            continue
        found[row] = values[yearly[year]]
        if part < 0.98 and year - 1 in yearly:
            found[row] = part * found[row] + (1.0 - part) * values[yearly[year - 1]]
    return found


def _is_one_to_one(positions: axes.Integers) -> bool:
    used = positions[positions >= 0]
    return len(set(used.tolist())) == len(positions)


def _mothers_ages(source: AgeAxis, ages: int) -> axes.Integers:
    """Mothers below and above the ages that the data set names belong to the first and last."""
    found = axes.AgeMap.of(source, ages).position
    found[: source.first] = -1
    return found
