"""Population matrices: building, growth rate, stable structure, net reproduction.

Sources: Caswell, Matrix Population Models (2001), ch. 4 and 5; Keyfitz and Flieger (1990).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Growth:
    """Long-run behaviour of a population matrix (all per step of the matrix).

    ``growth`` dominant eigenvalue; ``stable`` (classes,) shares that sum to 1;
    ``reproductive_value`` (classes,), 1 for the first class; ``damping`` ratio of the two largest
    moduli; ``net_reproduction`` R0; ``generation_time`` ln R0 / ln growth, in steps.
    """

    growth: float
    stable: Array
    reproductive_value: Array
    damping: float
    net_reproduction: float
    generation_time: float


def leslie_matrix(
    person_years: ArrayLike, fertility: ArrayLike, *, sex_ratio: float = 1.05, radix: float = 1.0
) -> Array:
    """Female Leslie matrix up to the last fertile class.

    ``person_years`` L and ``fertility`` (births of both sexes per woman and year), both (classes,)
    on groups of equal width. ``P[i] = L[i+1]/L[i]``, and with m = 0 after the last class
    ``F[i] = L[0] / ((1 + sex_ratio) radix) (m[i] + P[i] m[i+1]) / 2``. Returns (k, k).
    """
    lived = np.asarray(person_years, dtype=np.float64)
    births = np.asarray(fertility, dtype=np.float64)
    k = int(np.flatnonzero(births)[-1]) + 1
    survive = lived[1 : k + 1] / lived[:k]
    later = np.append(births[1:k], 0.0)
    matrix = np.zeros((k, k))
    matrix[0] = lived[0] / (1.0 + sex_ratio) / radix * (births[:k] + survive * later) / 2.0
    matrix[np.arange(1, k), np.arange(k - 1)] = survive[: k - 1]
    return matrix


def net_reproduction(matrix: ArrayLike, births: ArrayLike | None = None) -> float:
    """R0: the dominant eigenvalue of ``F (I - T)^-1``, T = matrix - F.

    ``births`` F (k, k) is the part of the matrix that creates individuals; without it the first
    row apart from its corner (staying in the first class is no birth).
    """
    a = np.asarray(matrix, dtype=np.float64)
    if births is None:
        created = np.zeros_like(a)
        created[0, 1:] = a[0, 1:]
    else:
        created = np.asarray(births, dtype=np.float64)
    fundamental = np.linalg.inv(np.eye(len(a)) - (a - created))
    return float(np.max(np.abs(np.linalg.eigvals(created @ fundamental))))


def growth(matrix: ArrayLike) -> Growth:
    """Dominant eigenvalue, stable structure and reproductive value of a matrix (k, k)."""
    a = np.asarray(matrix, dtype=np.float64)
    values, right = np.linalg.eig(a)
    order = np.argsort(-np.abs(values))
    top = float(values[order[0]].real)
    stable = np.abs(right[:, order[0]].real)
    left_values, left = np.linalg.eig(a.T)
    value = np.abs(left[:, int(np.argmax(np.abs(left_values)))].real)
    second = float(np.abs(values[order[1]])) if len(values) > 1 else 0.0
    r0 = net_reproduction(a)
    time = float(np.log(r0) / np.log(top)) if top > 0 and top != 1.0 and r0 > 0 else float("nan")
    with np.errstate(divide="ignore"):
        damping = float(np.divide(top, second))
    return Growth(top, stable / stable.sum(), value / value[0], damping, r0, time)


def matrix_projection(matrix: ArrayLike, start: ArrayLike, steps: int) -> Array:
    """Stocks (steps + 1, classes) of ``n <- A n`` beginning with ``start``."""
    a = np.asarray(matrix, dtype=np.float64)
    stocks = np.empty((steps + 1, len(a)))
    stocks[0] = start
    for step in range(steps):
        stocks[step + 1] = a @ stocks[step]
    return stocks
