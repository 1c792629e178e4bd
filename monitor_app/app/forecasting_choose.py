"""The program chooses its settings from a town's own past, and says why.

Rolling origins, nested: what is used at an origin was learned from origins before it whose
forecasts had come true (or not) by then. So a choice never sees the years that it is scored on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from monitor_app.app import forecasting_candidates as pool
from monitor_app.app.forecasting_candidates import MEMBERS, NAMES, Combination, Wanted
from monitor_app.app.forecasting_rates import Method
from monitor_app.app.forecasting_town import Town
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.progress import Progress
from monitor_app.forecast import combine
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.forecast.state import Array

#: Least stocks before an origin whose errors teach something about later ones.
FIRST_ORIGIN = 3
#: Longest horizon that candidates are compared at, whatever a forecast needs: the same weights.
LONGEST = 10
#: Horizons that reasons speak of.
_TOLD = (1, 3, 5, 10)


@dataclass(frozen=True, eq=False)
class Past:
    """What every candidate would have said at earlier origins, and how wrong that was.

    ``origins`` positions of launch stocks; ``said`` (origins, ``NAMES``, steps, variables, areas);
    ``errors`` by part (``town``, ``areas``): mean absolute relative errors (origins, members,
    steps, variables), of town totals and of shares of areas, NaN where the year has not come.
    """

    bands: tuple[tuple[int, int | None], ...]
    readiness: Array
    origins: tuple[int, ...]
    said: Array
    errors: dict[str, Array]

    @property
    def parts(self) -> tuple[str, ...]:
        return ("town", "areas") if self.said.shape[4] > 1 else ("town",)

    def known(self, part: str, now: int) -> Array:
        """Errors that could be known when stock ``now`` was the newest."""
        found = self.errors[part].copy()
        for row, origin in enumerate(self.origins):
            found[row, :, max(now - origin, 0) :] = np.nan
        return found

    def learned(self, now: int) -> tuple[dict[str, dict[str, combine.Weights]], dict[str, Array]]:
        """Weights by part and age group as of stock ``now``, and by part the number of independent
        errors (knots,) that those of the total rest on."""
        tables: dict[str, dict[str, combine.Weights]] = {}
        strengths = {}
        for part in self.parts:
            errors, tables[part] = self.known(part, now), {}
            areas = self.said.shape[4] if part == "areas" else 1
            for variable, group in enumerate(pool.group_keys(self.bands)):
                weights, strength = combine.learned_weights(
                    errors[..., variable].transpose(1, 0, 2),
                    pool.usual_weights(part, variable), areas=areas,
                )  # fmt: skip
                tables[part][group] = combine.as_table(MEMBERS[part], weights)
                if variable == 0:
                    strengths[part] = strength
        return tables, strengths

    def forecast(self, now: int) -> Array:
        """Combined forecast (steps, variables, areas) from ``now``, one of the origins."""
        said = self.said[self.origins.index(now)]
        return pool.combined(said, self.learned(now)[0], self.bands, self.readiness)


def gather(
    town: Town, method: Method, steps: int, progress: Progress | None = None,
    until: int | None = None, also: Sequence[int] = (),
) -> Past:  # fmt: skip
    """*Slow.* Ask every candidate at every origin up to position ``until`` (the last but one stock
    without it) and at ``also``; each sees the town as it was then. At least ``LONGEST`` steps."""
    last = len(town.years) - 1
    end = last - 1 if until is None else until
    origins = tuple(sorted({*range(FIRST_ORIGIN, end + 1), *also}))
    steps = max(steps, LONGEST)
    wanted = Wanted(method, steps, pool.scored_bands(town.source_ages))
    said = []
    for done, origin in enumerate(origins):
        if progress is not None:
            progress.step(done / len(origins), str(town.years[origin]))
        said.append(pool.candidates(town.until(origin), wanted))
    observed = pool.series(town.register.stocks, wanted.bands)
    shape = (0, len(NAMES), steps, *observed.shape[1:])
    every = np.array(said) if said else np.empty(shape)
    readiness = pool.mobile(town.layout.shape[2], wanted.bands)
    errors = _errors(every[:, :, :LONGEST], observed, origins)
    return Past(wanted.bands, readiness, origins, every, errors)


def _errors(said: Array, observed: Array, origins: Sequence[int]) -> dict[str, Array]:
    """Errors by part (origins, members, steps, variables)."""
    came = np.full((len(origins), *said.shape[2:]), np.nan)
    for row, origin in enumerate(origins):
        later = observed[origin + 1 : origin + 1 + said.shape[2]]
        came[row, : len(later)] = later
    pairs = {"town": (said.sum(axis=4, keepdims=True), came.sum(axis=3, keepdims=True))}
    with np.errstate(divide="ignore", invalid="ignore"):
        pairs["areas"] = (said / pairs["town"][0], came / pairs["town"][1])
    return {
        part: combine.absolute_errors(
            forecast[:, [NAMES.index(n) for n in MEMBERS[part]]], truth[:, None]
        )
        for part, (forecast, truth) in pairs.items()
    }


@dataclass(frozen=True)
class CandidateRow:
    """One candidate for one part, age group and horizon; ``error`` in per cent, None: not known."""

    part: str
    group: str
    horizon: int
    method: str
    weight: float
    error: float | None
    origins: int


@dataclass(frozen=True, eq=False)
class Choice:
    """Settings filled in, why, and how every candidate did."""

    spec: ForecastSpec
    reasons: tuple[str, ...]
    table: tuple[CandidateRow, ...]


def choose(
    town: Town, spec: ForecastSpec, method: Method, progress: Progress | None = None
) -> Choice:
    """*Slow.* Choose the settings of a forecast from the newest stock of ``town``.

    ``method``: what the specification fixes (given base years stay). Where nothing can be learned
    the usual settings stay.
    """
    last = len(town.years) - 1
    usual = spec.model_copy(update={"combination": {}})
    if town.layout.step > 1:
        reason = _("In steps of five years nothing is chosen: the usual settings stay.")
        return Choice(usual, (reason,), ())
    past = gather(town, replace(method, combination={}), LONGEST, progress)
    if not past.origins:
        return Choice(usual, (_too_short(town),), ())
    tables, strengths = past.learned(last)
    rows = _table(past, tables, last)
    base = _base(tables)
    chosen = spec.model_copy(update={"combination": tables, "base_period": base})
    return Choice(chosen, tuple(_reasons(town, past, rows, strengths)), rows)


def _base(tables: Combination) -> int:
    """Base years of the cohort candidate with most weight: who moves within an age group."""
    weights = dict.fromkeys(pool.VARIANTS, 0.0)
    for table in tables["town"].values():
        for name in weights:
            weights[name] += sum(table.get(name, {}).values())
    return pool.VARIANTS[max(weights, key=lambda name: (weights[name], name == "rates_10"))]


def _table(past: Past, tables: Combination, now: int) -> tuple[CandidateRow, ...]:
    rows = []
    for part in past.parts:
        errors = past.known(part, now)
        for variable, group in enumerate(pool.group_keys(past.bands)):
            for horizon in (h for h in combine.KNOTS if h <= errors.shape[2]):
                seen = errors[:, :, horizon - 1, variable]
                known = np.isfinite(seen).all(axis=1)
                for n, name in enumerate(MEMBERS[part]):
                    weight = tables[part][group].get(name, {}).get(horizon, 0.0)
                    error = 100.0 * float(seen[known, n].mean()) if known.any() else None
                    rows.append(
                        CandidateRow(part, group, horizon, name, weight, error, int(known.sum()))
                    )
    return tuple(rows)


def part_names() -> dict[str, str]:
    return {"town": _("Whole town"), "areas": _("Shares of the areas")}


def _too_short(town: Town) -> str:
    text = _("The population of {n} years is too short to learn from: the usual settings stay.")
    return text.format(n=len(town.years))


def _reasons(
    town: Town, past: Past, rows: Sequence[CandidateRow], strengths: dict[str, Array]
) -> list[str]:
    """Sentences: what was learned from, what counts most, and where little is known."""
    found = [
        _("Learned from {n} origins, {first} to {last}; each forecast knew only the figures up to"
          " its origin.").format(
            n=len(past.origins), first=town.years[past.origins[0]],
            last=town.years[past.origins[-1]])
    ]  # fmt: skip
    names, parts = pool.candidate_names(), part_names()
    for part in past.parts:
        usual = pool.USUAL[part, "total"]
        for horizon in _TOLD:
            own = [r for r in rows if (r.part, r.group, r.horizon) == (part, "total", horizon)]
            if not own:
                continue
            top = sorted(own, key=lambda r: -r.weight)[:3]
            words = ", ".join(
                f"{names[r.method]} {format_number(100 * r.weight)} %" for r in top if r.weight > 0
            )
            strength = float(strengths[part][combine.KNOTS.index(horizon)])
            trust = 100 * combine.PRIOR_ERRORS / (combine.PRIOR_ERRORS + strength)
            when = _("1 year") if horizon == 1 else _("{h} years").format(h=horizon)
            head = _("{part}, {when} ahead: {methods}.").format(
                part=parts[part], when=when, methods=words
            )
            found.append(f"{head} {_evidence(own, usual, names[usual], trust)}")
    return found


def _evidence(own: Sequence[CandidateRow], usual: str, name: str, trust: float) -> str:
    """What the weights of one horizon rest on."""
    if own[0].error is None:
        return _("No forecast has come true yet at this distance; “{usual}” counts {part} per cent"
                 " from the start.").format(usual=name, part=format_number(trust))  # fmt: skip
    errors = {r.method: r.error or 0.0 for r in own}
    best = min(errors, key=lambda m: errors[m])
    values = {
        "n": own[0].origins, "best": pool.candidate_names()[best],
        "error": format_number(errors[best], 2), "usual": name,
        "other": format_number(errors[usual], 2), "part": format_number(trust),
    }  # fmt: skip
    if best == usual:
        return _("Over {n} origins the usual method was the best, error {error} per cent; it counts"
                 " {part} per cent from the start.").format(**values)  # fmt: skip
    return _("Best over {n} origins: {best}, error {error} per cent against {other} of the usual"
             " “{usual}”, which counts {part} per cent from the start.").format(
        **values)  # fmt: skip


def as_data(choice: Choice) -> dict[str, Any]:
    """A choice for machines."""
    return {
        "reasons": list(choice.reasons),
        "base_period": choice.spec.base_period,
        "candidates": [
            {**asdict(row), "error": None if row.error is None else round(row.error, 4)}
            for row in choice.table
        ],
    }
