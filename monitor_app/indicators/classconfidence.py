"""How certain the class of an area is, given that its indicators are counts of few people.

The counts behind the indicators are drawn again many times (parametric bootstrap: Poisson for
rates, binomial for shares of a whole), the whole index is made anew of each draw, scales included,
and for every area the draws are counted in which it keeps its class. Counts of one area are drawn
independently of each other; indicators that are no fraction of counts stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.indicators.composite import Composite
from monitor_app.indicators.whatif import class_index

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

DRAWS = 1000
MAX_DRAWS = 20_000


@dataclass(frozen=True, eq=False)
class Counts:
    """What an indicator is made of at a date: ``factor · cases / people`` per area (areas,), NaN
    where unknown. ``whole``: the cases are part of the people."""

    cases: Array
    people: Array
    factor: float = 100.0
    whole: bool = False

    def draw(self, generator: np.random.Generator) -> Array:
        """The indicator had chance fallen otherwise, (areas,)."""
        good = np.isfinite(self.cases) & np.isfinite(self.people) & (self.people > 0)
        cases, people = self.cases[good], self.people[good]
        if self.whole:
            share = np.clip(cases / people, 0.0, 1.0)
            drawn = generator.binomial(np.round(people).astype(np.int64), share)
        else:
            drawn = generator.poisson(np.maximum(cases, 0.0))
        found = np.full(self.cases.shape, np.nan)
        found[good] = self.factor * drawn / people
        return found


@dataclass(frozen=True, eq=False)
class Side:
    """One dimension of the classes: an index, its weights and its limits."""

    composite: Composite
    weights: ArrayLike
    limits: Sequence[float]

    def classes(self, day: date, values: Mapping[str, Array]) -> Ints:
        prepared = self.composite.redrawn(day, values)
        return class_index(prepared.index(self.weights), self.limits)


@dataclass(frozen=True, eq=False)
class Certainty:
    """Share of draws per class, float64 (areas, classes); ``observed`` int64 (areas,) the class
    as counted, −1 without; ``kept`` (areas,) the share of draws in it, NaN without."""

    observed: Ints
    shares: Array

    @property
    def kept(self) -> Array:
        found = np.full(self.observed.shape, np.nan)
        rows = np.flatnonzero(self.observed >= 0)
        found[rows] = self.shares[rows, self.observed[rows]]
        return found


@dataclass(frozen=True, eq=False)
class ClassConfidence:
    """Certainty of status and dynamics, and of both together (``both``: share of draws in which
    an area keeps its pair of classes, NaN without one). ``fixed``: indicators that were not
    drawn."""

    areas: tuple[str, ...]
    status: Certainty
    dynamics: Certainty | None
    both: Array
    fixed: tuple[str, ...]
    draws: int
    seed: int

    def sentence(self, i: int, status: Sequence[str], dynamics: Sequence[str] = ()) -> str:
        """For one area, with the names of the classes."""
        lines = [_said(self.status, i, status)]
        if self.dynamics is not None:
            lines.append(_said(self.dynamics, i, dynamics))
        return " ".join(t for t in lines if t)


def _said(certainty: Certainty, i: int, names: Sequence[str]) -> str:
    place = int(certainty.observed[i])
    if place < 0:
        return ""
    shares = certainty.shares[i]
    text = _("“{name}” in {share} per cent of the draws").format(
        name=names[place], share=format_number(100 * float(shares[place]))
    )
    others = [k for k in np.argsort(-shares) if k != place and shares[k] >= 0.05]
    if others:
        rest = ", ".join(f"{names[k]} {format_number(100 * float(shares[k]))}" for k in others)
        return _("{text}; otherwise {rest}.").format(text=text, rest=rest)
    return f"{text}."


def class_confidence(
    status: Side,
    day: date,
    now: Mapping[str, Counts],
    *,
    dynamics: Side | None = None,
    before: Mapping[str, Counts] | None = None,
    draws: int = DRAWS,
    seed: int = 1,
    progress: Progress | None = None,
) -> ClassConfidence:
    """*Slow.* ``now`` and, for the dynamics, ``before``: the counts of the indicators at the date
    and at the date that the change is measured from.

    Errors: ``UserError`` for settings out of range; ``Cancelled``.
    """
    if not 1 <= draws <= MAX_DRAWS or seed < 0:
        raise fail(
            "draws", _("The number of draws must lie between 1 and {most}.").format(
                most=format_number(MAX_DRAWS))
        )  # fmt: skip
    progress = progress or Progress()
    before = before or {}
    observed = [status.classes(day, {}), None if dynamics is None else dynamics.classes(day, {})]
    generator = np.random.Generator(np.random.Philox(seed))
    counted = [np.zeros((len(status.composite.areas), len(s.limits) + 1))
               for s in (status, *((dynamics,) if dynamics is not None else ()))]  # fmt: skip
    both = np.zeros(len(status.composite.areas))
    for n in range(draws):
        if n % 20 == 0:
            progress.step(n / draws, _("Drawing counts"))
        values = {name: counts.draw(generator) for name, counts in now.items()}
        found = [status.classes(day, values)]
        if dynamics is not None:
            change = {name: values[name] - counts.draw(generator)
                      for name, counts in before.items() if name in values}  # fmt: skip
            found.append(dynamics.classes(day, change))
        same = np.ones(len(both), dtype=bool)
        for table, classes, seen in zip(counted, found, observed, strict=False):
            rows = np.flatnonzero(classes >= 0)
            table[rows, classes[rows]] += 1
            same &= (classes == seen) & (classes >= 0)
        both += same
    parts = [
        Certainty(seen, table / draws)
        for seen, table in zip(observed, counted, strict=False)
        if seen is not None
    ]
    rated = np.all([p.observed >= 0 for p in parts], axis=0)
    used = (*status.composite.indicators, *(dynamics.composite.indicators if dynamics else ()))
    return ClassConfidence(
        status.composite.areas, parts[0], parts[1] if len(parts) > 1 else None,
        np.where(rated, both / draws, np.nan),
        tuple(dict.fromkeys(i for i in used if i not in now)), draws, seed,
    )  # fmt: skip
