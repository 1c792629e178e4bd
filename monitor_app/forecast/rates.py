"""What one step needs: rates, counts of arrivals, births by age of mother, where movers go."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from monitor_app.forecast.moves import MoveModel
from monitor_app.forecast.state import Array, girls_share


class Scheme(StrEnum):
    """Order of events within a step. Rates of one scheme are not those of another."""

    HAZARD = "hazard"  # competing risks; rates are annual hazards; the engine's own
    FSO = "fso"  # Swiss Federal Statistical Office: probabilities, half-year corrections
    UN_END = "un_end"  # UN: survival, births before migration, net migrants at the end
    UN_EVEN = "un_even"  # UN: half of the net migrants before survival, half at the end
    ONS = "ons"  # rates on the stock at the start, not aged; net migrants
    GLA = "gla"  # births, deaths, inflow counts, then outflow from what is there


class BirthExposure(StrEnum):
    """Women that fertility rates are multiplied with; must be what they were estimated with."""

    PERIOD = "period"  # mean of the women of age x at the start and at the end of the step
    COHORT = "cohort"  # mean of the women who reach age x, at the start and at the end
    AGED = "aged"  # women who reach age x, counted at the start
    START = "start"  # women of age x at the start


@dataclass(frozen=True, eq=False)
class StepRates:
    """Inputs of one step. Arrays broadcast to ``[sex, group, age, area]``; None: no such event.

    Row x of a rate belongs to the cohort that reaches age x in the step; row 0 to the births of
    the step. ``death``, ``departure``, ``move``, ``naturalise``: annual hazards under ``hazard``,
    probabilities per step elsewhere. ``arrivals``: persons per step; under UN and ONS net
    migrants, which may be negative. ``fertility`` ``[group, age, area]``: births of both sexes per
    woman and year. ``child_group`` (mother's group, child's group) or (…, …, area): shares that
    add up to 1 over the child's group; None: the child has its mother's group. ``naturalise``
    leads to group ``naturalise_to``; its rates in that group must be zero.
    """

    death: Array
    fertility: Array
    girls: float = girls_share(1.05)
    child_group: Array | None = None
    arrivals: Array | None = None
    departure: Array | None = None
    move: Array | None = None
    move_model: MoveModel | None = None
    naturalise: Array | None = None
    naturalise_to: int = 0

    def __post_init__(self) -> None:
        for name in ("death", "arrivals", "departure", "move", "naturalise"):
            array = getattr(self, name)
            if array is not None and np.ndim(array) != 4:
                raise ValueError(f"{name} needs the axes [sex, group, age, area]")
        if np.ndim(self.fertility) != 3:
            raise ValueError("fertility needs the axes [group, age, area]")
        if (self.move is None) != (self.move_model is None):
            raise ValueError("moves need both a rate and a model of where movers go")
