"""Forecasts that the project keeps: their scenarios, and series that go on into the future."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from monitor_app.core.datasets import DatasetInfo, Origin
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError, fail
from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable
from monitor_app.forecast.spec import ForecastSpec, load_spec
from monitor_app.project.project import Project

#: Keys of the data sets of a forecast: ``forecast_<forecast>_<scenario>_<what>``.
PREFIX = "forecast"


@dataclass(frozen=True)
class ForecastScenario:
    """One scenario of a stored forecast. ``key``: ``<forecast>/<scenario>``; ``datasets``: keys of
    its data sets."""

    key: str
    name: str
    datasets: frozenset[str]
    note: str = ""


def run_key(forecast: str) -> str:
    """What the specification of the last run is remembered under: the stored one may be changed
    afterwards."""
    return f"forecast_run:{forecast}"


def dataset_start(forecast: str, scenario: str) -> str:
    """What the keys of a scenario's data sets begin with."""
    return f"{PREFIX}_{forecast}_{scenario}_"


def scenarios(project: Project) -> tuple[ForecastScenario, ...]:
    """All scenarios whose numbers the project holds, in the order of their specifications."""
    infos = [d for d in project.datasets() if d.spec.origin is Origin.FORECAST]
    if not infos:
        return ()
    found: list[ForecastScenario] = []
    specs = [_spec(text) for text in project.documents(PREFIX).values()]
    known = [spec for spec in specs if spec is not None]
    for spec in known:
        for scenario in spec.scenarios:
            own = _keys(infos, dataset_start(spec.id, scenario.key), known)
            if not own:
                continue
            name = scenario.label or scenario.key
            title = spec.name or _("Forecast")
            found.append(
                ForecastScenario(
                    f"{spec.id}/{scenario.key}",
                    name if len(known) == 1 else f"{title}: {name}",
                    own,
                    "; ".join(t for t in (spec.note, scenario.note) if t),
                )
            )
    return tuple(found)


def left_over(project: Project, forecast: str) -> tuple[str, ...]:
    """Keys of scenarios whose numbers the project holds though the specification of ``forecast``
    does not have them any more: they were removed or renamed after the run."""
    specs = [s for text in project.documents(PREFIX).values() if (s := _spec(text)) is not None]
    start, end = f"{PREFIX}_{forecast}_", "_population"
    longer = tuple(
        f"{PREFIX}_{s.id}_" for s in specs if f"{PREFIX}_{s.id}_".startswith(start)
        and s.id != forecast
    )  # fmt: skip
    here = {sc.key for s in specs if s.id == forecast for sc in s.scenarios}
    found = [
        key.removeprefix(start).removesuffix(end)
        for info in project.datasets()
        if info.spec.origin is Origin.FORECAST
        and (key := info.spec.key).startswith(start)
        and key.endswith(end)
        and not key.startswith(longer or "\0")
    ]
    return tuple(k for k in found if k not in here)


def removed_scenarios(project: Project, forecast: str) -> Issue | None:
    """What to say where the numbers of a forecast belong to scenarios that it has no more; None
    where it has no such numbers."""
    gone = left_over(project, forecast)
    if not gone:
        return None
    names = {"lower": _("Lower"), "middle": _("Middle"), "upper": _("Upper")}
    return Issue(
        "scenarios-removed",
        Severity.ERROR,
        _("The forecast was computed, but its scenarios have been removed from the assumptions"
          " since: {names}.").format(names=", ".join(names.get(k, k) for k in gone)),
        value=forecast,
        repair=_("Compute the forecast anew, or undo the removal of the scenarios."),
    )  # fmt: skip


def _keys(
    infos: Iterable[DatasetInfo], start: str, specs: Iterable[ForecastSpec]
) -> frozenset[str]:
    """Keys that begin with ``start`` and with no longer one (``main_low`` is not ``main``)."""
    others = [
        other
        for spec in specs
        for scenario in spec.scenarios
        if (other := dataset_start(spec.id, scenario.key)).startswith(start) and other != start
    ]
    keys = (info.spec.key for info in infos)
    return frozenset(
        k for k in keys if k.startswith(start) and not any(k.startswith(o) for o in others)
    )


def _spec(text: str) -> ForecastSpec | None:
    """A specification of another version of the program is no scenario, and no error either."""
    try:
        return load_spec(text)
    except UserError:
        return None


def scenario_of(project: Project, key: str) -> ForecastScenario:
    """The scenario of a key. ``UserError`` where the project has no such numbers."""
    known = {scenario.key: scenario for scenario in scenarios(project)}
    if key in known:
        return known[key]
    gone = removed_scenarios(project, key.partition("/")[0])
    if gone is not None and not any(k.startswith(f"{key.partition('/')[0]}/") for k in known):
        raise UserError(gone)
    if not known:
        raise fail(
            "no-forecast",
            _("The project has no forecast yet."),
            repair=_("Compute one first: room “Forecast”, or the command “forecast”."),
        )
    raise fail(
        "no-scenario",
        _("The project has no forecast scenario “{key}”.").format(key=key),
        value=key,
        repair=_("Known are: {names}.").format(names=", ".join(known)),
    )


def joined(observed: IndicatorTable, forecast: IndicatorTable) -> IndicatorTable:
    """The observed series, and after its last date the forecast one.

    Areas are those of the observed table (of the forecast where nothing is observed); the
    forecast dates keep the status FORECAST in every cell with a value.
    """
    if not observed.dates:
        return replace(forecast, forecast_from=forecast.dates[0]) if forecast.dates else observed
    later = [j for j, day in enumerate(forecast.dates) if day > observed.dates[-1]]
    if not later:
        return observed
    place = {key: i for i, key in enumerate(forecast.areas)}
    rows = np.array([place.get(key, -1) for key in observed.areas], dtype=np.intp)
    there = rows >= 0

    def put(
        ours: np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None,
        theirs: np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None,
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
        if ours is None or theirs is None:
            return None
        added = np.full((len(rows), len(later)), np.nan)
        added[there] = theirs[rows[there]][:, later]
        return np.concatenate([ours, added], axis=1)

    values = put(observed.values, forecast.values)
    assert values is not None
    status = np.full((len(rows), len(later)), Status.MISSING, dtype=np.uint8)
    status[there] = forecast.status[rows[there]][:, later]
    return replace(
        observed,
        dates=(*observed.dates, *(forecast.dates[j] for j in later)),
        values=values,
        status=np.concatenate([observed.status, status], axis=1),
        city_values=np.concatenate([observed.city_values, forecast.city_values[later]]),
        city_status=np.concatenate([observed.city_status, forecast.city_status[later]]),
        base=put(observed.base, forecast.base),
        datasets=tuple(dict.fromkeys((*observed.datasets, *forecast.datasets))),
        issues=(*observed.issues, *forecast.issues),
        forecast_from=forecast.dates[later[0]],
    )
