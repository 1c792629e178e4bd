"""Types of dwellings, who moves into them and when: expected, and in each draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray
from scipy import special

from monitor_app.core.i18n import LANGUAGE
from monitor_app.core.resources import resource_path
from monitor_app.forecast.rng import DrawPlan, stable_id
from monitor_app.forecast.spec_parts import AgeShares, DwellingType, age_range
from monitor_app.forecast.state import Array, Layout

#: How sure a probability of realisation is: the beta distribution of its draws counts so many
#: projects of the kind. A half-built scheme is rarer than one that is built or not.
REALISATION_WEIGHT = 1.0


@cache
def shipped_types() -> dict[str, DwellingType]:
    """Types for towns without measurements of their own, by key."""
    return {
        key: DwellingType.model_validate({k: v for k, v in entry.items() if k != "name"})
        for key, entry in _shipped()["types"].items()
    }


def shipped_names() -> dict[str, str]:
    """Names of the shipped types in the language in use."""
    code = "en" if LANGUAGE.code == "en" else "de"
    return {key: str(entry["name"][code]) for key, entry in _shipped()["types"].items()}


@cache
def _shipped() -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    path = resource_path("catalogue", "forecast", "dwelling_types.yaml")
    found: dict[str, dict[str, dict[str, dict[str, str]]]] = yaml.safe_load(
        path.read_text(encoding="utf-8")
    )
    return found


def age_weights(layout: Layout, shares: AgeShares) -> Array:
    """Shares of age groups spread evenly inside each, (ages,); they add up to 1 over all ages.

    Ages above the open one belong to it. ``ValueError`` where all shares are zero.
    """
    lows = np.array(layout.ages.lows)
    top = int(lows[-1])
    found = np.zeros(len(lows))
    for text, share in shares.items():
        lo, hi = age_range(text)
        years = np.arange(lo, max(top, lo) + 1 if hi is None else hi)
        rows = np.searchsorted(lows, np.minimum(years, top), side="right") - 1
        np.add.at(found, rows, share / len(rows))
    if found.sum() <= 0:
        raise ValueError("all shares are zero")
    return np.asarray(found / found.sum(), dtype=np.float64)


def occupants_profile(layout: Layout, kind: DwellingType, arrivals: Array) -> Array:
    """Shares of cells ``[sex, group, age]`` among first residents, adding up to 1.

    Sexes and groups as among ``arrivals`` ``[sex, group, age]``, also persons or shares; ages too
    where the type does not tell them.
    """
    base = np.asarray(arrivals / arrivals.sum(), dtype=np.float64)
    if not kind.ages:
        return base
    return np.asarray(base.sum(axis=2, keepdims=True) * age_weights(layout, kind.ages))


@dataclass(frozen=True)
class Scheme:
    """Dwellings of one project, type and area. ``kind`` position of the type of its residents;
    ``area`` position; ``persons`` year -> first residents if all is built in time; ``key`` shared
    by parts that are late or fail together."""

    key: str
    kind: int
    area: int
    persons: Mapping[int, float]
    probability: float = 1.0
    delay: int = 0
    delay_spread: float = 0.0


@dataclass(frozen=True, eq=False)
class UsualBuilding:
    """Completions whose residents are among the movers of the base years already: ``own`` (areas,)
    dwellings a year, NaN where an area has no number of its own; ``together`` dwellings a year of
    those areas."""

    own: Array
    together: float = 0.0

    def beyond(self, planned: Array) -> Array:
        """Share (years, areas), 0 to 1, of ``planned`` dwellings (years, areas) beyond the usual:
        ``max(planned - usual, 0) / planned``, areas without a number of their own as one."""
        base, usual = self._compared(planned)
        over = np.maximum(base - usual, 0.0)
        return np.divide(over, base, out=np.zeros_like(base), where=base > 0)

    def short(self, planned: Array, pull: Array) -> Array:
        """Dwellings (years, areas) fewer than usual; those of areas without a number of their own
        by their ``pull`` (areas,), e.g. arrivals."""
        base, usual = self._compared(planned)
        pooled = np.isnan(self.own)
        weight = np.where(pooled, pull, 0.0)
        share = np.where(pooled, weight / max(float(weight.sum()), 1e-300), 1.0)
        return np.asarray(np.maximum(usual - base, 0.0) * share)

    def _compared(self, planned: Array) -> tuple[Array, Array]:
        """What is compared in each area: planned (years, areas) and usual (areas,)."""
        pooled = np.isnan(self.own)
        together = planned[:, pooled].sum(axis=1, keepdims=True)
        return np.where(pooled, together, planned), np.where(pooled, self.together, self.own)


@dataclass(frozen=True, eq=False)
class HousingPlan:
    """Everything that is to be built. ``profiles`` (kinds, sex, group, age) adding up to 1 each;
    ``from_town`` (kinds,) shares of first residents who come from inside the town; ``absent``
    people (years, areas) who stay away because less is built than usual, a share
    ``absent_from_town`` of them from inside."""

    profiles: Array
    from_town: Array
    schemes: Sequence[Scheme]
    areas: int
    absent: Array | None = None
    absent_from_town: float = 0.0

    def expected(self, first: int, years: int) -> Array:
        """First residents (years, kinds, areas) from the end of year ``first`` - 1 on."""
        found = np.zeros((years, len(self.profiles), self.areas))
        for scheme in self.schemes:
            for year, persons in scheme.persons.items():
                row = year + scheme.delay - first
                if 0 <= row < years:
                    found[row, scheme.kind, scheme.area] += persons * scheme.probability
        return found

    def drawn(self, plan: DrawPlan, draw: int, first: int, years: int) -> Array:
        """As ``expected``, in one draw: how much of a scheme is built (beta distributed around its
        probability) and how late (the mean delay, more often a little early than very late).

        Numbers depend on seed, draw and key alone; parts of a scheme share them.
        """
        found = np.zeros((years, len(self.profiles), self.areas))
        if not any(scheme.persons for scheme in self.schemes):
            return found
        table = self._table
        uniforms = plan.uniforms(draw, "housing", table.ids, 2)
        built = realised(table.probability, uniforms[0])[table.scheme]
        late = table.spread * (-np.log(uniforms[1]) - 1.0)
        row = table.year + late[table.scheme] - first
        # What was expected before the launch is there already; nobody comes before the first year.
        row = np.where(table.year < first, years, np.maximum(row, 0.0))
        low = np.floor(row).astype(np.int64)
        for at, part in ((low, 1.0 - (row - low)), (low + 1, row - low)):
            inside = at < years
            place = at[inside], table.kind[inside], table.area[inside]
            np.add.at(found, place, (table.persons * built * part)[inside])
        return found

    @cached_property
    def _table(self) -> _Entries:
        """Schemes as columns: one entry per scheme and year of first residents."""
        entries = [
            (n, s.kind, s.area, year + s.delay, persons)
            for n, s in enumerate(self.schemes)
            for year, persons in s.persons.items()
        ]
        scheme, kind, area, year, persons = (np.array(c) for c in zip(*entries, strict=True))
        return _Entries(
            np.array([stable_id(f"housing/{s.key}") for s in self.schemes], dtype=np.uint64),
            np.array([s.probability for s in self.schemes]),
            np.array([s.delay_spread for s in self.schemes]),
            scheme, kind, area, year, persons.astype(np.float64),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Entries:
    """Columns of schemes (ids, probability, spread) and of their entries by year."""

    ids: NDArray[np.uint64]
    probability: Array
    spread: Array
    scheme: NDArray[np.int64]
    kind: NDArray[np.int64]
    area: NDArray[np.int64]
    year: NDArray[np.int64]
    persons: Array


def realised(probability: ArrayLike, uniform: ArrayLike) -> Array:
    """Share of a scheme that is built: beta distributed with mean ``probability``."""
    chance = np.asarray(probability, dtype=np.float64)
    inside = (chance > 0.0) & (chance < 1.0)
    safe = np.where(inside, chance, 0.5)
    drawn = special.betaincinv(
        REALISATION_WEIGHT * safe, REALISATION_WEIGHT * (1.0 - safe), uniform
    )
    return np.asarray(np.where(inside, drawn, chance), dtype=np.float64)
