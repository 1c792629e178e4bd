"""Rates of a town for the engine, by the method that its data allow.

Towns with counted events: ``forecast.estimate``. Towns with stocks only: net migration of each
cohort after survival, as a profile of the town and what areas deviate from it, each pulled towards
the town as far as its ups and downs from year to year call for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.forecasting_events import FERTILE, Source
from monitor_app.app.forecasting_town import Town
from monitor_app.app.forecasting_trends import trended
from monitor_app.forecast.combine import Weights
from monitor_app.forecast.defaults import mobility
from monitor_app.forecast.estimate import (
    Estimate,
    GirlsShare,
    LevelledRates,
    Options,
    Register,
    estimate,
)
from monitor_app.forecast.exposure import residual_migration
from monitor_app.forecast.moves import OriginDestination
from monitor_app.forecast.projection import RatesOf
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Array, age_on

#: First ages of the bands in which net migration of areas is compared.
RESIDUAL_BANDS = (0, 1, *range(5, 100, 5))
_EVENTS_OF = {"moves": "moves_out"}
#: Movers that an origin's own pattern of destinations is believed with.
PATTERN_PSEUDO = 200.0
#: Above this age death rates of towns and groups do not differ by more than this factor.
VERY_OLD, VERY_OLD_RANGE = 85, 3.0
#: Known years that a base period needs, else it reaches further back.
FEWEST_YEARS = 3


@dataclass(frozen=True)
class Method:
    """What can be chosen about rates.

    ``base``: years before the launch that rates rest on; ``births_base`` those of fertility, which
    has no mean that it returns to; ``fade``: share of an area's deviation in net migration that is
    left a year later; ``control``: weight of shares of growth in the total of an area (0: rates
    alone). ``weights``: component -> year -> weight. ``combination``: ``town`` or ``areas`` ->
    ``total`` or age group -> candidate -> horizon -> weight (``forecasting_candidates``), in place
    of ``control``. ``trends``: component -> share of the pace of its rates that is left a year
    later (``forecasting_trends``).
    """

    base: int = 10
    fade: float = 1.0
    births_base: int = 3
    control: float = 1.0
    weights: dict[str, dict[int, float]] = field(default_factory=dict, hash=False)
    smoothness: float | None = 1e3
    combination: dict[str, dict[str, Weights]] = field(default_factory=dict, hash=False)
    trends: dict[str, float] = field(default_factory=dict, hash=False)

    def year_weights(
        self, component: str, years: tuple[int, ...], known: NDArray[np.bool_] | None = None
    ) -> Array:
        """Weights (years,) of the events of ``years``; the base period where none are given.

        ``known`` (years,): years of which there are figures; others weigh nothing. Where the base
        period has too few of them, the newest known years take its place.
        """
        there = np.ones(len(years), dtype=bool) if known is None else known
        given = self.weights.get(component) or self.weights.get("all")
        if given:
            found = np.array([given.get(y, 0.0) for y in years], dtype=np.float64) * there
            if found.sum() > 0:
                return np.asarray(found, dtype=np.float64)
        found = np.zeros(len(years))
        length = self.births_base if component == "births" else self.base
        found[-min(length, len(years)) :] = 1.0
        found *= there
        if found.sum() < min(length, FEWEST_YEARS, there.sum()):
            found[:] = 0.0
            found[np.flatnonzero(there)[-length:]] = 1.0
        return found

    def trend_weights(
        self, component: str, years: tuple[int, ...], known: NDArray[np.bool_] | None = None
    ) -> Array:
        """Weights (years,) of the years that tell a trend: those given, else the base period (of
        births, too: three years tell none)."""
        return replace(self, births_base=self.base).year_weights(component, years, known)


@dataclass(frozen=True, eq=False)
class NetRates:
    """Net migration of a town that knows stocks only, per person and year.

    ``by_band`` ``[sex, group, band]`` of the town, ``single`` ``[sex, group, age]`` before bands;
    ``city`` what is used; ``deviation`` ``[sex, group, band, area]`` of areas as counted,
    ``weight`` how far it is believed; ``events``, ``exposure`` ``[sex, group, age, area]`` pooled;
    ``rate`` step -> rates ``[sex, group, age, area]``; ``build`` makes the rates of a step of them.
    """

    band_of: NDArray[np.int64]
    by_band: Array
    single: Array
    city: Array
    deviation: Array
    weight: Array
    events: Array
    exposure: Array
    rate: Callable[[int], Array]
    build: Callable[[int, Array], StepRates]


@dataclass(frozen=True, eq=False)
class TownRates:
    """Rates of each step after the launch, and the rates of the first step; what they were made
    of: ``tables`` by component, ``girls``, and ``net`` where only stocks are known."""

    of_step: RatesOf
    first: StepRates
    tables: dict[str, LevelledRates] = field(default_factory=dict)
    girls: GirlsShare | None = None
    net: NetRates | None = None


def town_rates(town: Town, method: Method, types: dict[str, np.ndarray] | None = None) -> TownRates:
    """Rates for a launch at the newest stock of ``town``."""
    found = _level_rates(town, method, types)
    if not method.trends:
        return found
    years = town.years[1:]
    known = {c: _EVENTS_OF.get(c, c) for c in method.trends}
    told = {c: method.trend_weights(e, years, known_years(town, e)) for c, e in known.items()}
    means = {c: base_weights(town, method, e) for c, e in known.items()}
    return replace(found, of_step=trended(found.of_step, town, method.trends, told, means))


def known_years(town: Town, component: str) -> NDArray[np.bool_]:
    """Years (years,) of which events of a component are known; all where they are not counted."""
    events = getattr(town.register, component, None)
    every = np.ones(len(town.years) - 1, dtype=bool)
    if events is None:
        return every
    known = np.asarray(np.isfinite(events).any(axis=tuple(range(1, events.ndim))))
    return known if known.any() else every


def base_weights(town: Town, method: Method, component: str) -> Array:
    """Weights (years,) of the years that rates of a component rest on."""
    return method.year_weights(component, town.years[1:], known_years(town, component))


def _level_rates(
    town: Town, method: Method, types: dict[str, np.ndarray] | None = None
) -> TownRates:
    death = _deaths(town)
    if town.residual:
        return _residual(town, method, death)
    options = Options(
        {c: base_weights(town, method, c) for c in (
            "births", "deaths", "arrivals", "departures", "moves_in", "moves_out", "naturalised")},
        types or {},
        method.smoothness,
        girls=town.default_rates(town.years[-1]).girls,
    )  # fmt: skip
    register = town.register
    if len(town.layout.areas) == 1:
        register = replace(register, moves_in=None, moves_out=None)
    default = town.default_rates(town.years[-1])
    found = estimate(register, options, death)
    rates = replace(
        found.rates, fertility=_fertile(found.rates.fertility),
        death=_mortal(found.rates.death, death),
    )  # fmt: skip
    if rates.naturalise is not None and "national" in town.layout.groups:
        rates = replace(rates, naturalise_to=town.layout.groups.index("national"))
    if town.od is not None and rates.move_model is not None:
        rates = replace(rates, move_model=_pattern(town))
    later = _dying_later(rates, default.mortality_slope)
    return TownRates(later, rates, found.tables, found.girls)


def _deaths(town: Town) -> Array:
    """Default death rates ``[sex, 1, age, 1]`` at the launch."""
    death = town.default_rates(town.years[-1]).death
    if len(town.layout.sexes) == 1:
        death = death.mean(axis=0, keepdims=True)
    return np.asarray(death[:, None, :, None], dtype=np.float64)


def _dying_later(rates: StepRates, slope: float) -> RatesOf:
    """Mortality goes on to change at the pace of the country, losing a tenth of it each year."""

    def of_step(step: int) -> StepRates:
        factor = np.exp(slope * (1.0 - 0.9 ** (step + 1)) / 0.1)
        return replace(rates, death=rates.death * factor)

    return of_step


def _pattern(town: Town) -> OriginDestination:
    """Destinations by age band and group: an origin's own movers and those of all origins."""
    assert town.od is not None
    assert town.od_ages is not None
    counts = np.asarray(town.od, dtype=np.float64)
    bands, groups, areas, _ = counts.shape
    pool = counts.sum(axis=2, keepdims=True) + 1e-6
    others = np.broadcast_to(pool, counts.shape).copy()
    others[:, :, np.arange(areas), np.arange(areas)] = 0.0
    others /= np.maximum(others.sum(axis=3, keepdims=True), 1e-12)
    matrix = counts + PATTERN_PSEUDO * others
    ages = town.layout.shape[2]
    lows = town.od_ages.lows
    band = np.clip(np.searchsorted(lows, np.arange(ages), side="right") - 1, 0, bands - 1)
    types = band[None, None, :] * groups + np.arange(groups)[None, :, None]
    shape = (len(town.layout.sexes), groups, ages)
    return OriginDestination(
        matrix.reshape(bands * groups, areas, areas), np.broadcast_to(types, shape).copy()
    )


def _residual(town: Town, method: Method, death: Array) -> TownRates:
    """Net migration as arrivals (counts) and departures (rates) around a usual turnover."""
    register = town.register
    default = town.default_rates(town.years[-1])
    found = _fertility(town, method, death)
    fertility = found.rates
    if _counted_deaths(town):
        death = fertility.death
    births = _children(register, fertility.girls, fertility.child_group)
    ages = town.layout.shape[2]
    exposed = age_on(register.stocks[:-1])
    exposed[:, :, :, 0] = births
    net = _net(town, births, death, default.mortality_slope)
    weights = base_weights(town, method, "arrivals")
    basis = _net_rates(town, net, exposed, weights)
    city, deviation = basis.city, (basis.weight * basis.deviation)[:, :, basis.band_of]
    launch = age_on(register.stocks[-1:])[0]
    launch[:, :, 0] = births[-1]
    turnover = mobility(ages)[None, None, :, None]
    # The city's gains are counts of people who come because of the city: their yearly mean.
    used = weights > 0
    mean_exposed = np.tensordot(weights[used], exposed[used].sum(axis=-1), axes=(0, 0))
    mean_exposed = mean_exposed / weights.sum()
    now = launch.sum(axis=-1)
    ratio = np.divide(mean_exposed, now, out=np.ones_like(now), where=now > 0)
    gain = np.where(city > 0, city * np.clip(ratio, 0.2, 5.0), city)

    def rate_of(step: int) -> Array:
        return np.asarray(gain[..., None] + deviation * method.fade**step, dtype=np.float64)

    def build(step: int, rate: Array) -> StepRates:
        arrivals = (turnover + np.maximum(rate, 0.0)) * launch
        leave = np.clip(turnover + np.maximum(-rate, 0.0), 0.0, 0.9)
        years = np.where(np.arange(ages) == 0, 0.5, 1.0)[None, None, :, None]
        hazard = -np.log1p(-leave) / years
        factor = np.exp(default.mortality_slope * (1.0 - 0.9 ** (step + 1)) / 0.1)
        return replace(fertility, death=death * factor, arrivals=arrivals, departure=hazard)

    def of_step(step: int) -> StepRates:
        return build(step, rate_of(step))

    own = NetRates(
        basis.band_of, basis.by_band, basis.single, basis.city, basis.deviation, basis.weight,
        _pool(net, weights), _pool(exposed, weights), rate_of, build,
    )  # fmt: skip
    return TownRates(of_step, of_step(0), found.tables, found.girls, own)


def _counted_deaths(town: Town) -> bool:
    """Whether deaths were counted: then the town's own rates hold, else those of the country."""
    deaths = town.register.deaths
    return (
        town.sources["deaths"] is not Source.DEFAULT
        and deaths is not None
        and bool(np.nansum(deaths) > 0)
    )


def _fertility(town: Town, method: Method, death: Array) -> Estimate:
    """Births, their sex and group; nobody moves."""
    register = replace(
        town.register, arrivals=None, departures=None, moves_in=None, moves_out=None,
        naturalised=None, deaths=town.register.deaths if _counted_deaths(town) else None,
    )  # fmt: skip
    weights = {c: base_weights(town, method, c) for c in ("births", "deaths")}
    girls = town.default_rates(town.years[-1]).girls
    found = estimate(register, Options(weights, {}, method.smoothness, girls=girls), death)
    rates = replace(
        found.rates, fertility=_fertile(found.rates.fertility),
        death=_mortal(found.rates.death, death),
    )  # fmt: skip
    return replace(found, rates=rates)


def _fertile(rates: Array) -> Array:
    """Fertility ``[group, age, area]`` without what smoothing leaves at impossible ages."""
    found = rates.copy()
    found[:, : FERTILE.start] = 0.0
    found[:, FERTILE.stop :] = 0.0
    return found


def _mortal(rates: Array, default: Array) -> Array:
    """Death rates ``[sex, group, age, area]`` that stay near those of the country where so few
    people of an age live that a profile can run anywhere."""
    found = rates.copy()
    usual = np.broadcast_to(default, rates.shape)[:, :, VERY_OLD:]
    found[:, :, VERY_OLD:] = np.clip(
        rates[:, :, VERY_OLD:], usual / VERY_OLD_RANGE, usual * VERY_OLD_RANGE
    )
    return found


def _children(register: Register, girls: float, table: Array | None) -> Array:
    """Births (years, sex, child's group, area)."""
    assert register.births is not None
    by_mother = np.nan_to_num(register.births).sum(axis=2)
    by_child = by_mother if table is None else np.einsum("mc,tma->tca", table, by_mother)
    split = register.layout.split_births(girls)
    return np.asarray(split[None, :, None, None] * by_child[:, None], dtype=np.float64)


def _net(town: Town, births: Array, death: Array, slope: float) -> Array:
    """Net migrants (years, sex, group, age, area) of every past year."""
    register, found = town.register, []
    years = np.where(np.arange(town.layout.shape[2]) == 0, 0.5, 1.0)[None, None, :, None]
    for t in range(len(register.stocks) - 1):
        back = len(register.stocks) - 2 - t
        survival = np.exp(-death * years * np.exp(-slope * back))
        pair = register.stocks[t : t + 2]
        found.append(residual_migration(pair, births[t : t + 1], survival)[0])
    return np.array(found)


@dataclass(frozen=True, eq=False)
class _NetBasis:
    """City rates and what areas deviate from them, by band; see ``NetRates``."""

    band_of: NDArray[np.int64]
    by_band: Array
    single: Array
    city: Array
    deviation: Array
    weight: Array


def _net_rates(town: Town, net: Array, exposed: Array, weights: Array) -> _NetBasis:
    """City rates ``[sex, group, age]`` and what areas deviate from them ``[…, area]``."""
    ages = town.layout.shape[2]
    band = np.searchsorted(np.array(RESIDUAL_BANDS), np.arange(ages), side="right") - 1
    member = np.eye(len(RESIDUAL_BANDS))[band]
    n = np.einsum("tsgxa,xb->tsgba", net, member)
    e = np.einsum("tsgxa,xb->tsgba", exposed, member)
    by_band = _ratio(_pool(n, weights).sum(axis=-1), _pool(e, weights).sum(axis=-1))
    city = by_band[:, :, band]
    single = _ratio(_pool(net, weights).sum(axis=-1), _pool(exposed, weights).sum(axis=-1))
    if not town.estimated_ages:
        young = np.arange(ages) < 50
        city = np.where(young[None, None], single, city)
    if len(town.layout.areas) == 1:
        nothing = np.zeros((*by_band.shape, 1))
        return _NetBasis(band, by_band, single, city, nothing, nothing)
    # An area that was empty in one of these years has no rate of its own: those who filled it came
    # to few people, and at that rate the many of today would fill it over and over again. What it
    # gained stays in the rate of the town; the others are compared among themselves.
    people = exposed[weights > 0][:, :, :, 1:].sum(axis=(1, 2, 3))
    old = (people > 0).all(axis=0)
    deviation, weight = np.zeros((2, *n.shape[1:]))
    if old.sum() > 1:
        among = by_band
        if not old.all():
            among = _ratio(_pool(n[..., old], weights).sum(-1), _pool(e[..., old], weights).sum(-1))
        found = _deviations(n[..., old], e[..., old], among, weights)
        deviation[..., old], weight[..., old] = found
    return _NetBasis(band, by_band, single, city, deviation, weight)


def _pool(values: Array, weights: Array) -> Array:
    return np.asarray(np.tensordot(weights, values, axes=(0, 0)), dtype=np.float64)


def _ratio(a: Array, b: Array) -> Array:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def _deviations(n: Array, e: Array, city: Array, weights: Array) -> tuple[Array, Array]:
    """Deviations of areas ``[sex, group, band, area]`` from the city's net rate as counted, and
    weights by which they are pulled to zero.

    The rate of an area and year varies around the area's own by ``phi / exposure``; phi from the
    ups and downs within areas, the true spread between areas by moments.
    """
    used = weights > 0
    n, e, w = n[used], e[used], weights[used][:, None, None, None, None]
    whole = _ratio((n * w).sum(axis=0), (e * w).sum(axis=0))
    yearly = _ratio(n.sum(axis=-1), e.sum(axis=-1))[..., None]
    moved = whole - city[..., None] + yearly  # an area's own rate in the ups and downs of the city
    excess = np.where(e > 0, (n - moved * e) ** 2 / np.where(e > 0, e, 1.0), 0.0)
    freedom = max((len(n) - 1) * (n.shape[-1] - 1), 1)
    phi = excess.sum(axis=(0, -1)) / freedom
    people = (e * w).sum(axis=0) / w.max()
    deviation = np.where(people > 0, whole - city[..., None], 0.0)
    noise = np.divide(phi[..., None], people, out=np.full_like(people, np.inf), where=people > 0)
    total = np.maximum(people.sum(axis=-1), 1e-12)
    spread = (people * deviation**2).sum(axis=-1) / total
    chance = (n.shape[-1] - 1) * phi / total
    between = np.maximum(spread - chance, 0.0)[..., None]
    weight = np.zeros_like(noise)
    np.divide(between, between + noise, out=weight, where=np.broadcast_to(between > 0, noise.shape))
    return np.asarray(deviation, dtype=np.float64), np.asarray(weight, dtype=np.float64)
