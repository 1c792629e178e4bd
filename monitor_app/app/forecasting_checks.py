"""What a forecast is refused or warned for before it runs: impossible events and goals."""

from __future__ import annotations

import numpy as np

from monitor_app.app.forecasting_plausible import check_balance, check_plan
from monitor_app.app.forecasting_town import Town, component_names
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.forecast.state import Array

#: Events that cannot outnumber the people they happen to; moves can, where many pass through.
_ONCE = ("deaths", "births")
_OFTEN = ("departures", "moves_out")


def check_events(town: Town) -> list[Issue]:
    """More events in an area and year than people they could have happened to: rates above 1."""
    register, found = town.register, []
    stocks = register.stocks
    people = stocks[:-1].sum(axis=(1, 2, 3))
    came = sum(
        (np.nan_to_num(a).sum(axis=(1, 2, 3)) for name in ("arrivals", "moves_in")
         if (a := getattr(register, name)) is not None),
        np.zeros_like(people),
    )  # fmt: skip
    mothers = stocks[:, town.layout.mothers].sum(axis=(1, 2))
    for name in (*_ONCE, *_OFTEN):
        events = getattr(register, name)
        if events is None:
            continue
        counts = np.nan_to_num(events).sum(axis=tuple(range(1, events.ndim - 1)))
        most = mothers[:-1] + mothers[1:] if name == "births" else people + came
        if name == "deaths" and register.births is not None:
            most = most + np.nan_to_num(register.births).sum(axis=(1, 2))
        over = counts > most + 0.5
        if over.any():
            found.append(_too_many(town, name, over))
    return [*found, *check_balance(town)]


def _too_many(town: Town, name: str, over: Array) -> Issue:
    areas = [town.layout.areas[i] for i in np.flatnonzero(over.any(axis=0))]
    years = [str(town.years[t + 1]) for t in np.flatnonzero(over.any(axis=1))]
    return Issue(
        "rate-above-one",
        Severity.ERROR if name in _ONCE else Severity.WARNING,
        _("{component}: more than there were people, in {areas} ({years}).").format(
            component=component_names()[name], areas=", ".join(areas[:8]),
            years=", ".join(years[:8]),
        ),
        column=name, count=int(over.sum()),
        repair=_("Check whether events and population belong together."),
    )  # fmt: skip


def check_reachable(spec: ForecastSpec, town: Town) -> list[Issue]:
    """Targets that nothing could reach: of a component that is switched off, or outside of what
    the bounds of all areas leave."""
    found = []
    migration = spec.switched_on("arrivals") or spec.switched_on("departures")
    lower = sum(b.lower for b in spec.bounds.values())
    bounded = set(spec.bounds) >= set(town.layout.areas)
    uppers = [b.upper for b in spec.bounds.values()]
    upper = sum(u for u in uppers if u is not None)
    closed = bounded and all(u is not None for u in uppers)
    apart = 0.0 if town.special is None else float(town.special.sum())
    for t in spec.targets:
        free = migration if t.what in ("population", "net_migration") else spec.switched_on(t.what)
        if not free:
            found.append(
                _target(
                    "spec-target-off",
                    _("The target of {year} for “{what}” cannot be reached: the component is"
                      " switched off.").format(year=t.year, what=t.what),
                    _("Switch the component on, or leave the target out."),
                )
            )  # fmt: skip
        if t.what != "population" or t.area is not None:
            continue
        if t.value < lower or (closed and t.value > upper) or t.value < apart:
            found.append(
                _target(
                    "spec-target-bound",
                    _("The target of the town in {year} does not fit the bounds of its areas.")
                    .format(year=t.year),
                    _("Correct the target or the bounds."),
                )
            )  # fmt: skip
    return [*found, *check_plan(spec, town)]


def _target(code: str, message: str, repair: str) -> Issue:
    return Issue(code, Severity.ERROR, message, column="targets", repair=repair)
