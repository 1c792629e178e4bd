"""Demographic noise in closed form: how much chance alone moves a group of people.

Given the rates, everybody is independent: those who came later are Poisson, those who were there
at the launch are still there or not. For a set G of cells of one area
``V_G = E[N_G] - sum_i n0_i p_i²``, p_i the probability that an original resident i of that area is
still in G. Carried along as ``Q' = Q stay²`` beside the stock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import special

from monitor_app.forecast.hazard import Prepared, Workspace, hazard_step
from monitor_app.forecast.projection import RatesOf
from monitor_app.forecast.state import Array, Layout, age_on


def demographic_variance(
    layout: Layout, launch: Array, rates_of: RatesOf, steps: int, bands: Sequence[slice]
) -> tuple[Array, Array]:
    """Expected persons and their variance, both (steps + 1, bands, area), over sexes and groups.

    Those who are naturalised stay residents, so groups are followed together: a foreign resident's
    chance to be here is that of both groups.
    """
    shape = (steps + 1, len(bands), layout.shape[3])
    mean, variance = np.empty(shape), np.empty(shape)
    for step, (stock, sure) in enumerate(_courses(layout, launch, rates_of, steps)):
        people, certain = stock.sum(axis=(0, 1)), sure.sum(axis=(0, 1))
        for position, band in enumerate(bands):
            mean[step, position] = people[band].sum(axis=0)
            variance[step, position] = mean[step, position] - certain[band].sum(axis=0)
    return mean, np.maximum(variance, 0.0)


def renewed_cells(
    layout: Layout, launch: Array, rates_of: RatesOf, steps: int, *, inside: bool = False
) -> tuple[Array, Array]:
    """Expected persons and their variance by chance, both (steps + 1, sex, age), of all areas.

    Variances are those of areas added up; ``inside``: that of the town as a whole, where who moves
    to another area of it is still there. A resident reaches one age and has one sex only, so the
    variances of cells add up to that of any group of them.
    """
    mean = np.empty((steps + 1, layout.shape[0], layout.shape[2]))
    variance = np.empty_like(mean)
    for step, (stock, sure) in enumerate(_courses(layout, launch, rates_of, steps, inside)):
        mean[step] = stock.sum(axis=(1, 3))
        variance[step] = mean[step] - sure.sum(axis=(1, 3))
    return mean, np.maximum(variance, 0.0)


def _courses(
    layout: Layout, launch: Array, rates_of: RatesOf, steps: int, inside: bool = False
) -> Iterator[tuple[Array, Array]]:
    """Stock and sum of ``n0 p²`` by cell at the launch and after each step."""
    work = Workspace(layout, cells=False)
    stock, sure = np.array(launch, dtype=np.float64), np.array(launch, dtype=np.float64)
    prepared: Prepared | None = None
    for step in range(steps + 1):
        yield stock, sure
        if step == steps:
            break
        rates = rates_of(step)
        if prepared is None or prepared.rates is not rates:
            prepared = Prepared.of(layout, rates)
        stock = hazard_step(stock, prepared, work).end
        here = prepared.exits.stay
        if prepared.exits.naturalise is not None:
            here = here + prepared.exits.naturalise
        if inside and prepared.exits.move is not None:
            here = here + prepared.exits.move
        sure = age_on(sure) * here**2


def gamma_poisson(mean: Array, variance: Array, uniforms: Array) -> Array:
    """Positive numbers with the given means and variances, by inverse distribution functions.

    Gamma quantiles at ``uniforms``; where the variance is zero the mean itself. A negative binomial
    of the same mean and variance differs by rounding only, which is done at output.
    """
    safe = np.where((variance > 0) & (mean > 0), variance, 1.0)
    count = np.where((variance > 0) & (mean > 0), mean, 1.0)
    shape, scale = count * count / safe, safe / count
    drawn = special.gammaincinv(shape, uniforms) * scale
    return np.where((variance > 0) & (mean > 0), drawn, mean)
