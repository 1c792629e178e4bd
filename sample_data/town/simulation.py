"""The town's history, person by person.

Everybody is one entry of a few arrays. In each year a person may be naturalised, then dies, leaves
the town, moves inside it or stays; newcomers and newborns join. All counts are tallied from the
same persons, so the balance equation holds exactly in every cell. Only uniform random numbers are
drawn and compared with rounded probabilities: the same bytes on every machine.

Ages are year minus year of birth, that is the age reached on 31.12. (Geburtsjahrmethode);
100 stands for 100 and older.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from town import plan, rates
from town.rates import FOREIGN, GERMAN, ORIGINS, F, M

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
BURN_IN = 5
ARRIVALS_2015 = ("Kasernenviertel", "Rotenfeld-West", "Gewerbepark Süd", "Bahnhofsviertel")


@dataclass
class People:
    """Everybody who lives in the town; arrays of equal length."""

    born: Ints
    sex: Ints
    group: Ints
    piece: Ints
    since: Ints  # year of moving to the present address

    def take(self, index: NDArray[np.bool_] | Ints) -> People:
        return People(self.born[index], self.sex[index], self.group[index],
                      self.piece[index], self.since[index])  # fmt: skip

    def join(self, other: People) -> People:
        return People(*(np.concatenate([getattr(self, n), getattr(other, n)])
                        for n in ("born", "sex", "group", "piece", "since")))  # fmt: skip

    def __len__(self) -> int:
        return len(self.born)


@dataclass
class History:
    """Counts over (piece, age, sex, group[, partner]) per year, and single moves.

    ``births`` over (piece, age of mother, group of mother, group of child, sex of child);
    ``moves``: rows (from, to, age, sex, group); ``naturalised`` over (piece, age, sex).
    """

    stock: dict[int, Ints] = field(default_factory=dict)
    births: dict[int, Ints] = field(default_factory=dict)
    deaths: dict[int, Ints] = field(default_factory=dict)
    moves_in: dict[int, Ints] = field(default_factory=dict)
    moves_out: dict[int, Ints] = field(default_factory=dict)
    moves: dict[int, Ints] = field(default_factory=dict)
    naturalised: dict[int, Ints] = field(default_factory=dict)
    last: People | None = None  # everybody at the end


@dataclass(frozen=True)
class Setting:
    """Per piece: kind, coordinates (m), social status, fertility factor, and persons that the
    completed dwellings of a year hold (year -> array)."""

    kinds: tuple[str, ...]
    xy: Floats
    status: Floats
    vitality: Floats
    new_homes: dict[int, Floats]


def smooth_field(xy: Floats, rng: np.random.Generator, reach: float = 1700.0) -> Floats:
    """A spatially correlated field, mean 0 and deviation 1, rounded."""
    noise = rng.random(len(xy)) * 2 - 1
    distance = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    weight = np.exp(-((distance / reach) ** 2) / 2)
    values = (weight * noise[None]).sum(axis=1) / np.sqrt((weight**2).sum(axis=1))
    return np.round((values - values.mean()) / values.std(), 4)


def tally(people: People, year: int) -> Ints:
    """Counts over (piece, age, sex, group)."""
    age = np.minimum(year - people.born, 100)
    n = len(plan.pieces())
    index = ((people.piece * 101 + age) * 2 + people.sex) * 2 + people.group
    return np.bincount(index, minlength=n * 404).reshape(n, 101, 2, 2)


def pick(cumulative: Floats, draws: Floats) -> Ints:
    """Positions drawn from a table of cumulative weights."""
    place = np.searchsorted(cumulative, draws * cumulative[-1], side="right")
    return np.minimum(place, len(cumulative) - 1)


def apportion(weights: Floats, total: int) -> Ints:
    """Whole numbers in proportion to weights with the given sum (largest remainders)."""
    share = np.round(weights / weights.sum() * total, 9)
    counts = np.floor(share).astype(np.int64)
    order = np.argsort(-np.round(share - counts, 9), kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return counts


def start_people(setting: Setting, year: int, rng: np.random.Generator) -> People:
    """The population at the end of ``year``, from kinds of quarters."""
    parts = []
    for piece, kind in enumerate(setting.kinds):
        size, foreign, _, _ = rates.KINDS[kind]
        spread = 0.0 if kind == "neubau" else rng.random() * 0.5 - 0.25
        ages = np.repeat(rates.AGES, apportion(rates.PYRAMID * rates.START_SHAPE[kind],
                                               round(size * (1 + spread))))  # fmt: skip
        share = foreign * rates.FOREIGN_BY_AGE[ages] * (1 - 0.15 * setting.status[piece])
        group = (rng.random(len(ages)) < np.round(share, 8)).astype(np.int64)
        sex = (rng.random(len(ages)) >= rates.MALE_SHARE[ages]).astype(np.int64)
        stay = np.floor(rng.random(len(ages)) ** 2 * np.minimum(ages + 1, 40)).astype(np.int64)
        parts.append(People(year - ages, sex, group, np.full(len(ages), piece), year - stay))
    people = parts[0]
    for part in parts[1:]:
        people = people.join(part)
    return people


class Simulation:
    """Steps a town through the years and keeps its ``history``."""

    def __init__(self, setting: Setting, rng: np.random.Generator) -> None:
        self.setting = setting
        self.rng = rng
        self.history = History()
        self._kind_draw = np.array([rates.DRAW[k] for k in setting.kinds])  # (piece, class)
        self._foreign_draw = np.array([rates.FOREIGN_DRAW[k] for k in setting.kinds])
        self._foreign_draw = self._foreign_draw * np.exp(-0.22 * setting.status)
        self._leave = np.array([rates.LEAVE[k] for k in setting.kinds])
        distance = np.hypot(*(setting.xy[:, None] - setting.xy[None]).transpose(2, 0, 1))
        self._near = np.exp(-distance / 2400) + np.where(distance == 0, 0.9, 0.0)
        self._reception = np.array([p.label in ARRIVALS_2015 for p in plan.pieces()])

    def run(self) -> History:
        first = plan.FIRST_STOCK - BURN_IN
        people = start_people(self.setting, first, self.rng)
        self._capacity = np.bincount(people.piece, minlength=len(self.setting.kinds)).astype(float)
        for year in range(first + 1, plan.LAST_STOCK + 1):
            people = self._step(people, year)
            if year >= plan.FIRST_STOCK:
                self.history.stock[year] = tally(people, year)
        self.history.last = people
        return self.history

    def _grow(self, year: int) -> None:
        trend = np.array([rates.KINDS[k][3] for k in self.setting.kinds])
        extra = 0.003 if year >= 2014 else 0.0
        self._capacity = self._capacity * (1 + trend + extra) + self.setting.new_homes.get(
            year, 0.0
        )

    def _step(self, people: People, year: int) -> People:
        self._grow(year)
        self._naturalise(people, year)
        age = np.minimum(year - people.born, 100)
        people = self._die(people, age, year)
        people, left = self._leave_town(people, year)
        movers = self._movers(people, year)
        leavers = np.bincount(people.piece[movers], minlength=len(self._capacity)) + left
        stock = np.bincount(people.piece[~movers], minlength=len(self._capacity))
        slots = 0.55 * np.maximum(self._capacity - stock, 0) + 0.45 * leavers
        self._slots = np.round(np.maximum(slots, 1.0), 6)
        self._relocate(people, movers, year)
        people = people.join(self._arrive(year))
        return people.join(self._bear(people, year))

    def _naturalise(self, people: People, year: int) -> None:
        age = np.minimum(year - people.born, 100)
        rate = 0.013 * rates.by_year(rates.NATURALISED_YEAR, year) * rates.NATURALISED_AGE[age]
        chosen = (self.rng.random(len(people)) < np.round(rate, 9)) & (people.group == FOREIGN)
        self.history.naturalised[year] = tally(people.take(chosen), year).sum(axis=3)
        people.group[chosen] = GERMAN

    def _die(self, people: People, age: Ints, year: int) -> People:
        risk = rates.mortality(year)[people.sex, age]
        factor = np.round(np.exp(-0.13 * self.setting.status), 6)[people.piece]
        factor = factor * np.where((people.group == FOREIGN) & (age > 30), 0.85, 1.0)
        dies = self.rng.random(len(people)) < np.round(risk * factor, 9)
        self.history.deaths[year] = tally(people.take(dies), year)
        return people.take(~dies)

    def _leave_town(self, people: People, year: int) -> tuple[People, Ints]:
        age = np.minimum(year - people.born, 100)
        rate = rates.OUT_RATE[age] * self._leave[people.piece]
        rate = rate * np.where(people.group == FOREIGN, rates.FOREIGN_OUT, 1.0)
        rate = rate * (0.92 if year == 2020 else 1.0)
        goes = self.rng.random(len(people)) < np.round(np.minimum(rate, 0.6), 9)
        gone = people.take(goes)
        self.history.moves_out[year] = self._by_target(gone, year)
        return people.take(~goes), np.bincount(gone.piece, minlength=len(self._capacity))

    def _by_target(self, gone: People, year: int) -> Ints:
        """Where those who leave go to: counts over (piece, age, sex, group, type)."""
        level = np.searchsorted(rates.CLASS_STARTS, year - gone.born, side="right") - 1
        table = np.where((gone.group == FOREIGN)[:, None], rates.OUT_TARGET_FOREIGN[None],
                         rates.OUT_TARGET[level])  # fmt: skip
        draw = self.rng.random(len(gone))
        target = (draw[:, None] >= np.round(np.cumsum(table, axis=1), 9)[:, :2]).sum(axis=1)
        return np.stack([tally(gone.take(target == k), year) for k in range(3)], axis=-1)

    def _movers(self, people: People, year: int) -> NDArray[np.bool_]:
        age = np.minimum(year - people.born, 100)
        rate = rates.WITHIN_RATE[age] * np.sqrt(self._leave[people.piece])
        rate = rate * np.where(people.group == FOREIGN, rates.FOREIGN_WITHIN, 1.0)
        return self.rng.random(len(people)) < np.round(rate, 9)

    def _weights(self, level: int, group: int) -> Floats:
        weight = self._slots * self._kind_draw[:, level]
        return weight * self._foreign_draw if group == FOREIGN else weight

    def _relocate(self, people: People, movers: NDArray[np.bool_], year: int) -> None:
        """New quarters for those who move inside the town; changes ``people``."""
        where = np.flatnonzero(movers)
        self.history.moves[year] = self._assign(people, where, year)

    def _assign(self, people: People, where: Ints, year: int) -> Ints:
        origin = people.piece[where].copy()
        age = np.minimum(year - people.born[where], 100)
        level = np.searchsorted(rates.CLASS_STARTS, age, side="right") - 1
        group = people.group[where]
        draw = self.rng.random(len(where))
        target = origin.copy()
        for c in range(len(rates.CLASS_STARTS)):
            for g in (GERMAN, FOREIGN):
                table = np.cumsum(np.round(self._weights(c, g)[None] * self._near, 6), axis=1)
                mine = np.flatnonzero((level == c) & (group == g))
                for o in np.unique(origin[mine]):
                    part = mine[origin[mine] == o]
                    target[part] = pick(table[o], draw[part])
        people.piece[where] = target
        people.since[where] = year
        return np.stack([origin, target, age, people.sex[where], group], axis=1)

    def _arrive(self, year: int) -> People:
        """Newcomers from outside; also counts them over (piece, age, sex, group, type)."""
        parts: list[People] = []
        counts = []
        for name in ORIGINS:
            own = [self._newcomers(name, g, year) for g in (GERMAN, FOREIGN)]
            counts.append(tally(own[0].join(own[1]), year))
            parts.extend(own)
        self.history.moves_in[year] = np.stack(counts, axis=-1)
        people = parts[0]
        for part in parts[1:]:
            people = people.join(part)
        return people

    def _newcomers(self, origin: str, group: int, year: int) -> People:
        table = rates.ABROAD_YEAR if origin == "Ausland" else rates.HOME_YEAR
        factor = rates.by_year(table, year) if origin == "Ausland" else table.get(year, 1.0)
        factor = 1.0 if origin == "Ausland" and group == GERMAN else factor
        noise = 1 + (self.rng.random() - 0.5) * 0.05
        n = round(rates.IN_TOTAL[group][origin] * round(factor * noise, 6))
        age = pick(np.cumsum(rates.IN_AGE[origin]), self.rng.random(n))
        male = np.full(n, 0.57 if origin == "Ausland" else 0.50)
        if origin == "Ausland" and group == FOREIGN and year in (2015, 2016, 2022):
            male = np.where((age >= 16) & (age < 60), 0.40 if year == 2022 else 0.70, male)
        sex = (self.rng.random(n) >= male).astype(np.int64)
        level = np.searchsorted(rates.CLASS_STARTS, age, side="right") - 1
        draw = self.rng.random(n)
        piece = np.zeros(n, dtype=np.int64)
        boost = origin == "Ausland" and group == FOREIGN and year in (2015, 2016, 2022)
        for c in range(len(rates.CLASS_STARTS)):
            weight = self._weights(c, group)
            if boost:
                weight = weight * np.where(self._reception, 2.2, 1.0)
            piece[level == c] = pick(np.cumsum(np.round(weight, 6)), draw[level == c])
        return People(year - age, sex, np.full(n, group), piece, np.full(n, year))

    def _bear(self, people: People, year: int) -> People:
        """Newborns of the year after a few of them died, left or moved."""
        age = np.minimum(year - people.born, 100)
        rate = rates.fertility(year)[people.group, age] * self.setting.vitality[people.piece]
        mother = np.flatnonzero(
            (self.rng.random(len(people)) < np.round(rate, 9)) & (people.sex == F)
        )
        n = len(mother)
        sex = np.where(self.rng.random(n) < 0.513, M, F)
        german = np.where(people.group[mother] == GERMAN, 0.985, 0.42)
        group = np.where(self.rng.random(n) < german, GERMAN, FOREIGN)
        shape = (len(self._capacity), 101, 2, 2, 2)
        index = np.ravel_multi_index(
            (people.piece[mother], age[mother], people.group[mother], group, sex), shape
        )
        births = np.bincount(index, minlength=int(np.prod(shape))).reshape(shape)
        self.history.births[year] = births
        babies = People(np.full(n, year), sex, group, people.piece[mother], np.full(n, year))
        return self._first_months(babies, year)

    def _first_months(self, babies: People, year: int) -> People:
        dies = self.rng.random(len(babies)) < rates.mortality(year)[babies.sex, 0]
        self.history.deaths[year] = self.history.deaths[year] + tally(babies.take(dies), year)
        babies = babies.take(~dies)
        goes = self.rng.random(len(babies)) < 0.011
        gone = babies.take(goes)
        self.history.moves_out[year] = self.history.moves_out[year] + self._by_target(gone, year)
        babies = babies.take(~goes)
        where = np.flatnonzero(self.rng.random(len(babies)) < 0.02)
        moved = self._assign(babies, where, year)
        self.history.moves[year] = np.vstack([self.history.moves[year], moved])
        return babies
