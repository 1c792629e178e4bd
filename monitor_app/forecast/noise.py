"""Demographic noise in closed form: how much chance alone moves a group of people.

Given the rates, everybody is independent: those who came later are Poisson, those who were there
at the launch are still there or not. For a set G of cells of one area
``V_G = E[N_G] - sum_i n0_i p_i²``, p_i the probability that an original resident i of that area is
still in G. Carried along as ``Q' = Q stay²`` beside the stock.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    work = Workspace(layout, cells=False)
    stock, sure = np.array(launch, dtype=np.float64), np.array(launch, dtype=np.float64)
    shape = (steps + 1, len(bands), layout.shape[3])
    mean, variance = np.empty(shape), np.empty(shape)
    prepared: Prepared | None = None
    for step in range(steps + 1):
        people, certain = stock.sum(axis=(0, 1)), sure.sum(axis=(0, 1))
        for position, band in enumerate(bands):
            mean[step, position] = people[band].sum(axis=0)
            variance[step, position] = mean[step, position] - certain[band].sum(axis=0)
        if step == steps:
            break
        rates = rates_of(step)
        if prepared is None or prepared.rates is not rates:
            prepared = Prepared.of(layout, rates)
        stock = hazard_step(stock, prepared, work).end
        here = prepared.exits.stay
        if prepared.exits.naturalise is not None:
            here = here + prepared.exits.naturalise
        sure = age_on(sure) * here**2
    return mean, np.maximum(variance, 0.0)


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
