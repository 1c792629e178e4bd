"""The labelled array that carries numbers through the application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.ages import AgeAxis
from monitor_app.core.status import Status, has_value

#: Canonical order of dimensions. A cube has ``area`` and ``date`` and any of the others.
#: ``partner`` is the other end of a move: an area key, or a type such as "abroad".
DIMENSIONS = ("area", "date", "sex", "group", "partner", "age")

SEXES = ("m", "f", "x")  # male, female, other or not stated


@dataclass(frozen=True)
class Cube:
    """Counts or values with labels, unit and a status per cell.

    ``values`` float64 and ``status`` uint8 share the shape given by ``dims``. Cells without a
    value are NaN with a status of ``Status.MISSING`` or higher. ``labels[d]`` names the positions
    of dimension d: area keys, ``date`` objects, ``m f x``, group codes, partner codes, age labels.
    """

    dims: tuple[str, ...]
    labels: dict[str, tuple[Any, ...]]
    values: NDArray[np.float64]
    status: NDArray[np.uint8]
    unit: str = "persons"
    ages: AgeAxis | None = None

    def __post_init__(self) -> None:
        if tuple(d for d in DIMENSIONS if d in self.dims) != self.dims:
            raise ValueError(f"dimensions out of order: {self.dims}")
        shape = tuple(len(self.labels[d]) for d in self.dims)
        if self.values.shape != shape or self.status.shape != shape:
            raise ValueError(f"shape {self.values.shape} does not fit labels {shape}")
        if ("age" in self.dims) != (self.ages is not None):
            raise ValueError("an age dimension needs an age axis")

    @classmethod
    def of(
        cls,
        labels: dict[str, Sequence[Any]],
        values: NDArray[np.float64],
        *,
        ages: AgeAxis | None = None,
        status: NDArray[np.uint8] | None = None,
        unit: str = "persons",
    ) -> Cube:
        """Build a cube; NaN becomes MISSING where no status is given. Age labels are implied."""
        names = {d: tuple(v) for d, v in labels.items()}
        if ages is not None:
            names["age"] = ages.labels
        dims = tuple(d for d in DIMENSIONS if d in names)
        values = np.asarray(values, dtype=np.float64)
        if status is None:
            status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.uint8)
        return cls(dims, names, values, status, unit, ages)

    def axis(self, dim: str) -> int:
        return self.dims.index(dim)

    def has(self, dim: str) -> bool:
        return dim in self.dims

    @property
    def areas(self) -> tuple[str, ...]:
        return self.labels["area"]

    @property
    def dates(self) -> tuple[date, ...]:
        return self.labels["date"]

    @cached_property
    def area_index(self) -> dict[str, int]:
        return {key: i for i, key in enumerate(self.areas)}

    @cached_property
    def date_index(self) -> dict[date, int]:
        return {day: i for i, day in enumerate(self.dates)}

    def take(self, dim: str, positions: Sequence[int] | slice) -> Cube:
        """A part of the cube along one dimension (order as given)."""
        index = [slice(None)] * len(self.dims)
        chosen = (
            list(range(len(self.labels[dim])))[positions]
            if isinstance(positions, slice)
            else list(positions)
        )
        if isinstance(positions, slice):
            index[self.axis(dim)] = positions
            values, status = self.values[tuple(index)], self.status[tuple(index)]
        else:
            values = np.take(self.values, chosen, axis=self.axis(dim))
            status = np.take(self.status, chosen, axis=self.axis(dim))
        labels = {**self.labels, dim: tuple(self.labels[dim][i] for i in chosen)}
        ages = self.ages
        if dim == "age" and ages is not None:
            ages = AgeAxis(tuple(ages.groups[i] for i in chosen))
        return replace(self, labels=labels, values=values, status=status, ages=ages)

    def sum(self, *dims: str) -> Cube:
        """Sum over dimensions. One missing part makes the sum missing; the status of the sum is
        the highest status of its parts."""
        values, status = self.values, self.status
        kept = list(self.dims)
        for dim in dims:
            axis = kept.index(dim)
            values = values.sum(axis=axis)
            status = status.max(axis=axis) if status.shape[axis] else status.sum(axis=axis)
            kept.remove(dim)
        status = np.asarray(status, dtype=np.uint8)
        values = np.where(has_value(status), values, np.nan)
        labels = {d: self.labels[d] for d in kept}
        ages = self.ages if "age" in kept else None
        return Cube(tuple(kept), labels, values, status, self.unit, ages)

    def totals(self) -> dict[date, float]:
        """Sum of all cells that have a value, per date (for reports and comparisons)."""
        other = tuple(i for i, d in enumerate(self.dims) if d != "date")
        sums = np.nansum(np.where(has_value(self.status), self.values, np.nan), axis=other)
        return dict(zip(self.dates, (float(v) for v in sums), strict=True))
