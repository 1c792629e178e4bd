"""A forecast in steps of five years: for towns with five-year ages that want no estimated ones.

People are counted in their own groups throughout; nothing is disaggregated. Years between the
steps are not forecast, and moves are known as net migration of cohorts over five years only.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from monitor_app.app.forecasting_axes import by_groups
from monitor_app.app.forecasting_events import Source, child_groups, note
from monitor_app.app.forecasting_rates import Method, TownRates
from monitor_app.app.forecasting_town import Town
from monitor_app.core.ages import AgeAxis
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError
from monitor_app.forecast.checks import check_nesting
from monitor_app.forecast.defaults import Defaults, defaults, mobility
from monitor_app.forecast.estimate import Register
from monitor_app.forecast.exposure import residual_migration
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.forecast.state import Array, Layout, age_on

STEP = 5
#: Single years that default rates are known for.
_AGES = 101
#: People times intervals of an area that its own net migration is believed with.
_PSEUDO_PEOPLE = 400.0
#: Births of an area that its own fertility is believed with.
_PSEUDO_BIRTHS = 200.0


def five_year_town(town: Town) -> Town:
    """The town in five-year age groups, every fifth stock back from the newest.

    ``UserError`` where the ages of the data do not make up five-year groups, or where there are
    fewer than two stocks.
    """
    single = town.layout.ages
    source = town.source_ages or single
    top = (int(source.lows[-1]) if source.is_open else int(single.lows[-1])) // STEP * STEP
    axis = AgeAxis.from_lows(tuple(range(0, top + 1, STEP)))
    ensure_nested(source, axis)
    if len(town.years) <= STEP:
        raise UserError(
            Issue(
                "five-history", Severity.ERROR,
                _("A step of five years needs stocks that lie five years apart; there are {n}"
                  " years.").format(n=len(town.years)),
                repair=_("Import earlier years, or forecast in single years."),
            )
        )  # fmt: skip
    chosen = slice((len(town.years) - 1) % STEP, None, STEP)
    stocks = by_groups(town.register.stocks[chosen], axis, 3)
    layout = Layout(town.layout.sexes, town.layout.groups, axis, town.layout.areas)
    special = None if town.special is None else by_groups(town.special, axis, 2)
    register = Register(layout, np.ascontiguousarray(stocks))
    sources = dict.fromkeys(town.sources, Source.NONE) | {
        "births": Source.COUNTED_BACK, "deaths": Source.DEFAULT,
        "arrivals": Source.RESIDUAL, "departures": Source.RESIDUAL,
    }  # fmt: skip
    kept = tuple(i for i in town.issues if i.code != "ages-estimated"
                 and not i.code.startswith("method-"))  # fmt: skip
    told = note(
        "five-years",
        _("The forecast is made in five-year steps and age groups: no age is estimated; births are"
          " counted back from the youngest, migration is what happened to each cohort."),
    )  # fmt: skip
    return replace(
        town, register=register, years=town.years[chosen], sources=sources, special=special,
        issues=(*kept, told), source_ages=None, od=None, od_ages=None,
    )  # fmt: skip


def ensure_nested(source: AgeAxis, axis: AgeAxis) -> None:
    """``UserError`` where groups of ``axis`` cannot be made of those of ``source``."""
    if issues := check_nesting(source, axis):
        raise UserError(issues)


def check_five(spec: ForecastSpec, town: Town) -> list[Issue]:
    """What a five-year step cannot do."""
    found = []
    wrong: list[tuple[bool, str, str]] = [
        (spec.years % STEP != 0, "years", _("Years must be a multiple of five.")),
        (spec.draws > 0, "draws", _("Draws need single years of age.")),
        (bool(spec.combination), "combination", _("A combination needs single years of age.")),
        (bool(spec.rates), "rates", _("Rates by hand need single years of age.")),
        (any((t.year - town.years[-1]) % STEP for t in spec.targets), "targets",
         _("Targets must lie at the end of a step.")),
    ]  # fmt: skip
    for bad, column, reason in wrong:
        if bad:
            found.append(
                Issue(
                    "spec-five", Severity.ERROR,
                    _("Steps of five years: {reason}").format(reason=reason), column=column,
                    repair=_("Change this entry, or set age_step to single."),
                )
            )  # fmt: skip
    return found


def five_year_rates(town: Town, method: Method) -> TownRates:
    """Rates per year of five-year steps: default mortality, fertility from the youngest, net
    migration of cohorts, both pulled towards the town. Intervals count as their years do."""
    register, layout = town.register, town.layout
    default = defaults(town.country, town.years[-1], _AGES)
    death = _death(layout, default)
    years = np.where(np.arange(layout.shape[2]) == 0, STEP / 2.0, float(STEP))[None, None, :, None]
    slope = default.mortality_slope
    back = STEP * np.arange(len(register.stocks) - 1)[::-1] + STEP / 2.0
    survival = np.exp(-death * years * np.exp(-slope * back)[:, None, None, None, None])
    infants = register.stocks[1:, :, :, 0]
    births = infants / np.maximum(survival[:, :, :, 0], 1e-6)
    fertility = _fertility(
        layout, register.stocks, births, default, interval_weights(method, "births", town.years)
    )
    exposed = age_on(register.stocks[:-1])
    exposed[:, :, :, 0] = births
    net = np.concatenate([
        residual_migration(register.stocks[t : t + 2], births[t : t + 1],
                           np.broadcast_to(survival[t], layout.shape))
        for t in range(len(births))
    ])  # fmt: skip
    # The youngest are counted back from who is there: what moved among them is in fertility.
    net[:, :, :, 0] = 0.0
    launch = age_on(register.stocks[-1:])[0]
    launch[:, :, 0] = births[-1]
    rate = _net_rate(net, exposed, launch, interval_weights(method, "arrivals", town.years))
    turnover = 1.0 - np.exp(-STEP * mobility_of(layout))[None, None, :, None]
    arrivals = (turnover + np.maximum(rate, 0.0)) * launch
    leave = np.clip(turnover + np.maximum(-rate, 0.0), 0.0, 0.95)
    arrivals[:, :, 0], leave[:, :, 0] = 0.0, 0.0
    groups = replace(
        register, births=_by_mother(layout, register.stocks, births, default), births_by_group=None
    )
    first = StepRates(
        death=death, fertility=fertility, girls=default.girls, child_group=_children(groups),
        arrivals=arrivals, departure=-np.log1p(-leave) / years,
    )  # fmt: skip

    def of_step(step: int) -> StepRates:
        passed = STEP * step + STEP / 2.0
        factor = np.exp(slope * (1.0 - 0.9**passed) / 0.1)
        return replace(first, death=death * factor)

    return TownRates(of_step, of_step(0))


def interval_weights(method: Method, component: str, years: tuple[int, ...]) -> Array:
    """Weights of the intervals between ``years`` that lie five years apart: those of their years
    by the base period or as given."""
    single = tuple(range(years[0] + 1, years[-1] + 1))
    return np.asarray(
        method.year_weights(component, single).reshape(-1, STEP).mean(axis=1), dtype=np.float64
    )


def mobility_of(layout: Layout) -> Array:
    """Usual mobility by age group of the layout (ages,), per year."""
    if layout.step == 1:
        return mobility(layout.shape[2])
    single = mobility(_AGES)
    lows = [*layout.ages.lows.tolist(), _AGES]
    return np.array([single[lo:hi].mean() for lo, hi in pairwise(lows)])


def _death(layout: Layout, default: Defaults) -> Array:
    """Mean annual hazards ``[sex, 1, age, 1]`` of the cohort that reaches an age group: over the
    years of the group and of the one below, weighted by survivors."""
    single = default.death if len(layout.sexes) == 2 else default.death.mean(0, keepdims=True)
    alive = np.exp(-np.cumsum(single, axis=1))
    lows = layout.ages.lows.tolist()
    found = np.empty((len(single), len(lows)))
    for row, low in enumerate(lows):
        high = _AGES if row == len(lows) - 1 else low + STEP
        ages = slice(max(low - STEP, 0), high)
        found[:, row] = (single[:, ages] * alive[:, ages]).sum(axis=1) / alive[:, ages].sum(axis=1)
    return found[:, None, :, None]


def _fertility(
    layout: Layout, stocks: Array, births: Array, default: Defaults, weights: Array
) -> Array:
    """Births per woman and year ``[group, age, area]``: the default schedule times the level of
    each group and area, pulled towards the town."""
    schedule = _schedule(layout, default)
    expected = _pooled(_expected(layout, stocks, schedule).sum(axis=2), weights)
    share = 1.0 if len(layout.sexes) == 2 else 0.5
    born = _pooled(births.sum(axis=1), weights).sum(axis=0)
    # The child's group is not its mother's: levels are those of all children of an area.
    all_born, all_expected = born, expected.sum(axis=0) * share
    town = all_born.sum() / max(float(all_expected.sum()), 1e-9)
    level = (all_born + _PSEUDO_BIRTHS * town) / (all_expected + _PSEUDO_BIRTHS)
    return np.asarray(np.ones((layout.shape[1], 1, 1)) * schedule[None, :, None] * share * level)


def _schedule(layout: Layout, default: Defaults) -> Array:
    lows = [*layout.ages.lows.tolist(), _AGES]
    return np.array([default.fertility[lo:hi].mean() for lo, hi in pairwise(lows)])


def _expected(layout: Layout, stocks: Array, schedule: Array) -> Array:
    """Births (intervals, group, age, area) that the schedule would have given."""
    women = stocks[:, layout.mothers]
    return np.asarray(STEP * (women[:-1] + women[1:]) / 2.0 * schedule[None, None, :, None])


def _by_mother(layout: Layout, stocks: Array, births: Array, default: Defaults) -> Array:
    """Births (intervals, mother's group, age, area) dealt out by the schedule."""
    expected = _expected(layout, stocks, _schedule(layout, default))
    sums = expected.sum(axis=(1, 2), keepdims=True)
    share = np.divide(expected, sums, out=np.zeros_like(expected), where=sums > 0)
    return np.asarray(share * births.sum(axis=(1, 2))[:, None, None])


def _children(register: Register) -> Array | None:
    """Shares (mother's group, child's group) that explain the groups of the youngest."""
    table = child_groups(register)
    if table is None:
        return None
    sums = table[0].sum(axis=1, keepdims=True)
    even = np.eye(len(sums))
    return np.where(sums > 0, table[0] / np.where(sums > 0, sums, 1.0), even)


def _net_rate(net: Array, exposed: Array, launch: Array, weights: Array) -> Array:
    """Net migrants per person of the launch and step ``[sex, group, age, area]``.

    What the town gains is a count, however many lived there: a group that has doubled by moving in
    does not draw twice as many. What it loses is a rate. Areas are pulled to the town and add up
    to it.
    """
    n, e = _pooled(net, weights), _pooled(exposed, weights)
    town, own = _ratio(n.sum(axis=-1), e.sum(axis=-1))[..., None], _ratio(n, e)
    now = launch.sum(axis=-1)
    before = e.sum(axis=-1) / weights.sum()
    change = np.divide(before, now, out=np.ones_like(now), where=now > 0)
    gain = np.where(town > 0, town * np.clip(change, 0.2, 5.0)[..., None], town)
    apart = (own - town) * e / (e + _PSEUDO_PEOPLE)
    apart -= _ratio((apart * launch).sum(axis=-1), now)[..., None]
    return np.asarray(gain + apart, dtype=np.float64)


def _pooled(values: Array, weights: Array) -> Array:
    return np.asarray(np.tensordot(weights, values, axes=(0, 0)))


def _ratio(a: Array, b: Array) -> Array:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)
