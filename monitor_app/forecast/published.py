"""Orders of events of published models, so that official projections can be reproduced.

FSO: Swiss Federal Statistical Office, cantonal scenarios. UN: Population Division, World
Population Prospects (cohort-component workflow). ONS and GLA: sub-national models of England and
London. Rates are probabilities per step of the cohort that reaches the age (see ``StepRates``).
"""

from __future__ import annotations

import numpy as np

from monitor_app.forecast.fertility import births, fertile_ages, women_exposed
from monitor_app.forecast.flows import Flows, Step
from monitor_app.forecast.rates import BirthExposure, Scheme, StepRates
from monitor_app.forecast.state import Array, Layout, age_on

#: The UN's stand-in for a cell that net emigration has made negative.
UN_FLOOR = 0.0005
#: GLA: no more than this share of an area leaves within a year.
GLA_OUT_LIMIT = 0.8
#: FSO: mean time that newborns of the year are exposed, in years, for the mixed terms.
_FSO_INFANT = 2.0 / 3.0


def _full(layout: Layout, array: Array | None) -> Array:
    if array is None:
        return np.zeros(layout.shape)
    return np.broadcast_to(array, layout.shape)


def _move(layout: Layout, rates: StepRates, out: Array) -> Array | None:
    """Movers in for movers out; newborns as a call of their own, like in the hazard scheme."""
    if rates.move_model is None:
        return None
    into = np.empty(layout.shape)
    for ages in (slice(0, 1), slice(1, None)):
        part = np.ascontiguousarray(out[:, :, ages])
        into[:, :, ages] = rates.move_model.arrivals(part, None, ages, np.empty_like(part))
    return into


def un_step(layout: Layout, stock: Array, rates: StepRates, *, even: bool) -> Step:
    """UN step of any width: survival, births, net migrants at the end or half and half.

    Births: fertility times the mean of the women at the start and the surviving women before
    migration (end), or of the women at the start with half of the migrants and at the end (even).
    """
    net = _full(layout, rates.arrivals)
    early = age_on(net / 2.0) if even else None
    start = stock + net / 2.0 if even else stock
    late = net / 2.0 if even else net
    exposed = age_on(stock)
    at_risk = exposed if early is None else exposed + early
    deaths = at_risk * rates.death
    survivors = at_risk - deaths
    women = layout.mothers
    ages = fertile_ages(rates.fertility)
    later = survivors[women] + late[women] if even else survivors[women]
    period = women_exposed(BirthExposure.PERIOD, start[women], at_risk[women], later, ages)
    exposed[:, :, 0] = births(layout, rates, period, ages)
    deaths[:, :, 0] = exposed[:, :, 0] * _full(layout, rates.death)[:, :, 0]
    survivors[:, :, 0] = exposed[:, :, 0] - deaths[:, :, 0]
    end = survivors + late
    below = end < 0
    end[below] = UN_FLOOR
    arrivals = late.copy() if early is None else late + early
    arrivals[below] += UN_FLOOR - (survivors + late)[below]
    flows = Flows(exposed, deaths, arrivals=arrivals)
    by_mother = layout.step * period * rates.fertility[:, ages]
    return Step(end, flows, by_mother, int(below.sum()))


def fso_step(layout: Layout, stock: Array, rates: StepRates) -> Step:
    """Swiss FSO step: leavers and naturalised die half as often, arrivals too; cohort births."""
    death, leave = _full(layout, rates.death), _full(layout, rates.departure)
    move, gain = _full(layout, rates.move), _full(layout, rates.naturalise)
    arrivals = _full(layout, rates.arrivals)
    to = rates.naturalise_to
    exposed = age_on(stock)
    women, ages = layout.mothers, fertile_ages(rates.fertility)
    flows = _fso_flows(layout, rates, exposed, (death, leave, move, gain, arrivals))
    end = flows.end()
    cohort = women_exposed(BirthExposure.COHORT, stock[women], exposed[women], end[women], ages)
    born = births(layout, rates, cohort, ages)
    # The newborns go through the same step with their own exposure.
    exposed[:, :, 0] = born
    first = (slice(None), slice(None), slice(0, 1))
    moved = born[:, :, None] * move[first]
    came = np.zeros_like(moved)
    if rates.move_model is not None:
        came = rates.move_model.arrivals(moved, None, slice(0, 1), came)
    left, gained = born[:, :, None] * leave[first], born[:, :, None] * gain[first]
    received = np.zeros_like(gained)
    received[:, to] = gained.sum(axis=1)
    mixed = born[:, :, None] * (1.0 - _FSO_INFANT * (leave + move + gain)[first])
    # As published, the last term is the naturalisation rate itself, not the persons it makes; it
    # moves a hundredth of a person. Kept, because the official figures contain it.
    inward = _FSO_INFANT * (arrivals[first] + came + gain[first])
    parts = {
        "deaths": death[first] * (mixed + inward),
        "departures": left,
        "moves_out": moved,
        "moves_in": came,
        "naturalised_out": gained,
        "naturalised_in": received,
        "arrivals": arrivals[first],
    }
    for name, part in parts.items():
        flow = getattr(flows, name)
        if flow is not None:
            flow[first] = part
    return Step(flows.end(), flows, layout.step * cohort * rates.fertility[:, ages])


def _fso_flows(
    layout: Layout,
    rates: StepRates,
    exposed: Array,
    given: tuple[Array, Array, Array, Array, Array],
) -> Flows:
    death, leave, move, gain, arrivals = given
    next_death = np.concatenate([death[:, :, 1:], death[:, :, -1:]], axis=2)
    moved = exposed * move
    came = _move(layout, rates, moved)
    gained = exposed * gain
    received = np.zeros(layout.shape)
    received[:, rates.naturalise_to] = gained.sum(axis=1)
    inward = arrivals if came is None else arrivals + came
    deaths = exposed * (death - (leave + move + gain) * death / 2.0)
    deaths += received * death / 2.0 + inward * next_death / 2.0
    return Flows(
        exposed,
        deaths,
        departures=exposed * leave,
        moves_out=None if came is None else moved,
        moves_in=came,
        naturalised_out=gained,
        naturalised_in=received,
        arrivals=arrivals.copy(),
    )


def ons_step(
    layout: Layout, stock: Array, rates: StepRates, exposure: BirthExposure = BirthExposure.START
) -> Step:
    """ONS-style step: births and deaths are rates times one exposure, net migrants are added.

    ``exposure`` START: the stock as it was, not aged, also for deaths (as in the published
    figures); AGED: the cohorts that the deaths belong to.
    """
    aged = age_on(stock)
    women, ages = layout.mothers, fertile_ages(rates.fertility)
    exposed_women = women_exposed(exposure, stock[women], aged[women], stock[women], ages)
    aged[:, :, 0] = births(layout, rates, exposed_women, ages)
    at_risk = stock if exposure is BirthExposure.START else aged
    deaths = at_risk * rates.death
    flows = Flows(aged, deaths, arrivals=_full(layout, rates.arrivals).copy())
    return Step(flows.end(), flows, layout.step * exposed_women * rates.fertility[:, ages])


def gla_step(layout: Layout, stock: Array, rates: StepRates) -> Step:
    """GLA-style step: age, births by aged women, deaths, inflow counts, outflow from the rest."""
    aged = age_on(stock)
    women, ages = layout.mothers, fertile_ages(rates.fertility)
    exposed_women = aged[women][:, ages]
    aged[:, :, 0] = births(layout, rates, exposed_women, ages)
    deaths = aged * rates.death
    natural = aged - deaths
    arrivals = _full(layout, rates.arrivals).copy()
    moved = natural * np.minimum(_full(layout, rates.move), GLA_OUT_LIMIT)
    came = _move(layout, rates, moved)
    leaving = np.minimum(_full(layout, rates.departure), GLA_OUT_LIMIT)
    flows = Flows(
        aged,
        deaths,
        departures=(natural + arrivals - (moved if came is not None else 0.0)) * leaving,
        moves_out=None if came is None else moved,
        moves_in=came,
        arrivals=arrivals,
    )
    return Step(flows.end(), flows, layout.step * exposed_women * rates.fertility[:, ages])


def published_step(layout: Layout, stock: Array, rates: StepRates, scheme: Scheme) -> Step:
    """One step of any scheme but ``hazard``: stock ``[sex, group, age, area]`` -> Step."""
    if scheme is Scheme.FSO:
        return fso_step(layout, stock, rates)
    if scheme is Scheme.UN_END:
        return un_step(layout, stock, rates, even=False)
    if scheme is Scheme.UN_EVEN:
        return un_step(layout, stock, rates, even=True)
    if scheme is Scheme.ONS:
        return ons_step(layout, stock, rates)
    if scheme is Scheme.GLA:
        return gla_step(layout, stock, rates)
    raise ValueError(f"{scheme} has a module of its own")
