"""The component kit as wired: housing, demolition, special groups, paths of rates, variants."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pytest
from forecasting_towns import AGES, KEYS, Source, counted, source, stocks, system

from monitor_app.app import forecasting_housing as housing
from monitor_app.app import forecasting_run as runs
from monitor_app.app.forecasting_rates import town_rates
from monitor_app.app.forecasting_types import area_types
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.core.issues import UserError
from monitor_app.core.planned import PlannedHousing, PlannedProject
from monitor_app.core.status import Status
from monitor_app.forecast.projection import Projection
from monitor_app.forecast.spec import COMPONENTS, dump_spec, load_spec, make_spec

BASE = {"level": "quarter", "years": 4}


def result(entry: dict[str, Any], data: Source | None = None) -> Projection:
    done = runs.make_forecast(data or source(stocks(12)), system(), make_spec({**BASE, **entry}))
    return done.results[0].projection


def stock(done: Projection) -> np.ndarray:
    assert done.stocks is not None
    return done.stocks


@dataclass
class Keeping(Source):
    """A source with documents, as a project has them."""

    kept: dict[str, dict[str, str]] = field(default_factory=dict)

    def documents(self, kind: str) -> dict[str, str]:
        return self.kept.get(kind, {})


def keeping(*projects: PlannedProject, level: str = "quarter") -> Keeping:
    plain = source(stocks(12))
    text = PlannedHousing(level, "Projekte", projects).dump()
    return Keeping(plain.cubes, {"housing": {"planned_housing": text}})


# -- dwellings -------------------------------------------------------------------------------------


def test_first_residents_have_the_ages_of_their_type_and_the_balance_holds() -> None:
    kind = {"persons_per_dwelling": 2.5, "share_from_town": 0.0, "ages": {"30-34": 3, "0-1": 1}}
    project = {"name": "Neu", "area": "a1", "dwellings": {2020: 40}, "type": "own"}
    plain = result({"control": 0.0})
    built = result({"control": 0.0, "dwelling_types": {"own": kind}, "housing": [project]})
    came = (stock(built)[1] - stock(plain)[1]).sum(axis=(0, 1))
    assert built.imbalance < 1e-8
    assert came[:, 0].sum() == pytest.approx(100.0)
    assert came[30:35, 0] == pytest.approx(np.full(5, 15.0))
    assert came[0:2, 0] == pytest.approx(np.full(2, 12.5))
    assert np.abs(came[:, 1:]).max() < 1e-9


def test_projects_kept_in_the_project_join_the_forecast() -> None:
    late = PlannedProject("P1", "Feld", "b1", "hall", {2020: 30.0, 2021: 10.0}, 0.5)
    built = result({"control": 0.0}, keeping(late))
    plain = result({"control": 0.0})
    more = built.totals - plain.totals
    # A shipped type: one person each, seven in ten from outside the town.
    assert more[1].sum() == pytest.approx(0.5 * 30 * 0.7)
    assert more[1, 2] > 0
    off = result({"control": 0.0, "planned_housing": False}, keeping(late))
    assert np.array_equal(off.totals, plain.totals)
    without = result(
        {"control": 0.0, "scenarios": [{"key": "bare", "housing": False}]}, keeping(late)
    )
    assert np.allclose(without.totals, plain.totals)


def test_a_project_of_the_specification_replaces_the_kept_one() -> None:
    kept = PlannedProject("P1", "Feld", "b1", "hall", {2020: 30.0})
    own = {"name": "P1", "area": "b1", "dwellings": {2020: 1}, "persons_per_dwelling": 1.0,
           "share_from_town": 0.0}  # fmt: skip
    plain, built = (
        result({"control": 0.0}),
        result({"control": 0.0, "housing": [own]}, keeping(kept)),
    )
    assert (built.totals - plain.totals)[1].sum() == pytest.approx(1.0)


def test_a_type_tells_what_a_project_does_not_also_after_keeping() -> None:
    spec = make_spec({
        **BASE,
        "dwelling_types": {"own": {"persons_per_dwelling": 1.4, "share_from_town": 0.1},
                           "hall": {"persons_per_dwelling": 1.2, "share_from_town": 0.2}},
        "housing": [
            {"name": "a", "area": "a1", "dwellings": {2020: 1}, "type": "own"},
            {"name": "b", "area": "a1", "dwellings": {2020: 1}, "type": "own",
             "persons_per_dwelling": 2.1, "share_from_town": 0.6},
            {"name": "c", "area": "a1", "dwellings": {2020: 1}},
            {"name": "d", "area": "a1", "dwellings": {2020: 1}, "type": "small"},
            {"name": "e", "area": "a1", "dwellings": {2020: 1}, "type": "hall"},
        ],
    })  # fmt: skip
    kept = load_spec(dump_spec(spec))
    assert kept == spec
    assert [housing.residents(housing.type_of(kept, p), p) for p in kept.housing] == [
        (1.4, 0.1), (2.1, 0.6), (2.1, 0.6), (3.0, 0.6), (1.2, 0.2),
    ]  # fmt: skip
    assert housing.type_names(kept) == {
        "small": "Ein- und Zweifamilienhaus", "large": "Mehrfamilienhaus", "own": "own",
        "hall": "Wohnheim",
    }  # fmt: skip


def test_kept_projects_are_told_and_those_elsewhere_too() -> None:
    there = PlannedProject("P1", "Feld", "a1", "small", {2021: 10.0})
    lost = PlannedProject("P2", "Anderswo", "zz", "small", {2021: 10.0})
    done = runs.make_forecast(keeping(there, lost), system(), make_spec(BASE))
    found = {i.code: i.message for i in done.issues}
    assert "10" in found["housing-planned"]
    assert "Anderswo" in found["housing-elsewhere"]
    coarse = runs.make_forecast(keeping(there), system(), make_spec({**BASE, "level": "district"}))
    assert "housing-elsewhere" not in {i.code for i in coarse.issues}


def test_demolition_moves_people_and_loses_nobody_it_should_keep() -> None:
    entry = {"name": "Block", "area": "a2", "dwellings": {2020: 50, 2021: 10_000},
             "persons_per_dwelling": 2.0, "share_staying": 0.75}  # fmt: skip
    plain = result({"control": 0.0})
    done = result({"control": 0.0, "demolition": [entry]})
    change = done.totals - plain.totals
    assert done.imbalance < 1e-8
    assert change[1, 1] == pytest.approx(-100.0)
    assert change[1].sum() == pytest.approx(-25.0)
    # There are not ten thousand dwellings to pull down: the area is empty, not negative.
    assert stock(done).min() >= 0
    assert done.totals[2, 1] == pytest.approx(0.0, abs=1e-6)
    moved = done.components["moves_in"] - done.components["moves_out"]
    assert np.abs(moved.sum(axis=1)).max() < 1e-8


def test_who_leaves_follows_the_ages_given() -> None:
    entry = {"name": "Heim", "area": "a2", "dwellings": {2020: 30}, "persons_per_dwelling": 1.0,
             "share_staying": 0.0, "ages": {"40-49": 1}}  # fmt: skip
    plain, done = result({"control": 0.0}), result({"control": 0.0, "demolition": [entry]})
    gone = (stock(plain)[1] - stock(done)[1])[..., 1].sum(axis=(0, 1))
    assert gone[40:50].sum() == pytest.approx(30.0, rel=1e-4)


# -- special groups --------------------------------------------------------------------------------


def test_special_groups_neither_age_nor_meet_rates() -> None:
    entry = {"name": "Haft", "area": "a1", "persons": 60, "ages": {"20-29": 1}, "sex": "m"}
    plain = runs.make_forecast(source(stocks(12)), system(), make_spec(BASE))
    done = runs.make_forecast(source(stocks(12)), system(), make_spec({**BASE, "special": [entry]}))
    apart = done.town.special
    assert apart is not None
    assert apart.sum() == pytest.approx(60.0)
    assert apart[0, 0, 20:30, 0].sum() == pytest.approx(60.0)
    projection = done.results[0].projection
    # The launch is whole again, and the group is in every later stock as it was.
    assert np.allclose(stock(projection)[0], stock(plain.results[0].projection)[0])
    assert (stock(projection)[:, 0, 0, 20:30, 0] >= apart[0, 0, 20:30, 0]).all()
    assert projection.imbalance < 1e-8
    # Recount: the same town without those people, forecast without them, and they added again.
    less = stocks(12)
    register = done.town.register.stocks[:, :, 0].transpose(3, 0, 1, 2)
    assert np.allclose(register.sum(), less.sum() - 12 * 60)
    alone = runs.make_forecast(source(np.ascontiguousarray(register)), system(), make_spec(BASE))
    assert np.allclose(stock(alone.results[0].projection) + apart, stock(projection), atol=1e-6)


def special_data(persons: float, ages: bool = True) -> Source:
    data = source(stocks(12))
    spec = DatasetSpec(
        "variable_special", Kind.VARIABLE, "Sondergruppen", "quarter",
        variable="special_population",
    )  # fmt: skip
    labels: dict[str, Any] = {"area": KEYS[:1], "date": (date(2018, 12, 31),), "sex": ("m", "f")}
    values = np.zeros((1, 1, 2, 91))
    values[0, 0, :, 25] = persons / 2
    if ages:
        data.add(spec, Cube.of(labels, values, ages=AGES))
    else:
        data.add(spec, Cube.of(labels, values.sum(axis=3)))
    return data


def test_secret_numbers_of_special_groups_are_told() -> None:
    data = special_data(40)
    spec, cube = data.cubes["variable_special"]
    status = cube.status.copy()
    status[0, 0, 0, 25] = Status.SECRET
    values = np.where(status == Status.SECRET, np.nan, cube.values)
    labels = {"area": cube.areas, "date": cube.dates, "sex": ("m", "f")}
    data.add(spec, Cube.of(labels, values, ages=AGES, status=status))
    done = runs.make_forecast(data, system(), make_spec(BASE))
    assert done.town.special is not None
    assert done.town.special[:, 0, 25, 0] == pytest.approx([0.0, 20.0])
    assert [i.count for i in done.issues if i.code == "special-secret"] == [1]


def test_special_groups_come_from_a_data_set_of_the_project() -> None:
    done = runs.make_forecast(special_data(40), system(), make_spec(BASE))
    assert done.town.special is not None
    assert done.town.special[:, 0, 25, 0] == pytest.approx([20.0, 20.0])
    assert "special-apart" in {i.code for i in done.issues}
    off = runs.make_forecast(
        special_data(40), system(), make_spec({**BASE, "special_dataset": "none"})
    )
    assert off.town.special is None


# -- rates that change -----------------------------------------------------------------------------


def test_a_path_of_rates_changes_its_component_ages_and_years_only() -> None:
    path = {"component": "deaths", "factor": {2020: 1.0, 2022: 2.0}, "gradual": True, "ages": "60+"}
    plain, changed = (
        result({"variant": "natural"}),
        result({"variant": "natural", "changes": [path]}),
    )
    old = stock(changed)[..., 0].sum(axis=(1, 2)), stock(plain)[..., 0].sum(axis=(1, 2))
    assert np.allclose(old[0][:, :60], old[1][:, :60])
    lost = plain.components["deaths"].sum(axis=1), changed.components["deaths"].sum(axis=1)
    assert lost[0][0] == pytest.approx(lost[1][0])
    # Half way between 1 and 2 in 2021; few die below the age of 60 in this town.
    assert 1.3 < lost[1][1] / lost[0][1] < 1.5
    assert 1.6 < lost[1][2] / lost[0][2] < 2.0


def test_what_is_assumed_for_an_area_is_not_controlled_away() -> None:
    plain = result({})
    pulled = result({"attractiveness": {"b1": 1.5}})
    share = pulled.totals[4] / plain.totals[4]
    assert share[2] > 1.01
    assert share[0] < 1.0
    # The pull deals out people of the town; it makes none.
    assert pulled.totals[1].sum() == pytest.approx(plain.totals[1].sum(), rel=1e-9)
    changed = result({"changes": [{"component": "arrivals", "factor": 1.2, "areas": ["a1"]}]})
    assert changed.totals[4, 0] > plain.totals[4, 0] + 10


PARTS = {"moves": ("moves_in", "moves_out"),
         "naturalisation": ("naturalised_in", "naturalised_out")}  # fmt: skip


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_can_be_switched_off(component: str) -> None:
    town = counted(stocks(12))
    done = result({"components": {component: False}, "control": 0.0}, town)
    for other in COMPONENTS:
        for part in PARTS.get(other, (other,)):
            # This town has no groups, so nobody is naturalised.
            here = other not in (component, "naturalisation")
            assert done.components[part].any() == here, part
    assert done.imbalance < 1e-8


@pytest.mark.parametrize(
    ("variant", "there"),
    [("natural", {"births", "deaths"}),
     ("external", {"births", "deaths", "arrivals", "departures"}),
     ("full", {"births", "deaths", "arrivals", "departures", "moves_in", "moves_out"})],
)  # fmt: skip
def test_the_three_basic_variants_have_their_components(variant: str, there: set[str]) -> None:
    town = counted(stocks(12))
    done = result({"variant": variant, "control": 0.0}, town)
    assert {name for name, part in done.components.items() if part.any()} == there
    assert done.imbalance < 1e-8
    inside = (done.components["moves_in"] - done.components["moves_out"]).sum(axis=1)
    assert np.abs(inside).max() < 1e-8
    # The town as a whole does not depend on who moves inside of it, but for a second order.
    if variant == "external":
        full = result({"control": 0.0}, town)
        assert done.totals.sum() == pytest.approx(full.totals.sum(), rel=0.01)


# -- types of areas --------------------------------------------------------------------------------


def typed(types: Any, minimum: float = 8000.0) -> dict[str, np.ndarray]:
    spec = make_spec({**BASE, "types": types, "minimum_population": minimum})
    town = runs.read(counted(stocks(12)), system(), spec)
    found = area_types(spec, town)[0]
    return {name: np.asarray(numbers) for name, numbers in found.items()}


def test_types_found_automatically_have_the_minimum_population() -> None:
    people = stocks(12)[:, -1].sum(axis=(1, 2))
    for minimum in (1.0, 6000.0, 12_000.0, 1e9):
        for numbers in typed("auto", minimum).values():
            sizes = np.bincount(numbers, weights=people)
            assert len(sizes) == 1 or sizes.min() >= minimum
    assert all(len(set(n)) == 3 for n in typed("auto", 1.0).values())
    assert all(len(set(n)) == 1 for n in typed("auto", 1e9).values())


def test_types_by_hand_are_independent_for_each_movement() -> None:
    own = {"births": {"a1": "jung", "a2": "jung", "b1": "alt"},
           "moves": {"a1": "x", "a2": "y", "b1": "y"}}  # fmt: skip
    found = typed(own)
    assert set(found) == {"births", "moves_in", "moves_out"}
    assert found["births"][0] == found["births"][1] != found["births"][2]
    assert found["moves_in"][0] != found["moves_in"][1] == found["moves_in"][2]
    with pytest.raises(UserError) as error:
        typed({"births": {"a1": "jung"}})
    assert [i.code for i in error.value.issues] == ["spec-types"]


def test_areas_of_one_type_are_pulled_towards_it() -> None:
    """The rate of an area lies nearer to its type than its own crude rate does."""
    spread = []
    for types in ("none", {c: {"a1": "one", "a2": "one", "b1": "two"} for c in ("departures",)}):
        spec = make_spec({**BASE, "types": types})
        town = runs.read(counted(stocks(12)), system(), spec)
        first = town_rates(town, runs.method_of(spec), area_types(spec, town)[0]).first
        assert first.departure is not None
        spread.append(first.departure[0, 0, 20:60].mean(axis=0))
    assert abs(spread[1][0] - spread[1][1]) <= abs(spread[0][0] - spread[0][1]) + 1e-12


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"housing": [{"name": "x", "area": "a1", "dwellings": {2020: 1}, "type": "castle"}]},
         "spec-dwelling-type"),
        ({"housing": [{"name": "x", "area": "zz", "dwellings": {2020: 1}}]}, "spec-area"),
        ({"demolition": [{"name": "x", "area": "zz", "dwellings": {2020: 1}}]}, "spec-area"),
        ({"special": [{"name": "x", "area": "zz", "persons": 1, "ages": {"20+": 1}}]}, "spec-area"),
        ({"special": [{"name": "x", "area": "a1", "persons": 1, "ages": {"20+": 0}}]},
         "spec-age-shares"),
        ({"special": [{"name": "x", "area": "a1", "persons": 1, "ages": {"o": 1}}]}, "spec-entry"),
        ({"special": [{"name": "x", "area": "a1", "persons": 9e5, "ages": {"20+": 1}}]},
         "special-more"),
        ({"changes": [{"component": "births", "factor": -1}]}, "spec-entry"),
        ({"changes": [{"component": "births", "factor": 1, "group": "martian"}]}, "spec-group"),
        ({"changes": [{"component": "births", "factor": 1, "areas": ["zz"]}]}, "spec-area"),
    ],
)  # fmt: skip
def test_bad_parts_are_refused_before_the_run(entry: dict[str, Any], code: str) -> None:
    with pytest.raises(UserError) as error:
        result(entry)
    assert code in {i.code for i in error.value.issues}
    assert all(i.repair for i in error.value.issues)


def test_special_groups_without_ages_are_refused() -> None:
    with pytest.raises(UserError) as error:
        runs.make_forecast(special_data(40, ages=False), system(), make_spec(BASE))
    assert [i.code for i in error.value.issues] == ["special-ages"]


def test_a_damaged_list_of_projects_is_named() -> None:
    rest = '"level": "quarter", "name": "", "source": "", "labels": {}'
    row = '["a", "b", "a1", "small", {"2020": -1}, 1, ""]'
    for text in ("{", '{"projects": []}', f'{{{rest}, "projects": [{row}]}}'):
        data = Keeping(source(stocks(12)).cubes, {"housing": {"planned_housing": text}})
        with pytest.raises(UserError) as error:
            result({}, data)
        assert [i.code for i in error.value.issues] == ["housing-damaged"]
