"""Stored forecasts as read: courses, fans, pyramids, components, comparison of scenarios.

Everything is read once; afterwards answers come from arrays, so a page can ask while a slider is
dragged. Numbers are the whole persons that the project holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from monitor_app.app import forecasting_axes as axes
from monitor_app.app.forecastcells import GroupRange, cell_range
from monitor_app.app.forecasting_fans import planning_axis
from monitor_app.app.forecasting_fanstore import CHANCE, CHANCE_OF, FAN, FAN_AGE
from monitor_app.app.forecasting_five import STEP
from monitor_app.app.forecasting_run import read
from monitor_app.app.forecasting_town import Town
from monitor_app.app.scenarios import dataset_start, removed_scenarios, run_key, scenarios
from monitor_app.app.session import Session
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY, AreaSystem
from monitor_app.core.cube import Cube
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.forecast.spec import ForecastSpec, load_spec
from monitor_app.forecast.state import Array

#: Components in the order in which they are shown, with their sign.
PARTS = (
    ("births", 1), ("deaths", -1), ("arrivals", 1), ("departures", -1), ("net_migration", 1),
    ("moves_in", 1), ("moves_out", -1),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ResultLevel:
    """A level that results are known for; ``member`` (units, areas) says which areas make one."""

    key: str
    name: str
    units: tuple[str, ...]
    names: dict[str, str]
    member: Array


@dataclass(frozen=True, eq=False)
class Fan:
    """Quantiles (levels, units) of one year or (levels, years + 1) of one unit; base year first."""

    levels: tuple[float, ...]
    values: Array

    def band(self, share: float) -> tuple[Array, Array]:
        """Lower and upper edge of the central band that holds ``share`` of the draws."""
        low = self.levels.index(round((1 - share) / 2, 4))
        high = self.levels.index(round((1 + share) / 2, 4))
        return self.values[low], self.values[high]


@dataclass(frozen=True, eq=False)
class ScenarioRead:
    """One scenario: ``people`` (years, sex, age, area), ``parts`` name -> (years, areas), ``fans``
    level -> (quantile levels, quantiles (levels, years + 1, total and age groups, units)),
    ``chance`` what chance decides in each cell (areas or town, years + 1, sex, age), if kept."""

    key: str
    label: str
    note: str
    people: Array
    parts: dict[str, Array]
    fans: dict[str, tuple[tuple[float, ...], Array]]
    chance: Array | None = None


@dataclass(frozen=True, eq=False)
class Results:
    """A stored forecast beside what was observed.

    ``observed`` (years, sex, age, area) in the ages of the forecast; ``groups``: age groups that
    are planned for, as far as the ages allow; ``years`` those forecast, after ``base``.
    """

    spec: ForecastSpec
    levels: tuple[ResultLevel, ...]
    sexes: tuple[str, ...]
    ages: AgeAxis
    groups: AgeAxis
    observed_years: tuple[int, ...]
    observed: Array
    base: int
    years: tuple[int, ...]
    new_year: bool
    scenarios: tuple[ScenarioRead, ...]
    counted_on: tuple[int, int] = (12, 31)  # month and day of the stocks
    ran: ForecastSpec | None = None
    _by_level: dict[str, ResultLevel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_level.update({level.key: level for level in self.levels})

    @property
    def assumed(self) -> ForecastSpec:
        """The specification that was computed, where it is known: ``spec`` may be changed since."""
        return self.ran or self.spec

    # what there is ---------------------------------------------------------------------------

    def level(self, key: str) -> ResultLevel:
        return self._by_level[key]

    def scenario(self, key: str) -> ScenarioRead:
        """The scenario of a key; ``UserError`` for an unknown one."""
        for known in self.scenarios:
            if known.key == key:
                return known
        raise fail(
            "no-scenario",
            _("The project has no forecast scenario “{key}”.").format(key=key),
            value=key,
            repair=_("Known are: {names}.").format(
                names=", ".join(s.key for s in self.scenarios)
            ),
        )  # fmt: skip

    @property
    def main(self) -> ScenarioRead:
        """The middle scenario, the first one where none is called so."""
        return next((s for s in self.scenarios if s.key == "middle"), self.scenarios[0])

    def day(self, year: int) -> date:
        """The day that the stock of a year is dated."""
        if self.new_year:
            return date(year + 1, 1, 1)
        month, day = self.counted_on
        return date(year, month, 28 if (month, day) == (2, 29) else day)

    def group_names(self) -> tuple[str, ...]:
        """Names of the groups, all ages first."""
        return (_("All ages"), *(_("{ages} years").format(ages=g) for g in self.groups.labels))

    # courses ---------------------------------------------------------------------------------

    def _rows(self, group: int) -> slice:
        """Age rows of a group; 0 stands for all ages."""
        if group == 0:
            return slice(0, None)
        wanted = self.groups.groups[group - 1]
        found = self.ages.select(wanted.lo, wanted.hi)
        assert found is not None
        return found

    def seen(self, level: str, group: int = 0) -> Array:
        """Observed persons (years, units)."""
        values = self.observed[:, :, self._rows(group)].sum(axis=(1, 2))
        return np.asarray(values @ self.level(level).member.T)

    def ahead(self, scenario: str, level: str, group: int = 0) -> Array:
        """Forecast persons (years, units)."""
        values = self.scenario(scenario).people[:, :, self._rows(group)].sum(axis=(1, 2))
        return np.asarray(values @ self.level(level).member.T)

    def fan(self, scenario: str, level: str, unit: str, group: int = 0) -> Fan | None:
        """Quantiles (levels, years + 1) from the base on; None where no draws were made."""
        found = self.scenario(scenario).fans.get(level)
        if found is None:
            return None
        at = self.level(level).units.index(unit)
        return Fan(found[0], found[1][:, :, group, at])

    def components(self, scenario: str, level: str) -> dict[str, Array]:
        """Signed components (years, units): births +, deaths −, moves within as a balance."""
        member = self.level(level).member
        parts = self.scenario(scenario).parts
        found = {
            name: sign * (parts[name] @ member.T)
            for name, sign in PARTS
            if name in parts and not name.startswith("moves_")
        }
        if "moves_in" in parts and level != CITY:
            found["moves"] = (parts["moves_in"] - parts["moves_out"]) @ member.T
        return found

    def pyramid(self, level: str, unit: str, year: int, scenario: str | None) -> Array:
        """Persons (sex, age) of a unit; observed where no scenario is named."""
        row = self.level(level).member[self.level(level).units.index(unit)]
        if scenario is None:
            values = self.observed[self.observed_years.index(year)]
        else:
            values = self.scenario(scenario).people[self.years.index(year)]
        return np.asarray(values @ row)

    def pyramid_range(
        self, level: str, unit: str, year: int, scenario: str
    ) -> tuple[Array, Array] | None:
        """Bounds of 80 per cent (sex, age) of a forecast pyramid; None where none are known."""
        found = self.scenario(scenario)
        chance = found.chance
        if chance is None or level not in found.fans:
            return None
        fans = [self.fan(scenario, level, unit, n + 1) for n in range(len(self.groups))]
        at = year - self.base
        bands = [(*f.band(0.8), f.values[f.levels.index(0.5)]) for f in fans if f is not None]
        low, high, middle = (np.array([b[n][at] for b in bands]) for n in range(3))
        return cell_range(
            self.pyramid(level, unit, year, scenario), self.ages,
            chance[CHANCE_OF.index("town" if level == CITY else "area"), at],
            GroupRange(self.groups, low, middle, high), at,
        )  # fmt: skip


def stored_forecasts(session: Session) -> dict[str, str]:
    """Forecasts whose numbers the project holds: id -> name."""
    specs = {k: load_spec(t) for k, t in session.project.documents("forecast").items()}
    ids = dict.fromkeys(s.key.partition("/")[0] for s in scenarios(session.project))
    return {i: specs[i].name or _("Forecast") for i in ids if i in specs}


def read_results(session: Session, forecast: str, progress: Progress | None = None) -> Results:
    """*Slow.* A stored forecast and the observed series before it. ``UserError`` where there is
    none of that name."""
    steps = progress or Progress()
    project, areas = session.project, session.areas
    known = [s for s in scenarios(project) if s.key.partition("/")[0] == forecast]
    text = project.document("forecast", forecast)
    gone = None if known or text is None else removed_scenarios(project, forecast)
    if gone is not None:
        raise UserError(gone)
    if not known or text is None:
        raise fail(
            "no-forecast",
            _("The project has no forecast “{name}”.").format(name=forecast),
            value=forecast,
            repair=_("Compute one first: room “Forecast”, or the command “forecast”."),
        )
    spec = load_spec(text)
    steps.step(0.0, _("Reading the forecast …"))
    # The assumptions may have been changed since: the level is that of the numbers, and what was
    # observed is everybody, in ages that those of the numbers can be made of.
    levels = {info.spec.key: info.spec.level for info in project.datasets()}
    start = dataset_start(forecast, known[0].key.partition("/")[2])
    level = levels[start + "population"]
    town = read(
        project, areas,
        spec.model_copy(update={"base": None, "level": level, "age_step": "single",
                                "special": [], "special_dataset": "none"}),
    )  # fmt: skip
    labels = {s.key: s for s in spec.scenarios}
    found, first = [], None
    for n, scenario in enumerate(known):
        steps.step((1 + n) / (1 + len(known)), scenario.name)
        key = scenario.key.partition("/")[2]
        start = dataset_start(forecast, key)
        cube = project.cube(start + "population")
        first = first or cube
        assert cube.ages is not None
        own = tuple(k for k in scenario.datasets if k.startswith(start))
        found.append(
            ScenarioRead(
                key, labels[key].label or _label(key), labels[key].note,
                _people(cube, town.layout.areas), _parts(session, start, own, town),
                _fans(session, start, own), _chance(session, start, own),
            )
        )  # fmt: skip
    assert first is not None
    ran = project.remembered(run_key(forecast))
    done = _results(spec, town, areas, first, found)
    return replace(done, ran=load_spec(ran)) if ran else done


def _label(key: str) -> str:
    known = {"lower": _("Lower"), "middle": _("Middle"), "upper": _("Upper")}
    return known.get(key, key)


def _base(spec: ForecastSpec, years: Sequence[int], observed: Sequence[int]) -> int:
    """Year that numbers of ``years`` start from: one step before the first one."""
    if len(years) > 1:
        return 2 * years[0] - years[1]
    steps = [years[0] - 1, years[0] - STEP]
    return next((y for y in (spec.base, *observed[::-1]) if y in steps), steps[0])


def _results(
    spec: ForecastSpec, town: Town, areas: AreaSystem, cube: Cube, found: Sequence[ScenarioRead]
) -> Results:
    assert cube.ages is not None
    stocks = town.register.stocks.sum(axis=2)
    if len(cube.ages) != stocks.shape[2]:
        # The forecast is kept in the age groups of the data: so is what was observed.
        stocks = np.stack([stocks[:, :, g.lo : g.hi].sum(axis=2) for g in cube.ages.groups], axis=2)
    years = tuple(d.year - 1 if town.new_year else d.year for d in cube.dates)
    sexes = town.layout.sexes
    groups = planning_axis(None if axes.is_single(cube.ages) else cube.ages)
    return Results(
        spec, _levels(areas, town), sexes, cube.ages, groups, town.years, np.rint(stocks),
        _base(spec, years, town.years), years, town.new_year, tuple(found), town.day,
    )  # fmt: skip


def _people(cube: Cube, areas: Sequence[str]) -> Array:
    values = axes.ordered(cube, ("date", "sex", "group", "age", "area")).sum(axis=2)
    return np.asarray(values[..., [cube.area_index[a] for a in areas]])


def _parts(session: Session, start: str, keys: Sequence[str], town: Town) -> dict[str, Array]:
    found = {}
    for name, _sign in PARTS:
        if start + name not in keys:
            continue
        cube = session.project.cube(start + name)
        values = axes.ordered(cube, ("date", "area"))
        found[name] = values[:, [cube.area_index[a] for a in town.layout.areas]]
    for name, other in (("moves_in", "moves_out"), ("moves_out", "moves_in")):
        if name in found and other not in found:
            found[other] = np.zeros_like(found[name])
    return found


def _fans(
    session: Session, start: str, keys: Sequence[str]
) -> dict[str, tuple[tuple[float, ...], Array]]:
    found = {}
    for key in keys:
        what = key.removeprefix(start)
        if not what.startswith(FAN) or what.startswith(FAN_AGE):
            continue
        level = what.removeprefix(FAN)
        total = session.project.cube(key)
        by_age = session.project.cube(f"{start}{FAN_AGE}{level}")
        levels = tuple(int(code[1:]) / 1000 for code in total.labels["group"])
        # (group, date, unit) and (group, date, age, unit) -> (levels, years + 1, variables, units)
        whole = axes.ordered(total, ("group", "date", "area"))[:, :, None]
        parts = axes.ordered(by_age, ("group", "date", "age", "area"))
        found[level] = (levels, np.concatenate([whole, parts], axis=2))
    return found


def _chance(session: Session, start: str, keys: Sequence[str]) -> Array | None:
    if start + CHANCE not in keys:
        return None
    cube = session.project.cube(start + CHANCE)
    values = axes.ordered(cube, ("area", "group", "date", "sex", "age"))[0]
    order = [cube.labels["group"].index(code) for code in CHANCE_OF]
    return np.asarray(values[order] / 1000.0)


def _levels(areas: AreaSystem, town: Town) -> tuple[ResultLevel, ...]:
    """The town, then coarse to fine down to the level of the forecast."""
    own = town.layout.areas
    found = []
    for level in areas.levels:
        if level.key == CITY:
            continue
        if level.key == town.level:
            units, member = own, np.eye(len(own))
        else:
            above = areas.ancestor(town.level, level.key)
            if not areas.finer(town.level, level.key) or any(a not in above for a in own):
                continue
            inside = set(above.values())
            units = tuple(k for k in areas.keys(level.key) if k in inside)
            member = np.array([[float(above[a] == u) for a in own] for u in units])
        names = {a.key: a.name for a in areas.at(level.key)}
        found.append(ResultLevel(level.key, level.name, units, names, member))
    city = ResultLevel(
        CITY, _("Town as a whole"), (CITY,), {CITY: _("Town as a whole")}, np.ones((1, len(own)))
    )
    return (city, *found)
