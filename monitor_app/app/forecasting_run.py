"""A forecast as specified: scenarios, projects, targets, bounds and intervals of one town."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitor_app.app import forecasting_engine as engine
from monitor_app.app.forecasting_assumptions import assumed_rates, has_local
from monitor_app.app.forecasting_backtest import history
from monitor_app.app.forecasting_checks import check_events, check_reachable
from monitor_app.app.forecasting_draws import DrawInputs, Paths, given_totals
from monitor_app.app.forecasting_finish import finish_of
from monitor_app.app.forecasting_five import check_five, five_year_rates, five_year_town
from monitor_app.app.forecasting_housing import Planned, check_types, planned_housing
from monitor_app.app.forecasting_intervals import Intervals, expected_widths, make_intervals
from monitor_app.app.forecasting_rates import Method, TownRates, town_rates
from monitor_app.app.forecasting_reform import on_present_areas, told_bridges
from monitor_app.app.forecasting_special import hold_apart, with_special
from monitor_app.app.forecasting_town import Town, ensure, read_town
from monitor_app.app.forecasting_trends import check_trends
from monitor_app.app.forecasting_types import area_types
from monitor_app.app.forecasting_usual import ALL_AREAS, usual_effect, with_usual_housing
from monitor_app.app.rates_edit import check_edits, with_edits
from monitor_app.core.areas import AreaSystem
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError
from monitor_app.core.progress import Progress
from monitor_app.forecast.checks import check_rates, check_stock, describe_shortfalls
from monitor_app.forecast.defaults import countries
from monitor_app.forecast.projection import Projection
from monitor_app.forecast.rates import Scheme
from monitor_app.forecast.spec import ForecastSpec, Scenario
from monitor_app.forecast.spec_parts import RateChange
from monitor_app.forecast.state import Array
from monitor_app.indicators.inputs import CubeSource

#: Stocks that a measurement of past errors needs at least.
MINIMUM_YEARS = 7


@dataclass(frozen=True, eq=False)
class ScenarioResult:
    """One scenario. ``projection.stocks`` (years + 1, sex, group, age, area)."""

    scenario: Scenario
    projection: Projection
    intervals: Intervals | None
    issues: tuple[Issue, ...]


@dataclass(frozen=True, eq=False)
class Forecast:
    """Everything a run has made."""

    spec: ForecastSpec
    town: Town
    results: tuple[ScenarioResult, ...]
    issues: tuple[Issue, ...]

    @property
    def years(self) -> tuple[int, ...]:
        """Years at whose end the forecast stocks stand, the launch first."""
        last = self.town.years[-1]
        return tuple(range(last, last + self.spec.years + 1, self.town.layout.step))


def method_of(spec: ForecastSpec) -> Method:
    """The part of a specification that says how rates are made."""
    renamed = {"moves": ("moves_in", "moves_out"), "naturalisation": ("naturalised",)}
    weights = {
        name: years
        for component, years in spec.weights().items()
        for name in renamed.get(component, (component,))
    }
    moving = spec.switched_on("arrivals")
    return Method(
        base=spec.base_period, control=spec.control if moving else 0.0, weights=weights,
        combination=spec.weights_of_methods() if moving else {}, trends=damping_of(spec),
    )  # fmt: skip


def damping_of(spec: ForecastSpec) -> dict[str, float]:
    """Component -> share of the pace of its rates that is left a year later."""
    return {str(component): share for component, share in spec.trends.items()}


def country_of(spec: ForecastSpec, areas: AreaSystem) -> str:
    """Country of the default rates: as given, else where the coordinates of the project lie."""
    if spec.country != "auto":
        return spec.country
    known = {"DE": "Germany", "AT": "Austria", "CH": "Switzerland"}
    place = _place(areas.crs)
    return next((c for c in countries() if known.get(c, "?") in place), "DE")


def _place(crs: str | None) -> str:
    """Area of use of a coordinate system, in words."""
    if crs is None:
        return ""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        use = CRS.from_user_input(crs).area_of_use
    except CRSError:
        return ""
    name = "" if use is None else str(use.name)
    # Systems of a whole region (UTM zones) name many countries: they decide nothing.
    return name if name.count(",") <= 2 and ";" not in name else ""


def read(
    source: CubeSource, areas: AreaSystem, spec: ForecastSpec, progress: Progress | None = None
) -> Town:
    """*Slow.* The town of a specification at its base year. ``UserError`` for what forbids a
    forecast; ``Cancelled`` between two data sets."""
    carried = told_bridges(areas, spec.level)
    source, areas = on_present_areas(source, areas)
    town = read_town(
        source, areas, spec.level, country_of(spec, areas), spec.dataset, spec.first_year,
        spec.base, progress,
    )  # fmt: skip
    if spec.base is not None:
        if spec.base not in town.years[2:]:
            raise UserError(
                _error(
                    "spec-base",
                    _("{year} cannot be the base of the forecast.").format(year=spec.base),
                    _("Choose a year from {first} to {last}.").format(
                        first=town.years[2], last=town.years[-1]
                    ),
                )
            )
        town = town.until(town.years.index(spec.base))
    town = replace(town, issues=(*town.issues, *carried))
    town = hold_apart(source, areas, spec, town)
    return five_year_town(town) if spec.age_step == "five" else town


def check(spec: ForecastSpec, town: Town) -> list[Issue]:
    """All findings before a run: names, years, bounds and the launch."""
    found = check_stock(town.layout, town.register.stocks[-1])
    if town.layout.step > 1:
        found += check_five(spec, town)
    known, last = set(town.layout.areas), town.years[-1]
    named = {
        "housing": [p.area for p in spec.housing],
        "demolition": [d.area for d in spec.demolition],
        "special": [s.area for s in spec.special],
        "changes": [a for c in _changes(spec) for a in c.areas],
        "targets": [t.area for t in spec.targets if t.area is not None],
        "bounds": list(spec.bounds),
        "attractiveness": list(spec.attractiveness),
        "usual_housing": [] if isinstance(spec.usual_housing, str) else [
            a for a in spec.usual_housing if a != ALL_AREAS],
    }  # fmt: skip
    for entry, keys in named.items():
        odd = sorted({k for k in keys if k not in known})
        if odd:
            found.append(
                replace(
                    _error(
                        "spec-area",
                        _("Areas that the forecast does not have: {areas}").format(
                            areas=", ".join(odd[:10])
                        ),
                        _("Use keys of the level “{level}”.").format(level=spec.level),
                    ),
                    column=entry,
                )
            )
    found += _odd_groups(spec, town)
    for target in spec.targets:
        if not last < target.year <= last + spec.years:
            found.append(
                _error(
                    "spec-target",
                    _("There is no forecast year {year} for a target.").format(year=target.year),
                    _("Choose a year from {first} to {last}.").format(
                        first=last + 1, last=last + spec.years
                    ),
                )
            )
    found += check_trends(damping_of(spec), bool(spec.base_years), town)
    found += [*_contradictions(spec), *check_reachable(spec, town), *check_events(town)]
    for component, years in spec.weights().items():
        if not any(w > 0 and y in town.years[1:] for y, w in years.items()):
            found.append(
                replace(
                    _error(
                        "spec-base-years",
                        _("None of the base years is known in the data."),
                        _("Choose years from {first} to {last}.").format(
                            first=town.years[1], last=last
                        ),
                    ),
                    column=component,
                )
            )
    return found


def _changes(spec: ForecastSpec) -> list[RateChange]:
    return [*spec.changes, *(c for s in spec.scenarios for c in s.changes)]


def _odd_groups(spec: ForecastSpec, town: Town) -> list[Issue]:
    """Groups of people that the population does not tell apart."""
    named = {c.group for c in _changes(spec)} | {s.group for s in spec.special}
    odd = sorted(g for g in named if g is not None and g not in town.layout.groups)
    if not odd:
        return []
    known = ", ".join(town.labels.get(g, g) for g in town.layout.groups)
    return [
        _error(
            "spec-group",
            _("Groups that the population does not have: {groups}").format(groups=", ".join(odd)),
            _("Known are: {names}.").format(names=known),
        )
    ]


def _contradictions(spec: ForecastSpec) -> list[Issue]:
    """Targets of one year that cannot be met together, and bounds that forbid a target."""
    found, seen = [], set()
    for t in spec.targets:
        key = (t.year, t.area, "migration" if t.what in ("population", "net_migration") else t.what)
        if key in seen:
            found.append(
                _error(
                    "spec-target-twice",
                    _("Two targets of {year} contradict each other.").format(year=t.year),
                    _("Keep one of them."),
                )
            )
        seen.add(key)
        bound = spec.bounds.get(t.area or "")
        if bound is not None and t.what == "population":
            upper = np.inf if bound.upper is None else bound.upper
            if not bound.lower <= t.value <= upper:
                found.append(
                    _error(
                        "spec-target-bound",
                        _("The target of {area} in {year} lies outside of its bounds.").format(
                            area=t.area, year=t.year
                        ),
                        _("Correct one of the two."),
                    )
                )
    return found


def _error(code: str, message: str, repair: str) -> Issue:
    return Issue(code, Severity.ERROR, message, repair=repair)


def findings(
    source: CubeSource, areas: AreaSystem, spec: ForecastSpec, town: Town
) -> tuple[tuple[Planned, ...], list[Issue]]:
    """Housing projects of a forecast, and everything that is found before it runs."""
    projects, told = planned_housing(source, areas, spec, town)
    counted, more = with_usual_housing(source, areas, spec, town, method_of(spec))
    found = [*town.issues, *check(spec, town), *told, *more, *check_types(spec, projects)]
    if not any(i.severity is Severity.ERROR for i in found):
        found += usual_effect(counted, town, projects)
    return projects, found


def make_forecast(
    source: CubeSource, areas: AreaSystem, spec: ForecastSpec, progress: Progress | None = None
) -> Forecast:
    """*Slow.* Read, check and run. ``UserError`` before anything runs; ``Cancelled`` on cancel."""
    steps = progress or Progress()
    steps.step(0.0, _("Reading the data …"))
    town = read(source, areas, spec, steps)
    projects, issues = findings(source, areas, spec, town)
    ensure(issues)
    method = method_of(spec)
    counted = with_usual_housing(source, areas, spec, town, method)[0]
    types, told = area_types(spec, town)
    issues += told
    five = town.layout.step > 1
    base = five_year_rates(town, method) if five else town_rates(town, method, types)
    issues += check_edits(spec.rates, town, base)
    ensure(issues)
    usual = with_edits(base, [e for e in spec.rates if not e.areas], town.layout)
    base = with_edits(base, spec.rates, town.layout)
    issues += check_rates(town.layout, base.first, Scheme.HAZARD)
    ensure(issues)
    widths: list[tuple[Array, Array]] = []
    measured = len(town.years) >= MINIMUM_YEARS
    if spec.draws:
        longest = min(spec.years, len(town.years) - 1)
        part = steps.part(0.05, 0.35)
        past = history(town, method, longest, part) if measured else None
        widths = expected_widths(past, town, spec.years, steps.part(0.35, 0.4))
        if past is None:
            issues.append(
                Issue(
                    "intervals-default",
                    Severity.WARNING,
                    _("The history is too short to measure errors: intervals rest on errors usual"
                      " in German towns."),
                )
            )  # fmt: skip
    results = []
    kept: dict[object, Paths] = {}
    for n, scenario in enumerate(spec.scenarios):
        part = steps.part(0.4 + 0.6 * n / len(spec.scenarios), 0.4 + 0.6 * (n + 1) / len(
            spec.scenarios))  # fmt: skip
        part.step(0.0, scenario.label or scenario.key)
        done = _scenario(counted, town, method, (base, usual), scenario, projects, part)
        if spec.draws:
            shown = done[0].projection
            built = projects if scenario.housing else ()
            inputs = DrawInputs(built, given_totals(spec, town, shown), kept)
            ranges = make_intervals(
                counted, town, done[1], shown, widths, measured, areas, part.part(0.3, 1.0), inputs
            )
            results.append(replace(done[0], intervals=ranges))
        else:
            results.append(done[0])
    return Forecast(spec, town, tuple(results), tuple(issues))


def _scenario(
    spec: ForecastSpec, town: Town, method: Method, bases: tuple[TownRates, TownRates],
    scenario: Scenario, projects: Sequence[Planned], progress: Progress,
) -> tuple[ScenarioResult, TownRates]:  # fmt: skip
    """``bases``: rates, and rates without what was changed by hand for single areas."""
    base, usual = bases
    rates = assumed_rates(spec, town, base, scenario)
    finish = finish_of(spec, town, rates, scenario, projects)
    local = has_local(spec, scenario) or any(e.areas for e in spec.rates)
    done, missed = engine.run(
        town, method, spec.years // town.layout.step, rates=rates, finish=finish,
        neutral=assumed_rates(spec, town, usual, scenario, local=False) if local else None,
        progress=progress.part(0.0, 0.3),
    )  # fmt: skip
    done = with_special(done, town.special, (slice(None),))
    last = town.years[-1]
    issues = [
        issue
        for step, gap in missed
        for issue in describe_shortfalls(town.layout, [gap], last + (step + 1) * town.layout.step)
    ]
    return ScenarioResult(scenario, done, None, tuple(issues)), rates
