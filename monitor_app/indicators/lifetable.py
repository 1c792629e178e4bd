"""Abridged period life table over grids: ages 0, 1–4, 5–9, …, 80–84, 85+."""

from __future__ import annotations

import numpy as np

from monitor_app.indicators.grid import Floats

WIDTHS = np.array([1.0, 4.0, *([5.0] * 16)])
#: Mean years lived by those who die below 1 and at 1 to 4, as intercept and slope on the death
#: rate below 1 (Coale and Demeny 1983, as in Preston, Heuveline and Guillot 2001, table 3.3).
SEPARATION = {
    "m": ((0.045, 2.684), (1.651, -2.816)),
    "f": ((0.053, 2.800), (1.522, -1.518)),
}
HIGH_RATE = 0.107  # from here on constants
HIGH = {"m": (0.330, 1.352), "f": (0.350, 1.361)}


def _separation(rate: Floats, sex: str) -> tuple[Floats, Floats]:
    if sex == "t":
        male, female = _separation(rate, "m"), _separation(rate, "f")
        return (male[0] + female[0]) / 2, (male[1] + female[1]) / 2
    (a0, b0), (a1, b1) = SEPARATION[sex]
    low = rate < HIGH_RATE
    first = np.where(low, a0 + b0 * rate, HIGH[sex][0])
    second = np.where(low, a1 + b1 * rate, HIGH[sex][1])
    return first, second


def person_years(rates: list[Floats], sex: str) -> tuple[Floats, Floats]:
    """``L`` (groups, …) for a radix of 1 and ``l`` at the start of each group.

    ``rates``: death rates of the 19 groups, all of one shape. In the open group L = l / m.
    """
    first, second = _separation(rates[0], sex)
    alive = np.ones_like(rates[0])
    years: list[Floats] = []
    starts: list[Floats] = []
    for i, rate in enumerate(rates[:-1]):
        width = WIDTHS[i]
        inside = first if i == 0 else second if i == 1 else width / 2
        dying = np.minimum(width * rate / (1 + (width - inside) * rate), 1.0)
        starts.append(alive)
        survivors = alive * (1 - dying)
        years.append(width * survivors + inside * (alive - survivors))
        alive = survivors
    starts.append(alive)
    years.append(alive / rates[-1])
    return np.stack(years), np.stack(starts)


def life_expectancy(sex: str, *rates: Floats) -> Floats:
    """Years that a newborn lives if the death rates stay; infinite where nobody dies at 85+."""
    years, _starts = person_years(list(rates), sex)
    total: Floats = years.sum(axis=0)
    return total


def net_reproduction(*rates: Floats) -> Floats:
    """Daughters per woman who survive to their mother's age: birth rates of girls for the seven
    groups 15–19 … 45–49, then the 19 death rates of women."""
    births, deaths = rates[:7], rates[7:]
    years, _starts = person_years(list(deaths), "f")
    # Groups 15–19 … 45–49 are the fifth to the eleventh of the table.
    total: Floats = np.sum([b * years[4 + i] for i, b in enumerate(births)], axis=0)
    return total
