"""From cubes to one grid per input: choose the data set that answers exactly, filter, add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

import numpy as np

from monitor_app.core.areas import CITY, AreaSystem
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetInfo, Kind, Origin, TimeReference
from monitor_app.core.status import Status
from monitor_app.indicators.ageweights import age_weights, mean_age, median_age
from monitor_app.indicators.aggregate import Placement, add_up, weighted_mean
from monitor_app.indicators.carry import Carrier
from monitor_app.indicators.filters import label_positions
from monitor_app.indicators.grid import Codes, Floats, Grid, mixture
from monitor_app.indicators.moves import ALSO_FROM, MARGINS, from_pairs
from monitor_app.indicators.obstacles import Obstacles
from monitor_app.indicators.tree import MIXTURES, CodeTest, Input
from monitor_app.indicators.vocabulary import unit_factor

_LEAST_STATUS = {
    Origin.OBSERVED: Status.OK,
    Origin.ESTIMATED: Status.ESTIMATED,
    Origin.PROJECTION: Status.FORECAST,
    Origin.FORECAST: Status.FORECAST,
}


_BodyKey = tuple[str, CodeTest | None, CodeTest | None, CodeTest | None, tuple[str, ...]]
#: Cubes by age that are kept per reader (a large town: some 30 MB each).
KEPT_BODIES = 6


class CubeSource(Protocol):
    """Where numbers come from; a project is one."""

    def datasets(self) -> tuple[DatasetInfo, ...]: ...

    def cube(self, key: str) -> Cube: ...


def moment(day: date) -> date:
    """One day for the turn of a year: the stock of 1 January is that of the 31 December before."""
    return date(day.year - 1, 12, 31) if (day.month, day.day) == (1, 1) else day


def years_before(day: date, years: int) -> date:
    """The same day some years earlier (29 February: the 28th); year 1 where that is no date."""
    year = max(day.year - years, 1)
    if (day.month, day.day) == (2, 29):
        return date(year, 2, 28)
    return day.replace(year=year)


@dataclass(frozen=True)
class Loaded:
    """An input on one level. ``grid`` is (areas, moments); ``used`` names the data set per moment,
    ``days`` the day as the data set has it."""

    moments: tuple[date, ...]
    grid: Grid
    used: tuple[str, ...]
    days: tuple[date, ...]
    period: bool


def answers(info: DatasetInfo, wanted: Input) -> bool:
    """Whether a data set is of a kind that the input can be read from."""
    if wanted.kind is Kind.VARIABLE:
        return info.spec.kind is Kind.VARIABLE and info.spec.variable == wanted.variable
    return info.spec.kind in (wanted.kind, *ALSO_FROM.get(wanted.kind, ()))


@dataclass(frozen=True)
class Offer:
    """A data set and, where it cannot answer an input, why in words. ``steps``: how many checks
    it passed before, so that the nearest miss is told first."""

    info: DatasetInfo
    reason: str = ""
    steps: int = 0


class InputReader:
    """Answers inputs on a level from the data sets of one origin.

    ``carrier``: numbers from before territorial reforms are carried to the present areas, which
    ``areas`` then are; ``plain`` reads them as they were counted.
    """

    def __init__(
        self,
        areas: AreaSystem,
        source: CubeSource,
        infos: Sequence[DatasetInfo],
        carrier: Carrier | None = None,
        plain: InputReader | None = None,
    ) -> None:
        self._areas = areas
        self._carrier = carrier
        self._plain = plain
        self._source = source
        self.infos = tuple(infos)
        self._placements: dict[tuple[str, str, str], Placement] = {}
        self._loaded: dict[tuple[Input, str, tuple[str, ...]], Loaded] = {}
        self._bodies: dict[_BodyKey, Cube] = {}
        self._obstacles = Obstacles(source, self.placement)

    def update(self, infos: Sequence[DatasetInfo]) -> None:
        """Take over the present list of data sets; what changed data sets gave is forgotten."""
        infos = tuple(infos)
        if infos == self.infos:
            return
        before = {i.spec.key: i for i in self.infos}
        now = {i.spec.key: i for i in infos}
        changed = {k for k in before.keys() | now.keys() if before.get(k) != now.get(k)}
        self.infos = infos
        self.forget(frozenset(changed))

    def forget(self, datasets: frozenset[str]) -> None:
        """Forget what was read from these data sets, and means weighted by any data set."""
        weighted = {i.spec.key for i in self.infos if i.spec.aggregation.startswith("mean:")}
        stale = datasets | weighted
        if self._carrier is not None:
            self._carrier.forget(datasets)
        self._loaded = {m: v for m, v in self._loaded.items() if not stale & set(m[2])}
        self._bodies = {m: v for m, v in self._bodies.items() if m[0] not in datasets}
        self._placements = {
            m: v for m, v in self._placements.items() if m[2] and m[2] not in datasets
        }

    # -- choosing ---------------------------------------------------------------------------

    def offers(self, wanted: Input, level: str) -> tuple[Offer, ...]:
        """Every data set of the input's subject with the reason why it cannot answer, if any."""
        return tuple(
            Offer(info, *self._obstacles.first(info, wanted, level))
            for info in self.infos
            if answers(info, wanted)
        )

    def ranking(self, wanted: Sequence[Input], level: str) -> dict[Input, tuple[str, ...]]:
        """For each input the data sets that answer it exactly, best first.

        A data set that answers all inputs of its subject comes first, so that numerator and
        denominator are of one kind; then the nearest level, the longer series, the key.
        """
        answers = {w: [o.info for o in self.offers(w, level) if not o.reason] for w in wanted}
        scores: dict[tuple[str, tuple[Kind, str | None]], int] = {}
        for item, infos in answers.items():
            for info in infos:
                mark = (info.spec.key, item.subject)
                scores[mark] = scores.get(mark, 0) + 1
        return {
            item: tuple(
                info.spec.key
                for info in sorted(
                    infos,
                    key=lambda i, item=item: (  # type: ignore[misc]
                        -scores[i.spec.key, item.subject],
                        self._distance(i.spec.level, level),
                        -len(i.dates),
                        i.spec.key,
                    ),
                )
            )
            for item, infos in answers.items()
        }

    def _distance(self, level: str, target: str) -> int:
        ranks = {lv.key: lv.rank for lv in self._areas.levels}
        return abs(ranks.get(level, 99) - ranks.get(target, 99))

    # -- reading ----------------------------------------------------------------------------

    def areas_of(self, level: str) -> tuple[str, ...]:
        """Keys that a level shows: its located areas, or all where none has a boundary."""
        return self.placement(level, level, "").targets

    def placement(self, level: str, target: str, dataset: str) -> Placement:
        mark = (level, target, dataset)
        if mark not in self._placements:
            keys: Iterable[str] = self._source.cube(dataset).areas if dataset else ()
            spare = [k for i in self.infos if i.spec.level == target
                     for k in self._source.cube(i.spec.key).areas] if not self._areas.keys(
                         target) else ()  # fmt: skip
            self._placements[mark] = Placement.of(self._areas, level, target, keys, spare)
        return self._placements[mark]

    def load(self, wanted: Input, level: str, ranking: tuple[str, ...]) -> Loaded:
        """The input on a level; for each moment the first data set of the ranking that has it."""
        mark = (wanted, level, ranking)
        if mark not in self._loaded:
            self._loaded[mark] = self._load(wanted, level, ranking)
        return self._loaded[mark]

    def _load(self, wanted: Input, level: str, ranking: tuple[str, ...]) -> Loaded:
        infos = {info.spec.key: info for info in self.infos}
        columns: dict[date, tuple[Floats, Codes, str, date]] = {}
        answered: set[date] = set()  # moments with a value; an empty column claims none
        period = bool(ranking)
        for key in ranking:
            info = infos[key]
            is_period = info.spec.time is TimeReference.PERIOD
            period = period and is_period
            cube = self._filtered(key, wanted)
            fresh = [
                j
                for j, day in enumerate(cube.dates)
                if (day if is_period else moment(day)) not in answered
            ]
            if not fresh:
                continue
            part = cube if len(fresh) == len(cube.dates) else cube.take("date", fresh)
            grid = self._on_level(part, info, wanted, level)
            for j, day in enumerate(part.dates):
                at = day if is_period else moment(day)
                known = bool(grid.known[:, j].any())
                if known or at not in columns:
                    columns[at] = (grid.values[:, j], grid.status[:, j], key, day)
                if known:
                    answered.add(at)
        moments = tuple(sorted(columns))
        count = len(self.areas_of(level))
        if not moments:
            return Loaded((), Grid.missing((count, 0)), (), (), False)
        picked = [columns[m] for m in moments]
        grid = Grid(
            np.stack([c[0] for c in picked], axis=1), np.stack([c[1] for c in picked], axis=1)
        )
        return Loaded(
            moments, grid, tuple(c[2] for c in picked), tuple(c[3] for c in picked), period
        )

    def _on_level(self, cube: Cube, info: DatasetInfo, wanted: Input, level: str) -> Grid:
        spec = info.spec
        cells, placement = self._placed(cube, info, level)
        if spec.kind is Kind.MOVES_WITHIN:
            system = placement.system
            goals = Placement.of(system, spec.level, level, cells.labels["partner"])
            cells = from_pairs(cells, placement, goals, wanted.kind, spec.absent)
            placement = Placement.of(system, level, level, cells.areas, cells.areas)
        if spec.kind is Kind.VARIABLE and spec.aggregation.startswith("mean:"):
            if spec.level == level:
                grid = add_up(cells, placement, spec.absent)
            else:
                grid = self._weighted(cells, info, placement)
            return grid.at_least(_LEAST_STATUS[spec.origin])
        split = wanted.reducer in ("mean_age", "median_age")
        if cells.ages is not None:
            weights = age_weights(cells.ages, wanted)
            if weights is None:  # the ranking leaves such data sets out
                return Grid.missing((len(placement.targets), len(cells.dates)))
            chosen = np.flatnonzero(weights > 0)
            estimated = bool(((weights > 0) & (weights < 1)).any())
            cells = cells.take("age", slice(int(chosen[0]), int(chosen[-1]) + 1))
            if not split:
                cells = replace(cells, values=cells.values * weights[chosen]).sum("age")
            if estimated:
                least = np.where(cells.status < Status.MISSING, Status.ESTIMATED, Status.OK)
                cells = replace(cells, status=np.maximum(cells.status, least).astype(np.uint8))
        if wanted.reducer in MIXTURES:
            parts = [
                add_up(cells.take("group", [i]).sum("group"), placement, spec.absent)
                for i in range(len(cells.labels["group"]))
            ]
            grid = mixture(parts, wanted.reducer)
        elif split:
            reduce = mean_age if wanted.reducer == "mean_age" else median_age
            grid = reduce(cells, placement, spec.absent, wanted.interpolate)
        else:
            grid = add_up(cells, placement, spec.absent)
            if spec.kind in MARGINS and level == CITY:
                grid = Grid(np.where(grid.known, 0.0, grid.values), grid.status)
        return grid.at_least(_LEAST_STATUS[spec.origin])

    def _placed(self, cube: Cube, info: DatasetInfo, level: str) -> tuple[Cube, Placement]:
        """The cells and where their areas lie; carried to the present areas where a reform moved
        people between areas of the level."""
        spec, carrier = info.spec, self._carrier
        if carrier is None:
            return cube, self.placement(spec.level, level, spec.key)
        if not carrier.touches(spec.level, level):
            return cube, Placement.of(carrier.plain, spec.level, level, cube.areas, cube.areas)
        weights = None
        mean = spec.kind is Kind.VARIABLE and spec.aggregation.startswith("mean:")
        if mean and self._plain is not None and carrier.bridged(spec.level):
            weights = self._plain.weights(cube, info)
        cells = carrier.carry(cube, spec, weights)
        return cells, Placement.of(self._areas, spec.level, level, cells.areas, cells.areas)

    def _filtered(self, key: str, wanted: Input) -> Cube:
        """Cells that pass, summed over everything but area, date and age (and what the input
        looks at: the other end of moves, or groups).

        The last few are kept: most formulas of a topic differ in their ages only.
        """
        condition = wanted.filter
        info = next(i for i in self.infos if i.spec.key == key)
        kept = _kept_dims(info, wanted)
        mark = (key, condition.sex, condition.group, condition.partner, kept)
        if mark not in self._bodies:
            while len(self._bodies) >= KEPT_BODIES:
                del self._bodies[next(iter(self._bodies))]
            cube = self._source.cube(key)
            for dim in ("sex", "group", "partner"):
                test = getattr(condition, dim)
                if test is not None and cube.has(dim):
                    positions = label_positions(dim, test, cube.labels[dim])
                    cube = cube.take(dim, positions or ())
            summed = (d for d in ("sex", "group", "partner") if cube.has(d) and d not in kept)
            factor = unit_factor(wanted.variable or "", info.spec.unit) or 1.0
            if factor != 1.0:
                cube = replace(cube, values=cube.values * factor)
            self._bodies[mark] = cube.sum(*summed)
        return self._bodies[mark]

    def _weighted(self, cells: Cube, info: DatasetInfo, placement: Placement) -> Grid:
        """The mean of a variable over larger areas, weighted as its data set says."""
        return weighted_mean(cells, self.weights(cells, info), placement)

    def weights(self, cells: Cube, info: DatasetInfo) -> Floats:
        """(areas, dates) of the cells: what their data set weights means with; NaN: unknown."""
        name = info.spec.aggregation.removeprefix("mean:")
        wanted = (
            Input(Kind.POPULATION) if name == "population" else Input(Kind.VARIABLE, variable=name)
        )
        level = info.spec.level
        loaded = self.load(wanted, level, self.ranking([wanted], level)[wanted])
        rows = {key: i for i, key in enumerate(self.areas_of(level))}
        values = np.full((len(cells.areas), len(cells.dates)), np.nan)
        for j, day in enumerate(cells.dates):
            at = moment(day)
            if at not in loaded.moments:
                continue
            column = loaded.moments.index(at)
            for i, key in enumerate(cells.areas):
                if key in rows and loaded.grid.known[rows[key], column]:
                    values[i, j] = loaded.grid.values[rows[key], column]
        return values


def _kept_dims(info: DatasetInfo, wanted: Input) -> tuple[str, ...]:
    """Dimensions besides area, date and age that an input looks at."""
    pairs = ("partner",) if info.spec.kind is Kind.MOVES_WITHIN else ()
    return (*pairs, "group") if wanted.reducer in MIXTURES else pairs
