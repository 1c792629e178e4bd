"""Single years of the youngest age group, from how it and the next one changed from year to year.

A group of several ages says little about its infants at one date: births of several years are in
it. Its series says more: what comes in is born, what goes out has its birthday, and the next group
tells both that and how many children move. Of all single years that add up to the counted groups
the most even ones are taken: births change little from one year to the next, and neighbouring ages
gain or lose alike by migration (least squares, exact sums). For each year only that year and those
before it are used, so that nothing is known too early.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from monitor_app.forecast.state import Array

#: Years that are looked back at: more than twice through the group.
LOOK_BACK = 12
#: Usual change of births from a year to the next (3 per cent, as of fertility) over the usual
#: difference of net migration between neighbouring ages of children (0.3 per cent).
BIRTHS_TO_MOVES = 10.0


def youngest_years(first: ArrayLike, second: ArrayLike, widths: tuple[int, int]) -> Array:
    """Single years (years, …, widths[0]) of the first of two neighbouring groups (years, …).

    ``widths``: single ages of each group. Sums are kept; evenly where a count is missing (NaN) or
    a single year would come out negative.
    """
    own, following = np.asarray(first, np.float64), np.asarray(second, np.float64)
    found = np.empty((*own.shape, widths[0]))
    for year in range(len(own)):
        start = max(0, year + 1 - LOOK_BACK)
        seen = np.stack([own[start : year + 1], following[start : year + 1]])
        solve = _solution(year + 1 - start, widths)
        found[year] = np.moveaxis(np.tensordot(solve, seen, axes=2), 0, -1)
    even = np.broadcast_to(own[..., None] / widths[0], found.shape)
    return np.where((found >= 0).all(axis=-1, keepdims=True), found, even)


@cache
def _solution(years: int, widths: tuple[int, int]) -> Array:
    """Newest single years (widths[0],) from both groups' series (2, years), as a linear map."""
    ages, n = sum(widths), years * sum(widths)
    cell = np.arange(n).reshape(years, ages)
    unit = np.eye(n)
    # Net change of each cohort; older neighbours change alike.
    change = unit[cell[1:, 1:]] - unit[cell[:-1, :-1]]
    moves = (change[:, 1:] - change[:, :-1]).reshape(-1, n)
    births = np.concatenate(
        [unit[cell[1:, 0]] - unit[cell[:-1, 0]], unit[cell[0, :-1]] - unit[cell[0, 1:]]]
    )
    rough = np.concatenate([BIRTHS_TO_MOVES * moves, births])
    sums = np.zeros((2 * years, n))
    for year in range(years):
        sums[year, cell[year, : widths[0]]] = 1.0
        sums[years + year, cell[year, widths[0] :]] = 1.0
    system = np.block([[rough.T @ rough, sums.T], [sums, np.zeros((2 * years, 2 * years))]])
    right = np.concatenate([np.zeros((n, 2 * years)), np.eye(2 * years)])
    answer = np.linalg.lstsq(system, right, rcond=None)[0]
    newest = answer[cell[-1, : widths[0]]]
    return np.asarray(newest.reshape(widths[0], 2, years), dtype=np.float64)
