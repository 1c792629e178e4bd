"""Rates of every area from register counts: a city profile by age times a shrunk local level.

An area has too few events for a profile of its own. So each rate is the smoothed profile of the
city (by sex, group and age) times a level of the area in a broad age band, pulled towards the
area's type or the city as far as chance alone could explain it (``shrinkage``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.forecast.exposure import Pooled, period_exposure, pool_years, starters_exposure
from monitor_app.forecast.moves import Pool
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.shrinkage import levels_by_type, shrunk_levels
from monitor_app.forecast.smoothing import smooth_profiles
from monitor_app.forecast.state import Array, Layout, girls_share

#: First ages of the broad bands in which areas may differ from the city's profile.
MIGRATION_BANDS = (0, 18, 30, 65)
MORTALITY_BANDS = (0,)
#: Overdispersion of counts: households move together, new buildings fill at once.
DISPERSION = {
    "deaths": 1.0,
    "births": 1.0,
    "departures": 3.0,
    "arrivals": 4.0,
    "moves_out": 6.0,
    "moves_in": 16.0,
    "naturalised": 3.0,
}
#: By how much the share of girls differs between populations beyond chance: sex ratios at birth of
#: countries with good registers lie between 1.04 and 1.07 (UN, World Population Prospects 2024).
GIRLS_SPREAD = 0.0025


@dataclass(frozen=True, eq=False)
class Register:
    """What a town's register knows, on the axes of ``layout``; None: not at hand.

    ``stocks`` (T + 1, sex, group, age, area) at the end of each year. Events of T years: ``births``
    (T, mother's group, mother's age, area) by completed age; the others (T, sex, group, age, area)
    by age reached at the end of the year. ``births_by_group`` (T, mother's group, child's group).
    ``births_by_sex`` (T, 2): girls and boys born in the whole town, NaN in years not known.
    """

    layout: Layout
    stocks: Array
    births: Array | None = None
    deaths: Array | None = None
    arrivals: Array | None = None
    departures: Array | None = None
    moves_out: Array | None = None
    moves_in: Array | None = None
    naturalised: Array | None = None
    births_by_group: Array | None = None
    births_by_sex: Array | None = None


@dataclass(frozen=True, eq=False)
class Options:
    """Choices of an estimate.

    ``weights`` component -> (T,) year weights (0 leaves a year out); ``types`` component ->
    (areas,) type numbers, each movement kind its own; ``smoothness`` of profiles (None: by BIC);
    ``dispersion`` component -> overdispersion of its counts, where it was measured in this town;
    ``girls``: usual share of girls among births, which that of the town is pulled towards.
    """

    weights: dict[str, Array]
    types: dict[str, NDArray[np.int64]]
    smoothness: float | None = None
    dispersion: dict[str, float] = field(default_factory=dict)
    girls: float = girls_share(1.05)

    def dispersion_of(self, component: str) -> float:
        return self.dispersion.get(component, DISPERSION[component])

    @classmethod
    def plain(cls) -> Options:
        """All years alike, the city as the only type."""
        return cls({}, {})


@dataclass(frozen=True, eq=False)
class LevelledRates:
    """``rate = city[sex, group, age] * level[band of age, group, area]``.

    ``weight`` (bands, groups, areas) is how far a level is the area's own. ``pooled``: the weighted
    events and person-years that both rest on; ``observed`` and ``expected`` (bands, groups, areas)
    events at the rates of ``city``, ``raw`` their ratio (NaN without expectation).
    """

    city: Array
    level: Array
    band_of: NDArray[np.int64]
    weight: Array
    pooled: Pooled
    observed: Array
    expected: Array
    raw: Array

    @property
    def goal(self) -> Array:
        """Levels (bands, groups, areas) that those of the areas are pulled towards."""
        rest = 1.0 - self.weight
        own = self.weight * np.nan_to_num(self.raw)
        known = rest > 1e-12
        return np.where(known, (self.level - own) / np.where(known, rest, 1.0), self.level)

    def expand(self) -> Array:
        """Rates ``[sex, group, age, area]``."""
        by_age = self.level[self.band_of]  # (age, group, area)
        return np.asarray(self.city[..., None] * by_age.transpose(1, 0, 2)[None], np.float64)


@dataclass(frozen=True)
class GirlsShare:
    """Share of girls among births and where it comes from.

    ``births`` of known sex and ``own``, the share of girls among them (None without any);
    ``weight`` 0..1 of the town's own share against ``default``.
    """

    share: float
    default: float
    births: float = 0.0
    own: float | None = None
    weight: float = 0.0


@dataclass(frozen=True, eq=False)
class Estimate:
    """Rates for the engine and the tables that they were made of, by component."""

    rates: StepRates
    tables: dict[str, LevelledRates]
    girls: GirlsShare


def band_numbers(ages: int, lows: Sequence[int]) -> NDArray[np.int64]:
    """Position of the broad band that each age belongs to, (ages,)."""
    return np.searchsorted(np.array(lows), np.arange(ages), side="right") - 1


def levelled_rates(
    events: Array,
    exposure: Array,
    *,
    bands: Sequence[int] = MIGRATION_BANDS,
    dispersion: float = 1.0,
    weights: Array | None = None,
    types: NDArray[np.int64] | None = None,
    smoothness: float | None = None,
) -> LevelledRates:
    """Estimate one kind of event from counts and person-years (T, sex, group, age, area)."""
    pooled = pool_years(events, exposure, weights)
    city = smooth_profiles(pooled.events.sum(axis=3), pooled.exposure.sum(axis=3), smoothness)
    band_of = band_numbers(events.shape[3], bands)
    member = np.eye(len(bands))[band_of]  # (age, band)
    observed = np.einsum("sgxa,xb->bga", pooled.events, member)
    expected = np.einsum("sgxa,sgx,xb->bga", pooled.exposure, city, member)
    if types is None:
        found = shrunk_levels(observed, expected, dispersion=dispersion)
    else:
        found = levels_by_type(observed, expected, types, dispersion=dispersion)
    return LevelledRates(
        city, found.level, band_of, found.weight, pooled, observed, expected, found.raw
    )


def girls_among_births(births_by_sex: Array | None, default: float) -> GirlsShare:
    """Share of girls from births by sex (T, 2: girls, boys), pulled towards ``default``.

    The share of N births varies by ``p (1 - p) / N`` by chance alone, true shares of populations
    by ``GIRLS_SPREAD``: only some ten thousand births tell more than the usual share.
    """
    if births_by_sex is None:
        return GirlsShare(default, default)
    girls, boys = np.nansum(births_by_sex, axis=0)
    births = float(girls + boys)
    if births <= 0:
        return GirlsShare(default, default)
    pseudo = default * (1.0 - default) / GIRLS_SPREAD**2
    weight = births / (births + pseudo)
    own = float(girls) / births
    return GirlsShare(weight * own + (1.0 - weight) * default, default, births, own, weight)


def estimate(register: Register, options: Options, default_death: Array | None = None) -> Estimate:
    """Rates for the hazard scheme from whatever the register knows.

    ``default_death`` ``[sex, group, age, 1]``: death rates where the register has none. Components
    without any data are left out of the rates (nobody moves, say), deaths excepted. ``UserError``
    without births, and without deaths and default rates.
    """
    if register.deaths is None and default_death is None:
        raise fail(
            "estimate-deaths",
            _("There are neither deaths nor default death rates to estimate mortality from."),
            column="deaths",
            repair=_("Import deaths by age and sex, or choose a country with default rates."),
        )
    exits = np.zeros_like(register.stocks[1:])
    for name in ("deaths", "departures", "moves_out", "naturalised"):
        if (events := getattr(register, name)) is not None:
            exits = exits + np.where(np.isfinite(events), events, 0.0)
    exposure = starters_exposure(register.stocks, exits)
    tables = {
        name: _table(register, name, exposure, options)
        for name in ("deaths", "arrivals", "departures", "moves_out", "moves_in", "naturalised")
        if getattr(register, name) is not None
    }
    fertility, tables["births"] = _fertility(register, options)
    death = tables["deaths"].expand() if "deaths" in tables else default_death
    assert death is not None
    girls = girls_among_births(register.births_by_sex, options.girls)
    pool = _pool(tables["moves_in"], exposure[-1]) if "moves_in" in tables else None
    moving = pool is not None and "moves_out" in tables
    rates = StepRates(
        death=death,
        fertility=fertility,
        girls=girls.share,
        child_group=_child_group(register),
        arrivals=_arrivals(register, tables, options, exposure),
        departure=_expanded(tables, "departures"),
        move=_expanded(tables, "moves_out") if moving else None,
        move_model=pool if moving else None,
        naturalise=_expanded(tables, "naturalised"),
    )
    return Estimate(rates, tables, girls)


def _table(register: Register, name: str, exposure: Array, options: Options) -> LevelledRates:
    return levelled_rates(
        getattr(register, name),
        exposure,
        bands=MORTALITY_BANDS if name == "deaths" else MIGRATION_BANDS,
        dispersion=options.dispersion_of(name),
        weights=options.weights.get(name),
        types=options.types.get(name),
        smoothness=options.smoothness,
    )


def _expanded(tables: dict[str, LevelledRates], name: str) -> Array | None:
    return tables[name].expand() if name in tables else None


def _fertility(register: Register, options: Options) -> tuple[Array, LevelledRates]:
    """Period fertility ``[group, age, area]``: births by mothers over the mean of two stocks."""
    women = period_exposure(register.stocks)[:, register.layout.mothers][:, None]
    if register.births is None:
        raise fail(
            "estimate-births",
            _("There are no births to estimate fertility from."),
            column="births",
            repair=_("Import births by age of the mother, or the population by single years of"
                     " age, so that births can be counted back from the infants."),
        )  # fmt: skip
    table = levelled_rates(
        register.births[:, None],
        women,
        bands=(0,),
        dispersion=options.dispersion_of("births"),
        weights=options.weights.get("births"),
        types=options.types.get("births"),
        smoothness=options.smoothness,
    )
    return table.expand()[0], table


def _child_group(register: Register) -> Array | None:
    """Share of each group among the children of mothers of a group."""
    if register.births_by_group is None:
        return None
    counts = register.births_by_group.sum(axis=0)
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1.0), np.eye(len(counts)))


def _arrivals(
    register: Register, tables: dict[str, LevelledRates], options: Options, exposure: Array
) -> Array | None:
    """Arrivals per year: pulls of the areas on today's people, the city's yearly mean kept.

    Counts, not rates: people come because of the city, not in proportion to who lives in an area.
    """
    if "arrivals" not in tables or register.arrivals is None:
        return None
    table = tables["arrivals"]
    counts = table.expand() * exposure[-1]
    given = options.weights.get("arrivals")
    known = np.isfinite(register.arrivals)
    # Years of which nothing is known are no years without arrivals.
    seen = known.any(axis=(1, 2, 3, 4))
    weights = seen * (np.ones(len(known)) if given is None else given)
    yearly = np.where(known, register.arrivals, 0.0).sum(axis=4)
    mean = np.tensordot(weights, yearly, axes=(0, 0)) / max(float(weights.sum()), 1e-12)
    member = np.eye(table.level.shape[0])[table.band_of]
    wanted = np.einsum("sgx,xb->sgb", mean, member)
    reached = np.einsum("sgxa,xb->sgb", counts, member)
    factor = np.divide(wanted, reached, out=np.zeros_like(wanted), where=reached > 0)
    return np.asarray(counts * factor[:, :, table.band_of][..., None], dtype=np.float64)


def _pool(table: LevelledRates, exposure: Array) -> Pool:
    """Weights of destinations by mover type (age band x group) from movers in."""
    expected = table.expand() * exposure
    bands, groups, areas = table.level.shape
    member = np.eye(bands)[table.band_of]
    weights = np.einsum("sgxa,xb->bga", expected, member).reshape(bands * groups, areas)
    weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, 1.0)
    types = table.band_of[None, None, :] * groups + np.arange(groups)[None, :, None]
    return Pool(weights, np.broadcast_to(types, expected.shape[:3]).copy())
