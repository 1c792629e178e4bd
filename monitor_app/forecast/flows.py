"""Everything that happened in a step, cell by cell, and the balance equation over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor_app.forecast.state import Array

#: Flows of a cell and the sign with which they enter the balance.
SIGNS = {
    "deaths": -1.0,
    "departures": -1.0,
    "moves_out": -1.0,
    "naturalised_out": -1.0,
    "arrivals": 1.0,
    "moves_in": 1.0,
    "naturalised_in": 1.0,
}

#: Components of an area: births and the flows above.
COMPONENTS = ("births", *SIGNS)


@dataclass(frozen=True, eq=False)
class Flows:
    """Persons per step, each ``[sex, group, age, area]``; None where a flow does not exist.

    ``exposed``: everybody one age on, with the births of the step as the first age.
    ``exposed - deaths - departures - moves_out - naturalised_out + arrivals + moves_in +
    naturalised_in`` is the stock at the end, in every cell.
    """

    exposed: Array
    deaths: Array
    departures: Array | None = None
    moves_out: Array | None = None
    naturalised_out: Array | None = None
    arrivals: Array | None = None
    moves_in: Array | None = None
    naturalised_in: Array | None = None

    @property
    def births(self) -> Array:
        """Children ``[sex, group, area]``."""
        return self.exposed[:, :, 0]

    def end(self) -> Array:
        """Stock at the end by the balance equation (a new array)."""
        stock = self.exposed.copy()
        for name, sign in SIGNS.items():
            flow: Array | None = getattr(self, name)
            if flow is not None:
                np.add(stock, flow, out=stock) if sign > 0 else np.subtract(stock, flow, out=stock)
        return stock

    def end_at_least_zero(self) -> Array:
        """Like ``end``, with what rounding left below zero set to zero; a real shortage would show
        up as an imbalance."""
        return np.maximum(self.end(), 0.0)

    def imbalance(self, end: Array) -> float:
        """Largest absolute difference in any cell between a stock and the balance, in persons."""
        return float(np.max(np.abs(self.end() - end), initial=0.0))

    def by_area(self) -> dict[str, Array]:
        """Components (areas,) in persons; absent flows are zero."""
        found = {"births": self.births.sum(axis=(0, 1))}
        for name in SIGNS:
            flow: Array | None = getattr(self, name)
            if flow is None:
                found[name] = np.zeros(self.exposed.shape[-1])
            else:
                found[name] = flow.sum(axis=(0, 1, 2))
        return found


@dataclass(frozen=True, eq=False)
class Step:
    """Result of one step: the stock at its end and how it came about."""

    end: Array
    flows: Flows
    births_by_mother: Array | None = None  # [mother's group, age, area]
    floored: int = 0  # cells that net migration would have made negative
