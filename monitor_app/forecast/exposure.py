"""From register counts to rates: who was exposed, which years count, hazards from both.

Stocks ``(years + 1, sex, group, age, area)`` are counted at the end of each year; events
``(years, sex, group, age, area)`` happen in between and are counted by the age reached at the end
of their year (birth-year age), row 0 being the children born in the year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monitor_app.forecast.state import Array, age_on


@dataclass(frozen=True, eq=False)
class Pooled:
    """Events and person-years of several years, ``[sex, group, age, area]``; both may be weighted.

    ``rate`` is events per person-year, NaN where nobody was exposed.
    """

    events: Array
    exposure: Array

    @property
    def rate(self) -> Array:
        empty = np.full_like(self.exposure, np.nan)
        return np.divide(self.events, self.exposure, out=empty, where=self.exposure > 0)


def cohort_exposure(stocks: Array) -> Array:
    """Person-years ``(years, …)`` lived in each year by the cohort that reaches an age in it.

    Mean of the cohort at the start (one age younger) and at the end of the year; for the children
    of the year half of those counted at its end, because births spread over the year.
    """
    start = age_on(stocks[:-1])
    return np.asarray((start + stocks[1:]) / 2.0, dtype=np.float64)


def starters_exposure(stocks: Array, exits: Array) -> Array:
    """Person-years ``(years, …)`` that the hazard scheme itself would make of these counts.

    That scheme lets only those leave who were there at the start, so all exits of a year are set
    against them: starters times the mean share of the year that they stay, ``(1 - S) / -ln S`` with
    S the share of the whole city's cohort that stays in its cells. ``exits`` (years, …): deaths,
    departures, moves out and naturalisations together. Hazards from these exposures reproduce the
    number of exits; with ``cohort_exposure`` they come out too low where many arrive. Children of
    the year: half of those counted at its end.
    """
    start = age_on(stocks[:-1])
    at_risk = start.sum(axis=(0, 4), keepdims=True)
    gone = np.where(np.isfinite(exits), exits, 0.0).sum(axis=(0, 4), keepdims=True)
    share = np.divide(gone, at_risk, out=np.zeros_like(gone), where=at_risk > 0)
    share = np.clip(share, 1e-9, 0.95)
    exposure = start * (share / -np.log1p(-share))
    exposure[:, :, :, 0] = stocks[1:, :, :, 0] / 2.0
    return np.asarray(exposure, dtype=np.float64)


def period_exposure(stocks: Array) -> Array:
    """Person-years ``(years, …)`` by completed age: mean of the stocks of an age at both ends.

    The exposure of age-period fertility rates (``BirthExposure.PERIOD``).
    """
    return np.asarray((stocks[:-1] + stocks[1:]) / 2.0, dtype=np.float64)


def by_birth_year(events: Array) -> Array:
    """Events counted by completed age at the event, turned into events by birth-year age.

    Half of those who have an event at completed age x reach x + 1 by the end of the year; children
    of the year stay in row 0 with half of the events of age 0. ``(…, age, area)``.
    """
    older = np.zeros_like(events)
    older[..., 0, :] = events[..., 0, :] / 2.0
    older[..., 1:, :] = (events[..., 1:, :] + events[..., :-1, :]) / 2.0
    older[..., -1, :] += events[..., -1, :] / 2.0
    return older


def pool_years(events: Array, exposure: Array, weights: ArrayLike | None = None) -> Pooled:
    """Sum of events and exposures over the years, each year times its weight.

    ``weights`` (years,) >= 0; 0 leaves a year out (a wave of refugees, a pandemic), 0.5 counts it
    half. A year in which a cell has no figure (NaN) counts for nothing in that cell.
    """
    w = np.ones(len(events)) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (len(events),) or (w < 0).any() or w.sum() <= 0:
        raise ValueError("weights: one per year, not negative, not all zero")
    shape = (-1,) + (1,) * (events.ndim - 1)
    known = np.isfinite(events) & np.isfinite(exposure)
    w = w.reshape(shape)
    return Pooled(
        (np.where(known, events, 0.0) * w).sum(axis=0),
        (np.where(known, exposure, 0.0) * w).sum(axis=0),
    )


def residual_migration(stocks: Array, births: Array, survival: Array) -> Array:
    """Net migrants ``(years, …)`` implied by what happened to each cohort beyond deaths.

    For towns that know nothing but stocks. ``births`` (years, sex, group, area); ``survival``
    ``[sex, group, age, area]`` into each age (row 0: from birth). Migrants are exposed to death
    for half of the time, so of M migrants ``M sqrt(survival)`` are found at the end. Contains
    everything else that changes a cell, naturalisation above all; smooth and shrink before use.
    """
    expected = age_on(stocks[:-1])
    expected[:, :, :, 0] = births
    alive = np.maximum(survival, 1e-6)
    return np.asarray((stocks[1:] - expected * survival) / np.sqrt(alive), dtype=np.float64)
