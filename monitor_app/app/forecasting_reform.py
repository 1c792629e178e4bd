"""Areas that ended or began within the history of a forecast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from monitor_app.app.forecasting_events import EVENTS
from monitor_app.core.areas import AreaSystem
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.forecast.estimate import Register


def bridge(
    register: Register, areas: AreaSystem, level: str, years: tuple[int, ...],
    issues: list[Issue],
) -> tuple[Register, tuple[str, ...]]:  # fmt: skip
    """Carry the history of areas that ended over to those that began in their place.

    Areas without people at the launch that ended are left out; where others of the same parent
    began the year after, they take over the past in proportion to their first stock.
    """
    totals = np.nansum(register.stocks, axis=(1, 2, 3))
    alive = totals > 0
    keys = register.layout.areas
    ended = {a.key for a in areas.at(level) if a.valid_to and a.valid_to.year <= years[-1]}
    gone = [i for i, k in enumerate(keys) if not alive[-1, i] and (k in ended or alive[:, i].any())]
    arrays = {
        name: np.array(array)
        for name in ("stocks", "births", *EVENTS)
        if (array := getattr(register, name)) is not None
    }
    parents = _parents(areas, level)
    bridged, lost = [], []
    started = {
        i: int(np.flatnonzero(alive[:, i])[0])
        for i in range(len(keys))
        if alive[-1, i] and not alive[0, i] and alive[:, i].any()
    }
    for first in sorted(set(started.values())):
        fresh = [i for i, f in started.items() if f == first]
        for parent in dict.fromkeys(parents.get(keys[i], "") for i in fresh):
            heirs = [i for i in fresh if parents.get(keys[i], "") == parent]
            before = [
                i
                for i in gone
                if parents.get(keys[i], "") == parent
                and alive[first - 1, i]
                and not alive[first, i]
            ]
            if before:
                share = totals[first, heirs] / totals[first, heirs].sum()
                for name, array in arrays.items():
                    rows = first if name == "stocks" else max(first - 1, 0)
                    past = array[:rows][..., before].sum(axis=-1, keepdims=True)
                    array[:rows][..., heirs] = past * share
                bridged += [keys[i] for i in heirs]
            else:
                lost += [keys[i] for i in heirs]
                for name, array in arrays.items():
                    if name != "stocks":
                        array[:first][..., heirs] = np.nan
    keep = [i for i in range(len(keys)) if i not in gone]
    _report_areas(issues, bridged, lost, [keys[i] for i in gone])
    cut = {name: np.ascontiguousarray(array[..., keep]) for name, array in arrays.items()}
    cut["stocks"] = np.nan_to_num(cut["stocks"])
    layout = replace(register.layout, areas=tuple(keys[i] for i in keep))
    return replace(register, layout=layout, **cut), tuple(keys[i] for i in gone)


def _parents(areas: AreaSystem, level: str) -> dict[str, str]:
    """Area -> its area of the next coarser level."""
    try:
        upper = areas.level(level).parents
    except KeyError:
        return {}
    return areas.ancestor(level, upper[0]) if upper else {}


def _report_areas(
    issues: list[Issue], bridged: list[str], lost: list[str], gone: list[str]
) -> None:
    texts: list[tuple[str, list[str], Callable[[], str], Severity]] = [
        ("areas-bridged", bridged, lambda: _(
            "New areas take over the past of those that they replaced, in proportion to their first"
            " population: {areas}"), Severity.INFO),
        ("areas-new", lost, lambda: _(
            "Areas without a past of their own are forecast by the rates of the town: {areas}"),
            Severity.WARNING),
        ("areas-ended", gone, lambda: _(
            "Areas without people at the base date are left out: {areas}"), Severity.INFO),
    ]  # fmt: skip
    for code, keys, text, severity in texts:
        if keys:
            shown = ", ".join(keys[:12]) + (" …" if len(keys) > 12 else "")
            issues.append(Issue(code, severity, text().format(areas=shown), count=len(keys)))
