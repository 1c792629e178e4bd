"""Types of areas: areas that share rates, by hand or found automatically, per kind of movement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.forecasting_town import Town, component_names
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, fail
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.forecast.state import Array

Types = dict[str, NDArray[np.int64]]
#: Names in a specification -> components of an estimate.
_PARTS = {
    "births": ("births",),
    "deaths": ("deaths",),
    "arrivals": ("arrivals",),
    "departures": ("departures",),
    "moves": ("moves_in", "moves_out"),
    "naturalisation": ("naturalised",),
}


def area_types(spec: ForecastSpec, town: Town) -> tuple[Types, list[Issue]]:
    """Component -> type number of each area; empty where all areas are of one type.

    ``auto``: areas with like crude rates are joined until every type has the minimum population.
    Types matter where events are counted; the residual method pulls areas towards the town.
    """
    if spec.types == "none" or town.residual:
        return {}, []
    if spec.types != "auto":
        return _given(spec.types, town), []
    found: Types = {}
    counts = []
    for names in _PARTS.values():
        for name in names:
            events = getattr(town.register, name)
            if events is None:
                continue
            found[name] = _grouped(_crude(town, events), _people(town), spec.minimum_population)
            counts.append(f"{component_names()[name]} {int(found[name].max()) + 1}")
    told = Issue(
        "types-found",
        Severity.INFO,
        _("Types of areas, by like rates and at least {people} people: {types}").format(
            people=f"{spec.minimum_population:.0f}", types=", ".join(counts)
        ),
    )
    return found, [told]


def _given(types: dict[str, dict[str, str]], town: Town) -> Types:
    found: Types = {}
    for component, of in types.items():
        missing = [a for a in town.layout.areas if a not in of]
        if component not in _PARTS:
            raise fail(
                "spec-types",
                _("There is no component “{component}” that areas could have types of.").format(
                    component=component),
                value=component, repair=_("Known are: {names}.").format(names=", ".join(_PARTS)),
            )  # fmt: skip
        if missing:
            raise fail(
                "spec-types",
                _("The types of “{component}” do not name every area.").format(component=component),
                value=", ".join(missing[:10]),
                repair=_("Give each area a type."),
            )
        names = sorted(set(of.values()))
        numbers = np.array([names.index(of[a]) for a in town.layout.areas], dtype=np.int64)
        found |= dict.fromkeys(_PARTS[component], numbers)
    return found


def _people(town: Town) -> Array:
    return np.asarray(town.register.stocks[-1].sum(axis=(0, 1, 2)), dtype=np.float64)


def _crude(town: Town, events: Array) -> Array:
    """Events per person and year (areas,)."""
    axes = tuple(range(1, events.ndim - 1))
    yearly = np.nansum(events, axis=axes).mean(axis=0)
    people = town.register.stocks[1:].sum(axis=(1, 2, 3)).mean(axis=0)
    rates = np.divide(yearly, people, out=np.zeros_like(people), where=people > 0)
    return np.asarray(rates, dtype=np.float64)


def _grouped(rates: Array, people: Array, minimum: float) -> NDArray[np.int64]:
    """Types (areas,) numbered by rising rate: neighbours in rate joined until all are large."""
    order = np.argsort(rates, kind="stable")
    groups = [[int(a)] for a in order]
    while len(groups) > 1:
        sizes = [people[g].sum() for g in groups]
        smallest = int(np.argmin(sizes))
        if sizes[smallest] >= minimum:
            break
        means = [np.average(rates[g], weights=people[g] + 1e-9) for g in groups]
        near = [n for n in (smallest - 1, smallest + 1) if 0 <= n < len(groups)]
        other = min(near, key=lambda n: abs(means[n] - means[smallest]))
        first, second = sorted((smallest, other))
        groups[first : second + 1] = [groups[first] + groups[second]]
    found = np.zeros(len(rates), dtype=np.int64)
    for number, group in enumerate(groups):
        found[group] = number
    return found
