"""Whole numbers for output that still add up. The state of the engine is never rounded."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, sparse

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Sums of floats that miss a whole number by less than this are that whole number.
_NEARLY = 1e-9


def largest_remainder(values: ArrayLike, total: ArrayLike | None = None) -> Integers:
    """Round along the last axis to integers that add up to ``total`` (Hamilton, Hare).

    ``values`` (…, n) >= 0; ``total`` (…) whole numbers, without it the rounded sums. Floors first,
    then one more for the largest remainders; ties go to the lower index. Where the total is
    further off than one per cell, the rest is dealt out in rounds of the same order.
    """
    x = np.asarray(values, dtype=np.float64)
    goal = np.rint(x.sum(axis=-1)) if total is None else np.asarray(total, dtype=np.float64)
    # 2.9999999999999996 is a 3 whose remainder is 0, not 0.9999999999999996.
    floors = np.floor(x + _NEARLY)
    remainders = np.maximum(x - floors, 0.0)
    missing = (goal - floors.sum(axis=-1)).astype(np.int64)
    n = x.shape[-1]
    order = np.argsort(-remainders, axis=-1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(n), x.shape), axis=-1)
    whole, extra = np.divmod(missing, n)
    lifted = floors + whole[..., None] + (rank < extra[..., None])
    return np.asarray(lifted, dtype=np.int64)


def controlled_rounding(table: ArrayLike) -> Integers:
    """Round a two-way table so that cells, rows, columns and the grand total all stay additive.

    Every cell and every total becomes the floor or the ceiling of its real value (zero-restricted
    controlled rounding; Cox 1987). Among all such tables the one closest to the real values in
    the sum of absolute differences. A solution always exists: it is a network flow, whose linear
    program has whole-numbered corners. ``table`` (rows, columns) >= 0.
    """
    x = np.asarray(table, dtype=np.float64)
    floors = np.floor(x + _NEARLY)
    part = np.maximum(x - floors, 0.0)
    part[part < _NEARLY] = 0.0
    rows, columns = np.nonzero(part)
    if len(rows) == 0:
        return np.asarray(floors, dtype=np.int64)
    cells = np.arange(len(rows))
    ones = np.ones(len(rows))
    by_row = sparse.csr_matrix((ones, (rows, cells)), shape=(x.shape[0], len(rows)))
    by_column = sparse.csr_matrix((ones, (columns, cells)), shape=(x.shape[1], len(rows)))
    matrix = sparse.vstack([by_row, by_column, sparse.csr_matrix(ones)])
    sums = matrix @ part[rows, columns]
    low, high = np.floor(sums + _NEARLY), np.ceil(sums - _NEARLY)
    found = optimize.linprog(
        1.0 - 2.0 * part[rows, columns],
        A_ub=sparse.vstack([matrix, -matrix]),
        b_ub=np.concatenate([high, -low]),
        bounds=(0.0, 1.0),
        method="highs-ds",
    )
    if found.x is None:
        raise ArithmeticError(f"controlled rounding failed: {found.message}")
    result = floors.copy()
    result[rows, columns] += np.rint(found.x)
    return np.asarray(result, dtype=np.int64)
