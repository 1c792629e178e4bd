"""Moves within the city: where those go who leave an area for another one.

Each model turns the movers out of every area O[…, area] into the movers into every area
J[…, area]. J is built from the same O, so the city neither gains nor loses anybody by it.
Cells are rows ``[sex, group, age]``; a mover type bundles cells that share a pattern, e.g. an age
band of a group. Shares of a type are formed among the rows given in one call (the newborns of a
step are one call of their own).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class MoveModel(Protocol):
    """A pattern of destinations."""

    @property
    def row_by_row(self) -> bool:
        """True where the destinations of a row depend on the movers of that row alone."""
        ...

    def arrivals(self, out: Array, sex: int | None, ages: slice, into: Array) -> Array:
        """Movers in, like ``out``, written to ``into``.

        ``out`` is ``[sex, group, age, area]`` with ``sex`` None, or ``[group, age, area]`` of one
        sex; ``ages`` are the rows that it covers.
        """
        ...


@dataclass(frozen=True, eq=False)
class Pool:
    """``J[c,a] = w[a] sum_o O[c,o]``: movers are pooled, each area draws its share.

    ``weights`` (types, areas) or (areas,), scaled to add up to 1; ``type_of`` ``[sex, group, age]``
    tells the type of each cell where there is more than one.
    """

    weights: Array
    type_of: Integers | None = None

    def __post_init__(self) -> None:
        weights = np.atleast_2d(np.asarray(self.weights, dtype=np.float64))
        sums = weights.sum(axis=1, keepdims=True)
        if (weights < 0).any() or (sums <= 0).any():
            raise ValueError("weights of a pool must not be negative and not all zero")
        if len(weights) > 1 and self.type_of is None:
            raise ValueError("a pool with several types needs the type of each cell")
        object.__setattr__(self, "weights", weights / sums)

    @property
    def row_by_row(self) -> bool:
        return True

    def arrivals(self, out: Array, sex: int | None, ages: slice, into: Array) -> Array:
        pooled = np.einsum("...a->...", out)[..., None]
        if self.type_of is None or len(self.weights) == 1:
            np.multiply(pooled, self.weights[0], out=into)
        else:
            np.take(self.weights, _cells(self.type_of, sex, ages), axis=0, out=into)
            into *= pooled
        return into


@dataclass(frozen=True, eq=False)
class OriginDestination:
    """``J[c,a] = (sum_o T_k[o] M_k[o,a]) O[c,.] / T_k`` (od_type), T_k the movers of type k.

    ``matrix`` (types, origins, destinations), rows scaled to add up to 1; ``type_of``
    ``[sex, group, age]``. With ``full`` every cell goes its own way, ``J[c,a] = sum_o O[c,o]
    M_k[o,a]`` (od_full): exact, one matrix product per type, sums in BLAS order and so equal to
    the last bit only on one kind of processor. od_type sums in fixed order.
    """

    matrix: Array
    type_of: Integers
    full: bool = False

    def __post_init__(self) -> None:
        matrix = np.asarray(self.matrix, dtype=np.float64)
        if matrix.ndim == 2:
            matrix = matrix[None]
        sums = matrix.sum(axis=2, keepdims=True)
        if (matrix < 0).any() or (sums <= 0).any():
            raise ValueError("each origin needs destinations with shares that are not negative")
        if int(np.max(self.type_of, initial=0)) >= len(matrix):
            raise ValueError("a cell has a mover type without a matrix")
        object.__setattr__(self, "matrix", matrix / sums)

    @property
    def row_by_row(self) -> bool:
        return self.full

    def arrivals(self, out: Array, sex: int | None, ages: slice, into: Array) -> Array:
        types = _cells(self.type_of, sex, ages).ravel()
        cells = out.reshape(-1, out.shape[-1])
        if not into.flags.c_contiguous:
            into[...] = self.arrivals(out, sex, ages, np.empty_like(out, order="C"))
        elif self.full:
            self._full(cells, types, into.reshape(cells.shape))
        else:
            self._by_type(cells, types, into.reshape(cells.shape))
        return into

    def _full(self, cells: Array, types: Integers, into: Array) -> None:
        for k in np.unique(types):
            rows = np.flatnonzero(types == k)
            into[rows] = cells[rows] @ self.matrix[k]

    def _by_type(self, cells: Array, types: Integers, into: Array) -> None:
        movers = np.zeros((len(self.matrix), cells.shape[1]))
        for k in np.unique(types):
            movers[k] = cells[types == k].sum(axis=0)
        # einsum without BLAS: the order of summation is fixed on every machine.
        inflow = np.einsum("ko,koa->ka", movers, self.matrix, optimize=False)
        totals = movers.sum(axis=1)[types]
        share = np.divide(cells.sum(axis=1), totals, out=np.zeros(len(cells)), where=totals > 0)
        np.take(inflow, types, axis=0, out=into)
        into *= share[:, None]


def _cells(type_of: Integers, sex: int | None, ages: slice) -> Integers:
    return type_of[:, :, ages] if sex is None else type_of[sex, :, ages]
