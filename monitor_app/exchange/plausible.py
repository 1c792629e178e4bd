"""Steps of a series that its own history makes implausible.

The yardstick comes from the series itself: relative steps from date to date are compared with
their median, in units of the median absolute deviation (MAD), which a few broken steps cannot
spoil. Random variation of small counts is granted on top.
Source of the yardstick: Iglewicz & Hoaglin (1993), How to Detect and Handle Outliers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

#: Modified z score from which a step counts as implausible (the limit of the source).
Z_LIMIT = 3.5
#: A step below this share is never reported: registers correct themselves by a per cent or two.
SMALLEST_STEP = 0.025
#: The same for single areas, where one new street moves more.
SMALLEST_STEP_AREA = 0.2
#: Fewer steps than this say nothing about what is usual.
FEWEST_STEPS = 4


def implausible_steps(
    values: NDArray[np.float64],
    days: Sequence[date],
    smallest: float = SMALLEST_STEP,
    z_limit: float = Z_LIMIT,
) -> NDArray[np.bool_]:
    """Mark steps of a series of counts (persons) that stand out.

    ``values`` shape (dates,); the result has shape (dates - 1,), entry i judges the step from
    date i to i + 1. Steps over several years are judged by their yearly rate, shorter ones as they
    are. Missing or non-positive values are never judged.
    """
    known = np.isfinite(values) & (values > 0)
    both = known[1:] & known[:-1]
    marked = np.zeros(max(len(values) - 1, 0), dtype=np.bool_)
    if both.sum() < FEWEST_STEPS:
        return marked
    counts = np.where(known, values, 1.0)
    years = np.maximum(np.diff([d.toordinal() for d in days]) / 365.25, 1.0)
    steps = np.diff(np.log(counts)) / years
    usual = float(np.median(steps[both]))
    spread = 1.4826 * float(np.median(np.abs(steps[both] - usual)))
    # the standard deviation of the log of a Poisson count n is about 1/sqrt(n)
    chance = np.sqrt(1.0 / counts[1:] + 1.0 / counts[:-1]) / years
    scale = np.hypot(spread, chance)
    distance = np.abs(steps - usual)
    marked[:] = both & (distance > z_limit * scale) & (np.abs(steps) > np.log1p(smallest))
    return marked


def step_list(
    days: Sequence[date], values: NDArray[np.float64], smallest: float = SMALLEST_STEP
) -> list[tuple[date, date, float, float]]:
    """The implausible steps as (from, to, value before, value after)."""
    return [
        (days[i], days[i + 1], float(values[i]), float(values[i + 1]))
        for i in np.flatnonzero(implausible_steps(values, days, smallest)).tolist()
    ]
