"""Forecasts of a session: what the window and the command line call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from monitor_app.app import forecasting_backtest as backtests
from monitor_app.app import forecasting_report as reports
from monitor_app.app import forecasting_run as runs
from monitor_app.app import forecasting_store as store
from monitor_app.app.forecasting_choose import Choice
from monitor_app.app.forecasting_choose import choose as choose_settings
from monitor_app.app.forecasting_town import Town, component_names, ensure
from monitor_app.app.scenarios import PREFIX, run_key, scenario_of, scenarios
from monitor_app.app.session import Session
from monitor_app.core.datasets import Origin
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, fail
from monitor_app.core.progress import Progress
from monitor_app.core.values import IndicatorTable
from monitor_app.forecast.spec import ForecastSpec, dump_spec, load_spec


def specs(session: Session) -> dict[str, ForecastSpec]:
    """Specifications that the project keeps, by id."""
    return {key: load_spec(text) for key, text in session.project.documents("forecast").items()}


def data_check(session: Session, spec: ForecastSpec) -> tuple[Town, tuple[Issue, ...]]:
    """*Slow.* What a forecast would rest on, and all findings before a run."""
    town = runs.read(session.project, session.areas, spec)
    return town, tuple(runs.findings(session.project, session.areas, spec, town)[1])


def run(session: Session, spec: ForecastSpec, progress: Progress | None = None) -> runs.Forecast:
    """*Slow.* Compute; the project does not change. ``UserError`` before anything runs."""
    _known_level(session, spec.level)
    return runs.make_forecast(session.project, session.areas, spec, progress)


def choose(session: Session, spec: ForecastSpec, progress: Progress | None = None) -> Choice:
    """*Slow.* The specification with the settings that did best in the town's own past, and why.

    The project does not change. ``UserError`` for what forbids a forecast.
    """
    _known_level(session, spec.level)
    town = runs.read(session.project, session.areas, spec, progress)
    ensure(runs.check(spec, town))
    return choose_settings(town, spec, runs.method_of(spec), progress)


def keep(session: Session, forecast: runs.Forecast, progress: Progress | None = None) -> None:
    """*Slow.* Store a forecast as one revision."""
    project = session.project
    ids = project.documents(PREFIX)
    session.apply(store.batch_of(forecast, project.datasets(), ids, progress), progress)
    project.remember(run_key(forecast.spec.id), dump_spec(forecast.spec))


def backtest(
    session: Session,
    spec: ForecastSpec,
    *,
    origins: Sequence[int] | None = None,
    horizons: Sequence[int] = backtests.HORIZONS,
    choosing: bool = False,
    progress: Progress | None = None,
) -> tuple[backtests.TownBacktest, tuple[reports.Rival, ...]]:
    """*Slow.* Score the method of a specification on the past of the project.

    ``choosing``: settings chosen at every origin anew, from what was known then.
    """
    _known_level(session, spec.level)
    if not horizons or min(horizons) < 1:
        raise fail("backtest-horizon", _("A horizon is at least one year."))
    # Errors are told by years ahead, so a test runs in single years whatever the step.
    spec = spec.model_copy(update={"age_step": "single"})
    town = runs.read(session.project, session.areas, spec, progress)
    ensure(runs.check(spec, town))
    done = backtests.backtest(
        town, runs.method_of(spec), horizons=horizons, origins=origins, choosing=choosing,
        progress=progress,
    )  # fmt: skip
    return done, reports.rivals(session.project, session.areas, done)


def forecast_values(
    session: Session, indicator: str, level: str, scenario: str | None = None, name: str = "main"
) -> IndicatorTable:
    """*Slow.* An indicator computed from a stored forecast; the middle scenario if none is named.

    ``UserError`` where the project has no such forecast.
    """
    project = session.project
    start = f"{name}/"
    known = [s.key for s in scenarios(project) if s.key.startswith(start)]
    if not known:
        raise fail(
            "no-forecast",
            _("The project has no forecast “{name}”.").format(name=name),
            repair=_("Run the command “forecast” first."),
        )
    middle = f"{start}middle"
    wanted = f"{start}{scenario}" if scenario else middle if middle in known else known[0]
    own = scenario_of(project, wanted).datasets
    return session.engine.compute(indicator, level, origin=Origin.FORECAST, datasets=own)


def _known_level(session: Session, level: str) -> None:
    known = [lv.key for lv in session.areas.levels]
    if level not in known:
        raise fail(
            "unknown-level",
            _("There is no level “{level}”.").format(level=level),
            value=level,
            repair=_("Known are: {names}.").format(names=", ".join(known)),
        )


@dataclass(frozen=True)
class SummaryRow:
    """One scenario and year of the whole town; range of 80 per cent where draws were made."""

    scenario: str
    year: int
    population: float
    lower: float | None
    upper: float | None
    components: dict[str, float]


def summary(forecast: runs.Forecast) -> list[SummaryRow]:
    """The town as a whole, year by year, in persons."""
    rows = []
    for result in forecast.results:
        totals = result.projection.totals.sum(axis=1)
        parts = {k: v.sum(axis=1) for k, v in result.projection.components.items()}
        for n, year in enumerate(forecast.years):
            low = high = None
            if result.intervals is not None:
                at = [result.intervals.levels.index(q) for q in (0.1, 0.9)]
                low, high = (float(result.intervals.city[q, n, 0]) for q in at)
            named = {} if n == 0 else {k: float(v[n - 1]) for k, v in parts.items()}
            if forecast.town.residual and named:
                named["net_migration"] = named.pop("arrivals") - named.pop("departures")
            rows.append(SummaryRow(result.scenario.key, year, float(totals[n]), low, high, named))
    return rows


def kept_summary(session: Session, forecast: runs.Forecast) -> list[SummaryRow]:
    """As ``summary`` of a forecast that is stored, in the whole persons of the project: sums of
    rounded areas differ from a rounded sum."""
    kept: dict[tuple[str, int], float] = {}
    for result in forecast.results:
        cube = session.project.cube(
            store.dataset_key(forecast.spec, result.scenario.key, "population")
        )
        totals = cube.sum(*(d for d in cube.dims if d != "date")).values
        kept |= {
            (result.scenario.key, year): float(total)
            for year, total in zip(forecast.years[1:], totals, strict=True)
        }
    return [
        replace(row, population=kept.get((row.scenario, row.year), row.population))
        for row in summary(forecast)
    ]


def as_data(forecast: runs.Forecast) -> dict[str, Any]:
    """A finished forecast for machines."""
    town = forecast.town
    return {
        "spec": forecast.spec.id,
        "level": town.level,
        "base": town.years[-1],
        "years": list(forecast.years[1:]),
        "methods": {c: town.sources[c].value for c in component_names() if c in town.sources},
        "imbalance": max(r.projection.imbalance for r in forecast.results),
        "scenarios": [
            {
                "key": r.scenario.key, "label": r.scenario.label, "note": r.scenario.note,
                "datasets": store.dataset_key(forecast.spec, r.scenario.key, ""),
                "areas": {
                    a: [round(float(v), 3) for v in r.projection.totals[:, i]]
                    for i, a in enumerate(town.layout.areas)
                },
            }
            for r in forecast.results
        ],
        "town": [
            {
                "scenario": row.scenario, "year": row.year, "population": round(row.population, 3),
                "lower_80": None if row.lower is None else round(row.lower, 1),
                "upper_80": None if row.upper is None else round(row.upper, 1),
                "components": {k: round(v, 3) for k, v in row.components.items()
                               if not np.isclose(v, 0.0)},
            }
            for row in summary(forecast)
        ],
    }  # fmt: skip
