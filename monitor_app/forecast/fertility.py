"""Births: women exposed times fertility, split by the child's group and sex."""

from __future__ import annotations

import numpy as np

from monitor_app.forecast.rates import BirthExposure, StepRates
from monitor_app.forecast.state import Array, Layout


def fertile_ages(fertility: Array) -> slice:
    """Smallest run of ages outside of which no rate ``[group, age, area]`` is positive.

    The first age group is left out whatever its rates: it is born in the step itself.
    """
    rows = np.flatnonzero(fertility.any(axis=(0, 2)))
    rows = rows[rows > 0]
    return slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(1, 1)


def women_exposed(
    exposure: BirthExposure, start: Array, aged: Array, end: Array, ages: slice
) -> Array:
    """Women ``[group, age, area]`` of ``ages`` that fertility rates apply to, in persons.

    ``start``, ``aged`` and ``end`` are women at the start, the same one age on, and at the end of
    the step; the exposure says which of them count.
    """
    if exposure is BirthExposure.START:
        return start[:, ages]
    if exposure is BirthExposure.AGED:
        return aged[:, ages]
    first = start if exposure is BirthExposure.PERIOD else aged
    return np.asarray((first[:, ages] + end[:, ages]) * 0.5, dtype=np.float64)


def births(layout: Layout, rates: StepRates, women: Array, ages: slice) -> Array:
    """Children ``[sex, child's group, area]`` of one step, in persons."""
    rows = rates.fertility[:, ages]
    by_mother = layout.step * np.einsum("gxa,gxa->ga", women, np.broadcast_to(rows, women.shape))
    if rates.child_group is None:
        by_group = by_mother
    elif rates.child_group.ndim == 2:
        by_group = np.einsum("mc,ma->ca", rates.child_group, by_mother)
    else:
        by_group = np.einsum("mca,ma->ca", rates.child_group, by_mother)
    split = layout.split_births(rates.girls)
    return np.asarray(split[:, None, None] * by_group, dtype=np.float64)


def births_by_mother(layout: Layout, rates: StepRates, women: Array, ages: slice) -> Array:
    """Births ``[mother's group, age, area]`` before they are split, for output and checks."""
    return np.asarray(layout.step * women * rates.fertility[:, ages], dtype=np.float64)
