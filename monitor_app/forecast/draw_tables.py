"""Inputs of the draws of an ensemble, prepared once and shared by all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from monitor_app.forecast.fertility import fertile_ages
from monitor_app.forecast.moves import OriginDestination, Pool
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Array, Layout

Floats = NDArray[Any]  # of the dtype of the kernel
#: Hazards are never quite zero, so that shares of exits can be formed by division.
_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class DrawTables:
    """Negated hazards and other inputs ``[sex, group, age, area]`` in the dtype of the kernel;
    axes of length 1 are kept where they cost nothing. Absent events are None."""

    death: Floats
    thin_death: Floats  # one area where deaths do not differ by area
    departure: Floats | None
    move: Floats | None
    naturalise: Floats | None
    leavers: tuple[int, ...]
    to: int
    arrivals: Floats | None  # those alive at the end
    late_life: Floats
    fertility: Floats  # [group, age, area], fertile ages only
    fertile: slice
    split: Floats  # (sex, 1, 1)
    child_group: Floats | None
    weights: Floats | None  # (types, areas)
    matrix: Floats | None  # (types, origins, destinations)
    types: NDArray[np.int64]  # type of mover [sex, group, age]
    mothers: int

    @classmethod
    def of(cls, layout: Layout, rates: StepRates, dtype: DTypeLike) -> DrawTables:
        sexes, groups, ages, areas = layout.shape
        years = np.ones((1, 1, ages, 1))
        years[:, :, 0] = 0.5

        def table(array: Array | None, full: bool) -> Any:
            if array is None:
                return None
            shape = (sexes, groups, ages, areas if full else array.shape[3])
            made = -np.broadcast_to(array * years, np.broadcast_shapes(shape, (1, 1, 1, 1)))
            return np.ascontiguousarray(made, dtype=dtype)

        death = np.maximum(rates.death, _TINY)
        life = np.exp(-death * years / 2.0)
        arrivals = None if rates.arrivals is None else rates.arrivals * life
        gain = rates.naturalise
        leavers = (
            ()
            if gain is None
            else tuple(g for g in range(groups) if np.any(gain[:, min(g, gain.shape[1] - 1)]))
        )
        model = rates.move_model
        fertile = fertile_ages(rates.fertility)
        fertility = np.broadcast_to(rates.fertility, (groups, ages, areas))[:, fertile]
        child_group, types = rates.child_group, getattr(model, "type_of", None)
        return cls(
            death=table(death, True),
            thin_death=table(death, False),
            departure=table(rates.departure, True),
            move=table(rates.move, True),
            naturalise=table(gain, False),
            leavers=leavers,
            to=rates.naturalise_to,
            arrivals=None if arrivals is None else -table(arrivals / years, True),
            late_life=np.ascontiguousarray(
                np.broadcast_to(life, (sexes, groups, ages, life.shape[3])), dtype=dtype
            ),
            fertility=np.ascontiguousarray(fertility, dtype=dtype),
            fertile=fertile,
            split=layout.split_births(rates.girls)[:, None, None].astype(dtype),
            child_group=None if child_group is None else child_group.astype(dtype),
            weights=model.weights.astype(dtype) if isinstance(model, Pool) else None,
            matrix=model.matrix.astype(dtype) if isinstance(model, OriginDestination) else None,
            types=np.zeros((sexes, groups, ages), np.int64)
            if types is None or (isinstance(model, Pool) and len(model.weights) == 1)
            else np.ascontiguousarray(types, np.int64),
            mothers=layout.mothers,
        )

    @cached_property
    def for_compiled(self) -> tuple[Any, ...]:
        """Tables in the order and form of ``draws_fast``: absent ones have size 0."""
        nothing = np.zeros((1, 1, 1, 0), self.death.dtype)

        def part(table: Floats | None) -> Floats:
            return nothing if table is None else table

        groups = self.fertility.shape[0]
        child = np.eye(groups, dtype=self.death.dtype) if self.child_group is None else (
            self.child_group)  # fmt: skip
        return (
            (self.thin_death, part(self.departure), part(self.move), part(self.naturalise),
             part(self.arrivals), self.late_life, self.types, self.to),
            (self.fertility, self.fertile.start, self.split[:, 0, 0].copy(),
             np.ascontiguousarray(child if child.ndim == 3 else child[..., None]), self.mothers),
        )  # fmt: skip
