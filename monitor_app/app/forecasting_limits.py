"""Bounds of areas in probable ranges: what the scenario forbids happens in no draw.

A draw follows the rule of the scenario itself: who does not fit into an area goes to areas with
room by their arrivals, so that the town keeps its total in every draw and its range stays what
past errors say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor_app.forecast.projection import Projection
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.forecast.state import Array
from monitor_app.forecast.targets import held_within


@dataclass(frozen=True, eq=False)
class Limits:
    """Fewest and most persons ``lower``, ``upper`` (years + 1, areas), inf where free; ``pull``
    (years, areas) arrivals, by which areas take those who do not fit elsewhere."""

    lower: Array
    upper: Array
    pull: Array

    @classmethod
    def of(cls, spec: ForecastSpec, areas: tuple[str, ...], done: Projection) -> Limits | None:
        """Limits around a scenario; None where no area has any.

        Where the scenario itself could not keep a bound (that is told as a shortfall), the range
        reaches as far as the scenario does and no further.
        """
        found = {a: b for a, b in spec.bounds.items() if b.lower > 0 or b.upper is not None}
        if not found:
            return None
        lower, upper = np.zeros(len(areas)), np.full(len(areas), np.inf)
        for area, bound in found.items():
            at = areas.index(area)
            lower[at] = bound.lower
            upper[at] = np.inf if bound.upper is None else bound.upper
        main, arrivals = done.totals, done.components.get("arrivals")
        pull = main[1:] if arrivals is None else arrivals
        return cls(
            np.minimum(lower, main), np.maximum(upper, main), np.maximum(pull, 0.0) + 1e-9
        )  # fmt: skip

    def factor(self, totals: Array, year: int) -> Array | None:
        """By how much the people of areas change in each draw so that all ``totals`` (draws,
        areas) of a year keep the bounds; None where they do already."""
        lo, hi = self.lower[year], self.upper[year]
        if not ((totals < lo) | (totals > hi)).any():
            return None
        held, _rest = held_within(totals, self.pull[year - 1], lo, hi)
        return np.divide(held, totals, out=np.ones_like(held), where=totals > 0)

    def clipped(self, quantiles: Array, year: int, *, part: bool = False) -> Array:
        """Quantiles (levels, areas) of a year within the bounds; ``part``: of an age group, which
        only the upper bound holds for."""
        lower = np.zeros_like(self.lower[year]) if part else self.lower[year]
        return np.clip(quantiles, lower, self.upper[year])
