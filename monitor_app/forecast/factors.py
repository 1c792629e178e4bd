"""Random log-multipliers of flows: common to the city, to a district, and local.

A multiplier is ``exp(city + district + local)``. Each part is the sum of an estimate that is wrong
for good (``level``), a memory that fades (AR(1): ``phi``, ``step`` its yearly innovation) and a
yearly shock without memory (``white``). All start at the launch and are centred, so the median path
is the main variant. Common parts make the errors of areas correlate; simulated without them the
city's interval would come out 7 to 18 times too narrow.

Default sizes: yearly series of births, moves and life expectancy in Germany, Austria, Switzerland,
Vienna and Konstanz up to 2019 (UN WPP 2024, Statistik Wien, Stadt Konstanz); a project with enough
history replaces them by what its own backtest shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import special

from monitor_app.forecast.rng import block_normals, stable_id
from monitor_app.forecast.state import Array

Float32 = NDArray[np.float32]

#: Flows that have a multiplier. ``attraction`` scales the weight of an area for movers.
FLOWS = ("fertility", "mortality", "arrivals", "departures", "moves", "attraction")
_CITY = "city"


@dataclass(frozen=True)
class Factor:
    """Standard deviations in the log scale; ``phi`` 1 makes the memory a random walk."""

    step: float = 0.0
    phi: float = 0.0
    white: float = 0.0
    level: float = 0.0

    def __post_init__(self) -> None:
        if min(self.step, self.white, self.level) < 0 or not 0.0 <= self.phi <= 1.0:
            raise ValueError(f"not a factor: {self}")


@dataclass(frozen=True)
class FlowFactors:
    """Parts of the uncertainty of one flow."""

    city: Factor = Factor()
    district: Factor = Factor()
    local: Factor = Factor()


@dataclass(frozen=True)
class Shock:
    """Rare jumps of arrivals: probability per year, smallest and largest size (log), fading."""

    probability: float = 1.0 / 12.0
    smallest: float = 0.4
    largest: float = 0.8
    phi: float = 0.5


def default_factors() -> dict[str, FlowFactors]:
    """Stated defaults for towns with too little history for a fit of their own."""
    return {
        "fertility": FlowFactors(Factor(0.028, 1.0), local=Factor(0.04, 0.65)),
        # 0.18 years of life expectancy are about 1.8 per cent of the death rates.
        "mortality": FlowFactors(Factor(0.018, 1.0), local=Factor(level=0.05)),
        "arrivals": FlowFactors(Factor(0.08, 0.7), Factor(0.03, 0.7), Factor(0.06, 0.7, 0.10)),
        "departures": FlowFactors(Factor(0.05, 0.5), Factor(0.02, 0.6), Factor(0.04, 0.6, 0.08)),
        "moves": FlowFactors(Factor(0.037, 0.65), Factor(0.02, 0.6), Factor(0.04, 0.6)),
        "attraction": FlowFactors(district=Factor(0.03, 0.7), local=Factor(0.06, 0.7, 0.10)),
    }


@dataclass(frozen=True, eq=False)
class Places:
    """Whose random numbers are drawn: areas, their districts, the city, by stable ids.

    ``district_of`` (areas,) positions in ``districts``; empty: no districts.
    """

    areas: tuple[str, ...]
    districts: tuple[str, ...] = ()
    district_of: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def ids(self) -> NDArray[np.uint64]:
        """Ids of all areas, then districts, then the city; levels never share an id."""
        keys = [f"area/{key}" for key in self.areas]
        keys += [f"district/{key}" for key in self.districts] + [_CITY]
        return np.array([stable_id(key) for key in keys], dtype=np.uint64)


@dataclass(frozen=True, eq=False)
class FactorModel:
    """Draws multipliers ``(years, areas)`` of every flow for one draw after the other.

    ``fast``: use numba where it is installed; the same numbers to rounding.
    """

    places: Places
    flows: Mapping[str, FlowFactors]
    years: int
    seed: int
    shock: Shock | None = None
    fast: bool = True

    def __post_init__(self) -> None:
        unknown = set(self.flows) - set(FLOWS)
        if unknown:
            raise ValueError(f"unknown flows: {sorted(unknown)}")
        object.__setattr__(self, "_plan", _Plan.of(self.places, self.flows))

    def multipliers(self, draw: int) -> dict[str, Array]:
        """Multipliers (years, areas) by flow for one draw; 1 where a flow is certain."""
        plan: _Plan = self._plan  # type: ignore[attr-defined]
        key = (self.seed, draw)
        memory = self._normals(key, plan.memory_codes, plan.ids)
        white = self._normals(key, plan.white_codes, plan.ids)
        logs = np.empty((len(plan.flows), self.years, len(plan.ids)))
        state = np.zeros((len(plan.flows), len(plan.ids)))
        level = plan.level * memory[:, 0]
        for year in range(self.years):
            state *= plan.phi
            state += plan.step * memory[:, year + 1]
            np.add(state, level, out=logs[:, year])
        logs[plan.has_white] += plan.white[:, None] * white[:, 1:]
        areas, districts = len(self.places.areas), len(self.places.districts)
        total = logs[:, :, :areas]
        total += logs[:, :, -1:]
        if districts:
            total += logs[:, :, areas : areas + districts][:, :, self.places.district_of]
        if self.shock is not None and "arrivals" in plan.flows:
            total[plan.flows.index("arrivals")] += self._shocks(key)[:, None]
        found = dict(zip(plan.flows, np.exp(total), strict=True))
        certain = np.ones((self.years, areas))
        return {flow: found.get(flow, certain) for flow in FLOWS}

    def _normals(
        self, key: tuple[int, int], codes: NDArray[np.uint64], ids: NDArray[np.uint64]
    ) -> Array:
        """Standard normals (components, years + 1, places); year 0 is for levels."""
        return block_normals(key, codes, ids, self.years + 1, self.fast)

    def _shocks(self, key: tuple[int, int]) -> Array:
        """Log path (years,) of rare jumps of the whole city."""
        shock = self.shock
        assert shock is not None
        codes = np.array([stable_id("shock/when"), stable_id("shock/size")], dtype=np.uint64)
        city = np.array([stable_id(_CITY)], dtype=np.uint64)
        when, size = special.ndtr(self._normals(key, codes, city)[:, 1:, 0])
        jump = shock.smallest + (shock.largest - shock.smallest) * size
        jumps = np.where(when < shock.probability, jump, 0.0)
        path, state = np.zeros(self.years), 0.0
        for year in range(self.years):
            state = shock.phi * state + jumps[year]
            path[year] = state
        return path


@dataclass(frozen=True, eq=False)
class _Plan:
    """Sizes (flows, places) of the parts that vary at all, and their addresses."""

    ids: NDArray[np.uint64]
    flows: tuple[str, ...]
    phi: Array
    step: Array
    level: Array
    white: Array  # (flows that have it, places)
    has_white: NDArray[np.bool_]
    memory_codes: NDArray[np.uint64]
    white_codes: NDArray[np.uint64]

    @classmethod
    def of(cls, places: Places, given: Mapping[str, FlowFactors]) -> _Plan:
        flows = tuple(f for f in FLOWS if given.get(f, FlowFactors()) != FlowFactors())
        counts = len(places.areas), len(places.districts), 1

        def sizes(name: str) -> Array:
            rows = [
                [getattr(part, name) for part in (given[f].local, given[f].district, given[f].city)]
                for f in flows
            ]
            return np.repeat(np.reshape(rows, (len(flows), 3)).astype(float), counts, axis=1)

        white = sizes("white")
        has: NDArray[np.bool_] = np.max(white, axis=1, initial=0.0) > 0
        memory_codes = [stable_id(f"{f}/memory") for f in flows]
        white_codes = [stable_id(f"{f}/white") for f, w in zip(flows, has, strict=True) if w]
        return cls(
            places.ids,
            flows,
            sizes("phi"),
            sizes("step"),
            sizes("level"),
            white[has],
            has,
            np.array(memory_codes, dtype=np.uint64),
            np.array(white_codes, dtype=np.uint64),
        )


def log_variance(factor: Factor, years: int) -> Array:
    """Variance (years,) of the log of a factor in each year, in closed form."""
    horizon = np.arange(1, years + 1)
    squared = factor.phi ** (2 * (horizon - 1))
    return np.asarray(
        factor.step**2 * np.cumsum(squared) + factor.white**2 + factor.level**2, dtype=np.float64
    )


def places_of(areas: Sequence[str], district: Mapping[str, str] | None = None) -> Places:
    """Places of areas whose districts are given by key; without districts only the city."""
    if not district:
        return Places(tuple(areas))
    names = tuple(dict.fromkeys(district[a] for a in areas))
    position = {name: i for i, name in enumerate(names)}
    of = np.array([position[district[a]] for a in areas], dtype=np.int64)
    return Places(tuple(areas), names, of)
