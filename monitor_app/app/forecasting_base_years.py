"""Years that rates rest on: their weights by component as a table, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitor_app.app.forecasting_events import Source
from monitor_app.app.forecasting_run import method_of
from monitor_app.app.forecasting_town import Town
from monitor_app.app.forecastspecs import part_names
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.forecast.spec import ForecastSpec

#: What the base years of a specification may hold for one component.
Given = list[int] | dict[int, float]
#: Components that people leave unusual years out of.
MIGRATION = ("arrivals", "departures", "moves")
_ENGINE_NAMES = {"moves": "moves_in", "naturalisation": "naturalised"}
_EVERY = "all"


@dataclass(frozen=True)
class YearTable:
    """Weights of years: ``titles`` component -> name in their order; ``weights`` and ``usual``
    component -> weight of each of ``years`` (0: left out)."""

    years: tuple[int, ...]
    titles: dict[str, str]
    weights: dict[str, tuple[float, ...]]
    usual: dict[str, tuple[float, ...]]

    def is_usual(self, component: str) -> bool:
        return self.weights[component] == self.usual[component]


def year_table(spec: ForecastSpec, town: Town) -> YearTable:
    """The weights of a specification for the years of events that ``town`` knows; only components
    whose rates come from the town's own years. Without any where a forecast goes in steps of five
    years: its rates rest on all stocks."""
    years = town.years[1:]
    titles = {} if town.layout.step > 1 else weighed_components(town)
    usual = {c: usual_weights(spec, c, years) for c in titles}
    known = spec.weights()
    weights = {
        c: tuple(known[c].get(y, 0.0) for y in years) if any(known.get(c, {}).values())
        else usual[c]
        for c in titles
    }  # fmt: skip
    return YearTable(years, titles, weights, usual)


def weighed_components(town: Town) -> dict[str, str]:
    """Components whose rates rest on years of the town -> name. Where only stocks are known the
    net migration of cohorts stands for all moves (under ``arrivals``)."""
    names, found = part_names(), {}
    for component, name in names.items():
        source = town.sources.get(_ENGINE_NAMES.get(component, component), Source.NONE)
        if source in (Source.DEFAULT, Source.NONE):
            continue
        if town.residual and component in MIGRATION:
            if component == "arrivals":
                found[component] = _("Net migration")
            continue
        if component == "moves" and len(town.layout.areas) == 1:
            continue
        if component == "naturalisation" and len(town.layout.groups) < 2:
            continue
        found[component] = name
    return found


def without_rates(town: Town) -> frozenset[str]:
    """Components that a forecast of the town has no rates of: factors on them do nothing."""
    names = ((c, _ENGINE_NAMES.get(c, c)) for c in part_names())
    found = {c for c, name in names if town.sources.get(name, Source.NONE) is Source.NONE}
    if town.residual or len(town.layout.areas) == 1:
        found.add("moves")
    if len(town.layout.groups) < 2:
        found.add("naturalisation")
    return frozenset(found)


def usual_weights(spec: ForecastSpec, component: str, years: Sequence[int]) -> tuple[float, ...]:
    """Weights of ``years`` where none are given for the component itself."""
    others = {k: v for k, v in spec.base_years.items() if k != component}
    method = method_of(spec.model_copy(update={"base_years": others}))
    known = tuple(years)
    if not known:
        return ()
    weights = method.year_weights(_ENGINE_NAMES.get(component, component), known)
    return tuple(float(w) for w in weights)


def with_weights(
    spec: ForecastSpec, table: YearTable, changes: Mapping[str, Sequence[float]]
) -> dict[str, Given]:
    """The base years of ``spec`` with other weights of components (one per year of ``table``).

    A component as usual is left out; years that the table does not show keep their weights; what
    is not changed stays as it is written. ``ValueError`` where no year of a component is left.
    """
    found = dict(spec.base_years)
    for component, weights in changes.items():
        if not any(w > 0 for w in weights):
            raise ValueError(component)
        if tuple(weights) == table.usual[component]:
            found.pop(component, None)
            continue
        given = dict(zip(table.years, weights, strict=True))
        hidden = {
            y: w for y, w in spec.weights().get(component, {}).items() if y not in table.years
        }
        every = dict(sorted((given | hidden).items()))
        plain = all(w in (0.0, 1.0) for w in every.values())
        found[component] = [y for y, w in every.items() if w > 0] if plain else {
            y: w for y, w in every.items() if w > 0}  # fmt: skip
    return found


def base_year_words(spec: ForecastSpec, town: Town | None = None) -> tuple[str, ...]:
    """Which years count for which component, components alike in one sentence; empty where every
    component rests on the usual years. ``town``: names only what is estimated from its years."""
    known = part_names() if town is None else weighed_components(town)
    names = {**known, _EVERY: _("all other components")}
    alike: dict[str, list[str]] = {}
    for component in (*(k for k in names if k != _EVERY), _EVERY):
        weights = spec.weights().get(component)
        if weights and any(weights.values()):
            alike.setdefault(years_words(weights), []).append(names[component])
    return tuple(
        _("{components}: {years}").format(components=_listed(found), years=years)
        for years, found in alike.items()
    )


def usual_words(spec: ForecastSpec) -> str:
    """The years that count where none are given."""
    births = method_of(spec).births_base
    if spec.base_period <= births:
        return _("the last {years} years").format(years=spec.base_period)
    return _("the last {years} years; births: the last {births}").format(
        years=spec.base_period, births=births
    )


def years_words(weights: Mapping[int, float]) -> str:
    """``2014–2024 without 2015–2016; 2023 with weight 0.5``."""
    used = sorted(y for y, w in weights.items() if w > 0)
    gaps = [y for y in range(used[0], used[-1]) if y not in used]
    text = spans(used) if len(gaps) > len(used) else spans(range(used[0], used[-1] + 1))
    if gaps and len(gaps) <= len(used):
        text = _("{years} without {gaps}").format(years=text, gaps=spans(gaps))
    light: dict[float, list[int]] = {}
    for year in used:
        if weights[year] != 1.0:
            light.setdefault(weights[year], []).append(year)
    parts = [
        _("{years} with weight {weight}").format(years=spans(years), weight=weight_text(weight))
        for weight, years in light.items()
    ]
    return "; ".join([text, *parts])


def spans(years: Iterable[int]) -> str:
    """``2015–2016, 2020``: years in a row as one."""
    known = sorted(years)
    starts = [known[0], *(b for a, b in pairwise(known) if b != a + 1)]
    ends = [*(a for a, b in pairwise(known) if b != a + 1), known[-1]]
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=True))


def weight_text(weight: float) -> str:
    """A weight without needless decimals."""
    digits = next((d for d in (0, 1) if round(weight, d) == round(weight, 2)), 2)
    return format_number(weight, digits)


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return _("{names} and {last}").format(names=", ".join(names[:-1]), last=names[-1])
