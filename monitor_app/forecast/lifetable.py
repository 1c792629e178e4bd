"""Period life tables, single-year and abridged, and the survival ratios made of them.

Formulas: Preston, Heuveline, Guillot, Demography (2001), ch. 3. All functions work along the last
axis, so a stack of tables (sex, group, area, age) is one call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.forecast import a0_rules

Array = NDArray[np.float64]
A0Rule = Literal["andreev-kingkade", "coale-demeny", "keyfitz"]


@dataclass(frozen=True)
class LifeTable:
    """Columns of a life table; all arrays share the shape (…, ages), the last age is open.

    ``widths`` (ages,) years, the last one infinite; ``m`` deaths per person-year; ``a`` years lived
    in the interval by those who die in it; ``q`` probability of dying in the interval; ``l``
    survivors at its start; ``d`` deaths; ``L`` person-years in it; ``T`` person-years from it on;
    ``e`` remaining life expectancy in years.
    """

    widths: Array
    m: Array
    a: Array
    q: Array
    l: Array  # noqa: E741 - the standard name of the column
    d: Array
    L: Array
    T: Array
    e: Array


def interval_widths(lows: ArrayLike) -> Array:
    """Widths in years of the age intervals that start at ``lows``; the last one is open (inf)."""
    starts = np.asarray(lows, dtype=np.float64)
    return np.append(np.diff(starts), np.inf)


def separation_factors(
    m: ArrayLike, widths: ArrayLike, sex: a0_rules.Sex, rule: A0Rule = "andreev-kingkade"
) -> Array:
    """a(x) in years: a0 (and 4a1) by rule, half the interval elsewhere, 1/m in the open interval.

    ``m`` (…, ages) per person-year. Where the second interval is 1-4, its value is Coale-Demeny
    West, or 1.5 under the Keyfitz rule. An open interval without deaths gets infinity.
    """
    rates = np.asarray(m, dtype=np.float64)
    n = np.asarray(widths, dtype=np.float64)
    a = np.broadcast_to(n / 2.0, rates.shape).copy()
    first = rates[..., 0]
    if rule == "andreev-kingkade":
        a[..., 0] = a0_rules.andreev_kingkade_from_m0(first, sex)
    elif rule == "coale-demeny":
        a[..., 0] = a0_rules.coale_demeny_from_m0(first, sex)
    else:
        a[..., 0] = a0_rules.keyfitz_a0(first)
    if n[1] == 4.0:
        keyfitz = rule == "keyfitz"
        a[..., 1] = 1.5 if keyfitz else a0_rules.coale_demeny_west_a1(first, sex)
    with np.errstate(divide="ignore"):
        a[..., -1] = 1.0 / rates[..., -1]
    return a


def life_table(
    m: ArrayLike, a: ArrayLike, widths: ArrayLike, *, radix: float = 1.0, q0: float | None = None
) -> LifeTable:
    """Life table from death rates.

    ``m`` and ``a`` (…, ages), ``widths`` (ages,) as in ``LifeTable``. ``q0`` replaces the
    probability of age 0 where infant mortality is known from elsewhere.
    ``q = n m / (1 + (n - a) m)``, at most 1; ``L = n l(x+n) + a d``; open interval ``L = l/m``.
    """
    rates = np.asarray(m, dtype=np.float64)
    years = np.asarray(a, dtype=np.float64)
    n = np.asarray(widths, dtype=np.float64)
    closed = n[:-1]
    q = np.ones_like(rates)
    low, spent = rates[..., :-1], years[..., :-1]
    q[..., :-1] = np.minimum(closed * low / (1.0 + (closed - spent) * low), 1.0)
    if q0 is not None:
        q[..., 0] = q0
    survivors = np.ones_like(rates)
    survivors[..., 1:] = np.cumprod(1.0 - q[..., :-1], axis=-1)
    survivors *= radix
    deaths = survivors * q
    lived = np.empty_like(rates)
    lived[..., :-1] = closed * survivors[..., 1:] + spent * deaths[..., :-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        lived[..., -1] = survivors[..., -1] / rates[..., -1]
        above = np.flip(np.cumsum(np.flip(lived, -1), axis=-1), -1)
        expectancy = above / survivors
    return LifeTable(n, rates, years, q, survivors, deaths, lived, above, expectancy)


def survival_ratios(person_years: ArrayLike, *, radix: float = 1.0, width: float = 1.0) -> Array:
    """Survival into each age group over one step as long as the groups are wide.

    ``person_years`` L (…, ages), groups of equal ``width`` in years, the last one open. Entry 0 is
    survival of the births of the step, ``L0 / (width * radix)``; entry x is ``L[x]/L[x-1]``; the
    last is ``T_open / T_before`` and applies to the two oldest groups together.
    """
    lived = np.asarray(person_years, dtype=np.float64)
    ratios = np.empty_like(lived)
    ratios[..., 0] = lived[..., 0] / (width * radix)
    ratios[..., 1:-1] = lived[..., 1:-1] / lived[..., :-2]
    ratios[..., -1] = lived[..., -1] / (lived[..., -2] + lived[..., -1])
    return ratios


def merge_infants(person_years: ArrayLike) -> Array:
    """L of ages 0 and 1-4 added up, so that all groups of an abridged table are 5 years wide."""
    lived = np.asarray(person_years, dtype=np.float64)
    first = lived[..., :1] + lived[..., 1:2]
    return np.concatenate([first, lived[..., 2:]], axis=-1)


def death_probabilities(ratios: ArrayLike) -> Array:
    """Cohort death probabilities per step: one minus the survival ratio into each age."""
    return 1.0 - np.asarray(ratios, dtype=np.float64)
