"""Areas that ended or began within the history of a forecast: by bridge tables, else by heirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from monitor_app.app.forecasting_events import EVENTS
from monitor_app.core.areas import AreaSystem
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetInfo
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.forecast.estimate import Register
from monitor_app.indicators.carry import Carrier, present_areas
from monitor_app.indicators.inputs import CubeSource


def bridge(
    register: Register, areas: AreaSystem, level: str, years: tuple[int, ...],
    issues: list[Issue],
) -> tuple[Register, tuple[str, ...]]:  # fmt: skip
    """Carry the history of areas that ended over to those that began in their place.

    Areas without people at the launch that ended are left out; where others of the same parent
    began the year after, they take over the past in proportion to their first stock. An area that
    is counted as empty but has not ended stays, without the past of those who left: dwellings can
    be built there.
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
    bridged, lost, replaced = [], [], set[int]()
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
                replaced |= set(before)
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
    unknown = np.isnan(register.stocks[-1]).all(axis=(0, 1, 2))
    empty = [i for i in gone if keys[i] not in ended and i not in replaced and not unknown[i]]
    for array in arrays.values():
        array[..., empty] = 0.0
    gone = [i for i in gone if i not in empty]
    keep = [i for i in range(len(keys)) if i not in gone]
    _report_areas(issues, bridged, lost, [keys[i] for i in gone], [keys[i] for i in empty])
    cut = {
        name: np.ascontiguousarray(array[..., keep] if gone else array)
        for name, array in arrays.items()
    }
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
    issues: list[Issue], bridged: list[str], lost: list[str], gone: list[str], empty: list[str]
) -> None:
    texts: list[tuple[str, list[str], Callable[[], str], Severity]] = [
        ("areas-bridged", bridged, lambda: _(
            "New areas take over the past of those that they replaced, in proportion to their first"
            " population: {areas}"), Severity.INFO),
        ("areas-new", lost, lambda: _(
            "Areas that were empty at first are forecast by what happened since. Those who moved in"
            " as they filled count as migration; leave these years out of the base years if nothing"
            " more is built: {areas}"), Severity.WARNING),
        ("areas-emptied", empty, lambda: _(
            "Areas that had people but are empty now stay in the forecast without their past:"
            " {areas}"), Severity.WARNING),
        ("areas-ended", gone, lambda: _(
            "Areas without people at the base date are left out: {areas}"), Severity.INFO),
    ]  # fmt: skip
    for code, keys, text, severity in texts:
        if keys:
            shown = ", ".join(keys[:12]) + (" …" if len(keys) > 12 else "")
            issues.append(Issue(code, severity, text().format(areas=shown), count=len(keys)))


@dataclass(eq=False)
class CarriedSource:
    """A source whose numbers from before territorial reforms stand on the present areas.

    By the bridge tables of the project (``indicators.carry``); cubes are read once.
    """

    plain: CubeSource
    system: AreaSystem
    present: AreaSystem

    def __post_init__(self) -> None:
        self._cubes: dict[str, Cube] = {}
        self._carrier = Carrier(self.system, self.present, self._whole)

    def datasets(self) -> tuple[DatasetInfo, ...]:
        return self.plain.datasets()

    def documents(self, kind: str) -> dict[str, str]:
        read = getattr(self.plain, "documents", None)
        return {} if read is None else dict(read(kind))

    def cube(self, key: str) -> Cube:
        spec = next(i.spec for i in self.datasets() if i.spec.key == key)
        return self._carrier.carry(self._whole(key), spec)

    def _whole(self, key: str) -> Cube:
        if key not in self._cubes:
            self._cubes[key] = self.plain.cube(key)
        return self._cubes[key]


def on_present_areas(source: CubeSource, areas: AreaSystem) -> tuple[CubeSource, AreaSystem]:
    """Source and areas as if the present areas had always been there; unchanged where the project
    has no bridge tables."""
    if not areas.bridges:
        return source, areas
    present = present_areas(areas)
    return CarriedSource(source, areas, present), present


def told_bridges(areas: AreaSystem, level: str) -> list[Issue]:
    """Which reforms the history of a level was carried over."""
    crossed = [b for b in areas.bridges if b.level == level or areas.finer(b.level, level)]
    if not crossed:
        return []
    days = ", ".join(format_date(b.day) for b in crossed)
    return [
        Issue(
            "areas-carried", Severity.INFO,
            _("Numbers from before the territorial reform of {days} are carried to the present"
              " areas by the bridge table of the project.").format(days=days),
        )
    ]  # fmt: skip
