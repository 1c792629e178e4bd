"""What goes in comes out: numbers, areas, facilities, documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import project_towns as towns
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Transformer

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY
from monitor_app.core.batch import AreaTable, FactTable
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, DatasetSpec, Kind
from monitor_app.core.issues import Issue, Severity, UserError
from monitor_app.core.status import Status, has_value
from monitor_app.project import cubes
from monitor_app.project.project import Project


def _same(left: Cube, right: Cube) -> None:
    assert left.dims == right.dims
    assert left.labels == right.labels
    assert left.ages == right.ages
    np.testing.assert_array_equal(left.values, right.values)
    np.testing.assert_array_equal(left.status, right.status)


def test_import_comes_back_after_reopening(town: Path, working: Path) -> None:
    with Project.open(town, working_dir=working) as project:
        _same(project.cube("population"), towns.population().cube)
        _same(project.cube("variable_income"), towns.income().cube)
        assert project.name == "Musterstadt"
        assert project.document("recipe", "recipe_1") == "id: recipe_1\n"
        assert project.check() == ()


def test_listing_names_extent_totals_and_sources(town: Path, working: Path) -> None:
    with Project.open(town, "read", working_dir=working) as project:
        population, income, kitas = project.datasets()
    cube = towns.population().cube
    assert population.spec == towns.POPULATION
    assert population.dims == ("area", "date", "sex", "age")
    assert population.dates == (date(2023, 12, 31), date(2024, 12, 31))
    for i, day in enumerate(population.dates):
        assert population.totals[day] == np.nansum(cube.values[:, i])
    assert population.age_axis == "0,3,6,18,65+"
    assert population.areas == 8
    assert population.sources == (towns.SOURCE,)
    assert income.totals == {date(2024, 12, 31): 55_500.75}
    assert (kitas.spec, kitas.dates, kitas.areas) == (towns.KITAS, (), 3)
    assert kitas.sources == (towns.SOURCE,)


def test_areas_keep_keys_links_validity_and_geometry(project: Project) -> None:
    table = replace(
        towns.quarters(),
        valid_from=(None, date(2020, 1, 1), *[None] * 6),
        valid_to=(date(2019, 12, 31), *[None] * 7),
    )
    project.apply(towns.batch(table, towns.districts()))
    system = project.areas()
    assert [level.key for level in system.levels] == [CITY, "bezirk", "viertel"]
    assert system.level("viertel") == towns.QUARTER
    assert system.crs == "EPSG:25832"
    quarters = system.at("viertel")
    assert [a.key for a in quarters] == [f"{i:03d}" for i in range(8)]
    assert quarters[5].name == "Viertel Süd 5"
    assert quarters[5].parents == {"bezirk": "01"}
    assert quarters[1].valid_from == date(2020, 1, 1)
    assert quarters[0].valid_to == date(2019, 12, 31)
    for area, polygon in zip(quarters, towns.squares(8), strict=True):
        assert area.geometry.geom_type == "MultiPolygon"
        assert area.geometry.equals(polygon)
        assert area.surface_m2 == pytest.approx(10_000.0)


def test_boundaries_in_another_crs_are_brought_into_that_of_the_project(project: Project) -> None:
    project.apply(towns.batch(towns.quarters()))
    to_degrees = Transformer.from_crs("EPSG:25832", "EPSG:4326", always_xy=True)
    degrees = tuple(
        shapely.transform(g, to_degrees.transform, interleaved=False)
        for g in towns.squares(2, 400, 1)
    )
    project.apply(towns.batch(replace(towns.districts(), geometries=degrees, crs="EPSG:4326")))
    for area, square in zip(project.areas().at("bezirk"), towns.squares(2, 400, 1), strict=True):
        assert area.geometry.hausdorff_distance(square) < 0.001
    assert project.areas().crs == "EPSG:25832"


def test_first_boundaries_in_degrees_give_a_metric_project(project: Project) -> None:
    vienna = shapely.box(16.37, 48.20, 16.38, 48.21)
    table = AreaTable(towns.DISTRICT, ("01",), ("Innere Stadt",), (vienna,), "EPSG:4326")
    project.apply(towns.batch(table))
    assert project.areas().crs == "EPSG:25833"
    # 0.01 degrees of latitude are 1,112 m, of longitude at 48.2 degrees 743 m.
    assert project.areas().at("bezirk")[0].surface_m2 == pytest.approx(1112 * 743, rel=0.01)


@pytest.mark.parametrize("crs", [None, "", "EPSG:0", "nonsense"])
def test_boundaries_without_a_known_crs_are_refused(project: Project, crs: str | None) -> None:
    before = project.content_hash()
    with pytest.raises(UserError) as caught:
        project.apply(towns.batch(towns.population(), replace(towns.quarters(), crs=crs)))
    assert caught.value.issues[0].code in ("no_crs", "unknown_crs")
    assert caught.value.issues[0].repair
    assert project.content_hash() == before
    assert project.revisions() == ()


def test_new_boundaries_replace_the_level_and_keep_unlocated_areas(project: Project) -> None:
    nowhere = AreaTable(towns.QUARTER, ("999",), ("nicht zuordenbar",), (None,), None)
    project.apply(towns.batch(towns.quarters(8)))
    ids = {a.key: a.id for a in project.areas().at("viertel")}
    project.apply(towns.batch(nowhere))
    assert len(project.areas().at("viertel")) == 9
    project.apply(towns.batch(towns.quarters(6)))
    after = project.areas().at("viertel")
    assert [a.key for a in after] == [*(f"{i:03d}" for i in range(6)), "999"]
    assert not after[-1].located
    assert all(a.id == ids[a.key] for a in after[:-1]), "unchanged areas keep their id"


def test_table_without_geometry_mends_names_and_leaves_boundaries(project: Project) -> None:
    project.apply(towns.batch(towns.quarters(2)))
    names = AreaTable(towns.QUARTER, ("001",), ("Altstadt",), (None,), None)
    project.apply(towns.batch(names))
    first, second = project.areas().at("viertel")
    assert (first.name, second.name) == ("Viertel Süd 0", "Altstadt")
    assert second.located
    assert second.parents == {"bezirk": "00"}


def test_an_area_listed_twice_is_refused(project: Project) -> None:
    table = replace(towns.quarters(2), keys=("001", "001"))
    with pytest.raises(UserError) as caught:
        project.apply(towns.batch(table))
    assert caught.value.issues[0].code == "duplicate_area"
    assert "001" in caught.value.issues[0].message


def test_facilities_come_back_with_texts_numbers_and_gaps(project: Project) -> None:
    project.apply(towns.batch(towns.kitas()))
    points = project.points("kitas")
    assert points.attributes["Plätze"] == (25, 60, None)
    assert points.attributes["name"][1] == "Kita Löwenzahn 1"
    np.testing.assert_array_equal(points.x, [500_050.0, 500_150.0, np.nan])
    np.testing.assert_array_equal(points.y, [5_700_050.0, 5_700_050.0, np.nan])
    project.apply(towns.batch(towns.kitas((1,))))
    assert project.points("kitas").attributes["Plätze"] == (1,)


def test_dates_that_exist_are_replaced_and_others_stay(project: Project) -> None:
    project.apply(towns.batch(towns.population((2023, 2024), seed=1)))
    project.apply(towns.batch(towns.population((2024, 2025), seed=2)))
    cube = project.cube("population")
    assert [d.year for d in cube.dates] == [2023, 2024, 2025]
    old, new = (
        towns.population((2023, 2024), seed=1).cube,
        towns.population((2024, 2025), seed=2).cube,
    )
    np.testing.assert_array_equal(cube.values[:, 0], old.values[:, 0])
    np.testing.assert_array_equal(cube.values[:, 1:], new.values)
    assert project.check() == ()


def test_a_later_delivery_may_bring_new_areas(project: Project) -> None:
    spec = replace(towns.POPULATION, absent=Absent.MISSING)
    project.apply(towns.batch(towns.population((2023,), areas=3, spec=spec)))
    project.apply(towns.batch(towns.population((2024,), areas=5, spec=spec)))
    cube = project.cube("population")
    assert len(cube.areas) == 5
    assert (cube.status[3:, 0] == Status.MISSING).all()
    assert np.isnan(cube.values[3:, 0]).all()


def test_what_is_not_listed_is_zero_or_missing_as_the_spec_says(project: Project) -> None:
    values = np.array([[0.0, 5.0], [np.nan, 0.0]])
    labels = {"area": ["a", "b"], "date": [date(2023, 12, 31), date(2024, 12, 31)]}
    for key, absent in (("variable_z", Absent.ZERO), ("variable_m", Absent.MISSING)):
        spec = DatasetSpec(key, Kind.VARIABLE, key, "viertel", absent=absent, variable=key)
        project.apply(towns.batch(FactTable(spec, Cube.of(labels, values))))
        cube = project.cube(key)
        np.testing.assert_array_equal(cube.values, values)
        assert cube.status[1, 0] == Status.MISSING
        assert (cube.status[0] == Status.OK).all(), "a true zero stays a zero"
    with project._store.read() as conn:
        rows = conn.exec_driver_sql(
            "SELECT s.key, count(*) FROM monitor_cell c JOIN monitor_dataset s "
            "ON s.number = c.dataset GROUP BY s.key"
        ).all()
    assert dict(rows) == {"variable_z": 2, "variable_m": 3}


@pytest.mark.parametrize("change", ["ages", "sex", "level", "unit", "kind"])
def test_other_structure_under_the_same_key_is_refused(project: Project, change: str) -> None:
    project.apply(towns.batch(towns.population((2023, 2024))))
    before = project.content_hash()
    new = towns.population((2025,))
    if change == "ages":
        ages = AgeAxis.from_lows((0, 3, 6, 20, 65))
        new = replace(new, cube=Cube.of(
            {d: new.cube.labels[d] for d in ("area", "date", "sex")}, new.cube.values, ages=ages,
            status=new.cube.status))  # fmt: skip
    elif change == "sex":
        new = replace(new, cube=new.cube.sum("sex"))
    elif change == "level":
        new = replace(new, spec=replace(new.spec, level="bezirk"))
    elif change == "unit":
        new = replace(new, spec=replace(new.spec, unit="households"))
    else:
        new = replace(new, spec=replace(new.spec, kind=Kind.DEATHS))
    with pytest.raises(UserError) as caught:
        project.apply(towns.batch(towns.quarters(), new))
    assert caught.value.issues[0].code == "other_structure"
    assert project.content_hash() == before


def test_a_batch_with_errors_changes_nothing(project: Project) -> None:
    bad = replace(towns.whole_town(), issues=(Issue("x", Severity.ERROR, "Falsch"),))
    with pytest.raises(UserError):
        project.apply(bad)
    assert project.datasets() == ()
    assert not project.dirty


def test_unknown_keys_are_key_errors(project: Project) -> None:
    project.apply(towns.batch(towns.kitas(), towns.population()))
    for call in (project.cube, project.points):
        with pytest.raises(KeyError):
            call("nothing")
    with pytest.raises(KeyError):
        project.cube("kitas")
    with pytest.raises(KeyError):
        project.points("population")
    with pytest.raises(KeyError):
        project.remove_dataset("nothing", "Löschen")
    assert len(project.revisions()) == 1


def test_hostile_names_are_only_text(project: Project) -> None:
    evil = 'x"; DROP TABLE monitor_cell; --'
    level = replace(towns.QUARTER, key=evil, name=evil)
    table = AreaTable(level, (evil,), (evil,), towns.squares(1), "EPSG:25832")
    kitas = replace(
        towns.kitas(), spec=replace(towns.KITAS, key=evil, name=evil),
        attributes={evil: ("a", "b", "c"), "ID": (1, 2, 3), "id": (1, 2, 3)},
    )  # fmt: skip
    facts = FactTable(
        DatasetSpec(evil + "2", Kind.VARIABLE, evil, evil),
        Cube.of({"area": [evil], "date": [date(2024, 1, 1)]}, np.array([[1.0]])),
    )
    project.apply(towns.batch(table, facts, kitas))
    assert project.areas().keys(evil) == (evil,)
    assert project.cube(evil + "2").areas == (evil,)
    assert project.points(evil).attributes[evil] == ("a", "b", "c")
    assert project.check() == ()


numbers = st.one_of(
    st.integers(0, 70_000).map(float),
    st.floats(allow_nan=False, allow_infinity=False, width=64),
    st.sampled_from([0.0, -0.0, 255.0, 256.0, 65535.0, 65536.0, 2.0**32, 0.1, -1.0, 1e300]),
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=1, max_size=5),
    marks=st.lists(st.sampled_from([int(s) for s in Status]), min_size=15, max_size=15),
)
def test_packed_numbers_are_exact(rows: list[list[float]], marks: list[int]) -> None:
    values: NDArray[np.float64] = np.array(rows)
    status = np.array(marks[: values.size], dtype=np.uint8).reshape(values.shape)
    known = has_value(status)
    values = np.where(known, values, np.nan)
    dtype, packed = cubes._pack(values, known)
    for i in range(len(values)):
        back = np.frombuffer(cubes.plain_bytes(dtype, packed[i].tobytes(), status[i].tobytes()))
        np.testing.assert_array_equal(back, values[i])
        assert (np.signbit(back) == np.signbit(values[i]))[known[i]].all()


def test_counts_take_little_room(project: Project) -> None:
    project.apply(towns.batch(towns.population()))
    with project._store.read() as conn:
        types = set(conn.exec_driver_sql("SELECT dtype FROM monitor_cell").scalars())
    assert types == {"<u2"}, "counts below 65,536 need two bytes"


def test_shared_arrays_cannot_be_written(project: Project) -> None:
    project.apply(towns.batch(towns.population()))
    with pytest.raises(ValueError, match="read-only"):
        project.cube("population").values[0] = 1


def test_documents_by_kind(project: Project) -> None:
    assert project.put_document("indicator", "b", "1", "Neu") is not None
    project.put_document("indicator", "a", "2", "Neu")
    assert project.put_document("indicator", "a", "2", "Neu") is None
    assert project.documents("indicator") == {"a": "2", "b": "1"}
    assert project.documents("view") == {}
    assert project.delete_document("indicator", "a", "Löschen") is not None
    assert project.delete_document("indicator", "a", "Löschen") is None
    assert project.document("indicator", "a") is None
    with pytest.raises(ValueError, match="unknown kind"):
        project.put_document("anything", "a", "b", "c")
