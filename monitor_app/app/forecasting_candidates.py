"""What a forecast can be combined from: cohort methods with other base years, and plain trends.

Each candidate says the total and the age groups of every area. The list is taken from the
literature (Smith, Tayman, Swanson 2013; Wilson 2015, 2016, 2022; Baker, Swanson, Tayman 2021) and
is the same for all towns; which of them count where is learned from a town's own past.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitor_app.app.forecasting_rates import Method, TownRates, town_rates
from monitor_app.app.forecasting_town import Town
from monitor_app.core.ages import AgeAxis
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.forecast import combine, naive
from monitor_app.forecast.combine import Weights
from monitor_app.forecast.defaults import mobility
from monitor_app.forecast.projection import project
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Array

Bands = Sequence[tuple[int, int | None]]

#: Age groups that are scored where the data have single years: [lo, hi).
AGE_GROUPS: tuple[tuple[int, int | None], ...] = ((0, 6), (6, 18), (18, 30), (30, 65), (65, None))
#: Years of the newest rates, and what is left of their distance to the usual ones a year later
#: (autocorrelation of yearly migration in German and Austrian towns: 0.5 to 0.8).
RECENT_YEARS, PERSISTENCE = 3, 0.7
#: Years of the cohort ratios, and children of the town's experience added to each area.
RATIO_YEARS, RATIO_PSEUDO = 5, 120.0
CHILDBEARING = slice(20, 45)

#: Cohort-component candidates and their base years; all by rates alone.
VARIANTS: dict[str, int] = {"rates_5": 5, "rates_10": 10, "rates_recent": 10}
RATIOS = "ratios"
COHORTS = (*VARIANTS, RATIOS)
#: The members of the mean of five simple methods.
TRENDS = ("constant", "lin_exp", "damped", "constant_share", "csp_vsg")
NAMES = (*COHORTS, *TRENDS)
#: Who tells the future of the whole town, and who the shares of areas in it (no change of an area
#: says the same as a constant share).
MEMBERS = {
    "town": (*COHORTS, "constant", "lin_exp", "damped"),
    "areas": (*COHORTS, "lin_exp", "damped", "constant_share", "csp_vsg"),
}
#: What the program does without any past to learn from, best published practice: the town by its
#: own rates of ten years; totals of areas controlled to shares and shares of growth (Wilson 2016;
#: Baker, Swanson, Tayman 2021); ages by who gets older.
USUAL = {
    ("town", "total"): "rates_10", ("areas", "total"): "csp_vsg",
    ("town", "ages"): "rates_10", ("areas", "ages"): "rates_10",
}  # fmt: skip


def candidate_names() -> dict[str, str]:
    """What users read."""
    return {
        "rates_5": _("cohort components, 5 base years"),
        "rates_10": _("cohort components, 10 base years"),
        "rates_recent": _("cohort components, newest migration returning to the usual one"),
        "ratios": _("cohort change ratios"),
        "constant": _("no change"),
        "lin_exp": _("linear or exponential"),
        "damped": _("damped trend"),
        "constant_share": _("constant share"),
        "csp_vsg": _("share and share of growth"),
    }


def usual_weights(part: str, variable: int) -> Array:
    """Weights (members of ``part``,) before anything is known of a town; variable 0: total."""
    usual = USUAL[part, "total" if variable == 0 else "ages"]
    return np.array([float(name == usual) for name in MEMBERS[part]])


def scored_bands(axis: AgeAxis | None) -> tuple[tuple[int, int | None], ...]:
    """The usual age groups, or the nearest ones that the data's groups make up."""
    if axis is None:
        return AGE_GROUPS
    lows = [g.lo for g in axis.groups]

    def nearest(age: int) -> int:
        return min(lows, key=lambda low: (abs(low - age), low))

    found = []
    for lo, hi in AGE_GROUPS:
        pair = nearest(lo), None if hi is None else nearest(hi)
        if pair[1] is None or pair[1] > pair[0]:
            found.append(pair)
    return tuple(found)


def series(stocks: Array, bands: Bands) -> Array:
    """Totals and age groups (years, variables, areas) of stocks (years, sex, group, age, area)."""
    rows = [(0, None), *bands]
    return np.stack([stocks[:, :, :, lo:hi].sum(axis=(1, 2, 3)) for lo, hi in rows], axis=1)


def mobile(ages: int, bands: Bands) -> Array:
    """Readiness to move (groups,) of age groups, relative."""
    by_age = np.sqrt(mobility(ages))
    return np.array([by_age[lo:hi].mean() for lo, hi in bands])


@dataclass(frozen=True)
class Wanted:
    """What candidates are asked for: ``method`` the settings that all share, years, age groups."""

    method: Method
    steps: int
    bands: tuple[tuple[int, int | None], ...]


def variant_rates(town: Town, method: Method, names: Sequence[str]) -> dict[str, TownRates]:
    """Rates of cohort-component candidates."""
    plain = replace(method, control=0.0, combination={})
    bases = {VARIANTS[name] for name in names if name in VARIANTS}
    usual = {base: town_rates(town, replace(plain, base=base)) for base in bases}
    found = {name: usual[VARIANTS[name]] for name in names if name in VARIANTS}
    if "rates_recent" in found:
        newest = town_rates(town, replace(plain, base=RECENT_YEARS, births_base=RECENT_YEARS))
        found["rates_recent"] = returning(newest, found["rates_recent"], PERSISTENCE)
    return found


def returning(near: TownRates, usual: TownRates, stay: float) -> TownRates:
    """Migration that starts from the newest rates and returns to the usual ones; births and deaths
    stay with the newest. ``stay``: share of the distance that is left a year later."""

    def of_step(step: int) -> StepRates:
        a, b, w = near.of_step(step), usual.of_step(step), stay ** (step + 1)

        def mean(new: Array | None, old: Array | None) -> Array | None:
            return old if new is None or old is None else w * new + (1.0 - w) * old

        return replace(
            a, arrivals=mean(a.arrivals, b.arrivals), departure=mean(a.departure, b.departure),
            move=mean(a.move, b.move), move_model=b.move_model,
        )  # fmt: skip

    return TownRates(of_step, of_step(0))


def candidates(town: Town, wanted: Wanted, names: Sequence[str] = NAMES) -> Array:
    """Forecasts (members, steps, variables, areas) from the newest stock of ``town``.

    Nothing but ``town`` is read: what it does not hold cannot be known.
    """
    past = series(town.register.stocks, wanted.bands)
    plain = _trends(past, wanted.steps) if set(TRENDS) & set(names) else {}
    rates = variant_rates(town, wanted.method, names)
    found = []
    for name in names:
        if name in rates:
            found.append(free_run(town, rates[name], wanted))
        else:
            found.append(_ratios(town, wanted) if name == RATIOS else plain[name])
    return np.array(found)


def free_run(town: Town, rates: TownRates, wanted: Wanted) -> Array:
    """Forecast (steps, variables, areas) by rates alone."""
    launch = np.ascontiguousarray(town.register.stocks[-1])
    rows = [slice(lo, hi) for lo, hi in wanted.bands]
    done = project(
        town.layout, launch, rates.of_step, wanted.steps, bands=rows, keep_stocks=False,
        check_cells=False,
    )  # fmt: skip
    sums = done.age_sums[1:]
    return np.concatenate([sums.sum(axis=1, keepdims=True), sums], axis=1)


def _trends(past: Array, steps: int) -> dict[str, Array]:
    """Simple methods on every variable's own series, each (steps, variables, areas).

    The future of the town, which shares need, is its own linear or exponential trend.
    """
    ahead = np.arange(1, steps + 1)
    period = min(naive.BASE_PERIOD, len(past) - 1)
    found: dict[str, list[Array]] = {name: [] for name in TRENDS}
    for variable in range(past.shape[1]):
        own = past[:, variable]
        city = naive.lin_exp(own.sum(axis=1, keepdims=True), ahead, period)[:, 0]
        every = naive.all_totals(own, ahead, city, period)
        for name in TRENDS:
            found[name].append(every[name])
    return {name: np.stack(values, axis=1) for name, values in found.items()}


def _ratios(town: Town, wanted: Wanted) -> Array:
    """Hamilton-Perry on single years: each cohort goes on to change as the one before it did."""
    stocks = town.register.stocks.sum(axis=(1, 2)).transpose(0, 2, 1)  # (years, areas, ages)
    years = min(RATIO_YEARS, len(stocks) - 1)
    before, after = stocks[-1 - years : -1].sum(axis=0), stocks[-years:].sum(axis=0)
    ratios = naive.bounded(naive.shrunk_ratios(before, after, RATIO_PSEUDO))
    adults = after[:, CHILDBEARING].sum(axis=1)
    usual = after[:, 0].sum() / max(float(adults.sum()), 1e-12)
    child = (after[:, 0] + RATIO_PSEUDO) / (adults + RATIO_PSEUDO / max(usual, 1e-12))
    now, found = stocks[-1], []
    for _step in range(wanted.steps):
        now = naive.hamilton_perry(now, ratios, child, CHILDBEARING)
        found.append(now)
    later = np.array(found).transpose(0, 2, 1)[:, None, None]
    return series(later, wanted.bands)


#: ``town`` or ``areas`` -> ``total`` or age group -> member -> horizon -> weight.
Combination = Mapping[str, Mapping[str, Weights]]


def group_keys(bands: Bands) -> tuple[str, ...]:
    """Names of the variables in a specification: ``total``, ``0-5``, …, ``65+``."""
    return ("total", *(f"{lo}+" if hi is None else f"{lo}-{hi - 1}" for lo, hi in bands))


def check_combination(combination: Combination, bands: Bands, areas: int) -> None:
    """``UserError`` where weights name what is not known or leave out what is needed."""
    parts = ("town", "areas") if areas > 1 else ("town",)
    odd = [
        f"{part}.{group}.{name}"
        for part, groups in combination.items()
        for group, table in groups.items()
        for name in table
        if name not in MEMBERS.get(part, ())
    ]
    missing = [
        f"{part}.{group}"
        for part in parts
        for group in group_keys(bands)
        if not combination.get(part, {}).get(group)
    ]
    if odd or missing:
        raise fail(
            "spec-combination",
            _("The weights of the methods do not fit this town: {entries}").format(
                entries=", ".join([*odd, *missing][:8])
            ),
            column="combination",
            repair=_("Let the program choose again, or delete the entry “combination”."),
        )


def combined(said: Array, combination: Combination, bands: Bands, readiness: Array) -> Array:
    """Weighted mean (steps, variables, areas) of candidates (``NAMES``, steps, variables, areas).

    The future of the town and the shares of its areas are combined apart, then the age groups are
    made to add up to the totals.
    """
    steps, areas = said.shape[1], said.shape[3]
    town = said.sum(axis=3)
    shares = said / np.maximum(town, 1e-9)[..., None]
    found = np.empty(said.shape[1:])
    for variable, group in enumerate(group_keys(bands)):
        rows = [NAMES.index(name) for name in MEMBERS["town"]]
        weights = combine.of_table(combination["town"][group], MEMBERS["town"], steps)
        city = (weights * town[rows, :, variable]).sum(axis=0)
        share = np.ones((steps, 1))
        if areas > 1:
            rows = [NAMES.index(name) for name in MEMBERS["areas"]]
            weights = combine.of_table(combination["areas"][group], MEMBERS["areas"], steps)
            share = np.einsum("mh,mha->ha", weights, shares[rows, :, variable])
        found[:, variable] = city[:, None] * share
    return combine.raked(found, readiness)
