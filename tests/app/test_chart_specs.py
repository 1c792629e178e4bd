"""Charts of a session where data are few, equal, missing or secret, and what adds up to what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from monitor_app.app import chartmoves, chartpeople, charts
from monitor_app.app.areaprofile import Profiles
from monitor_app.app.chartfiles import export_table, tab_text
from monitor_app.app.chartpeople import Who
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.cartography.chartspec import Bar, RankingSpec
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY, Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, DatasetSpec, Kind, TimeReference
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status
from monitor_app.project.project import Project

DAYS = (date(2023, 12, 31), date(2024, 12, 31))
YEAR = (date(2024, 12, 31),)
FINE = AgeAxis.from_lows((0, 3, 6, 18, 20, 65, 80))
COARSE = AgeAxis.from_lows((0, 6, 20, 65))
RNG = np.random.default_rng(11)


def flow_cube(moves: np.ndarray, keys: tuple[str, ...], status: np.ndarray) -> FactTable:
    cube = Cube.of({"area": keys, "date": YEAR, "partner": keys}, moves, status=status)
    spec = DatasetSpec(
        "umzuege", Kind.MOVES_WITHIN, "Umzüge", "viertel", time=TimeReference.PERIOD,
        absent=Absent.ZERO,
    )  # fmt: skip
    return FactTable(spec, cube)


def town(people: np.ndarray, *more: FactTable, ages: AgeAxis = FINE) -> ImportBatch:
    """Areas in a row, two per district; ``people`` (areas, dates, sex, age)."""
    n = len(people)
    keys = tuple(f"{i:02d}" for i in range(n))
    boxes = tuple(shapely.box(565000 + 1000 * i, 5930000, 566000 + 1000 * i, 5931000)
                  for i in range(n))  # fmt: skip
    districts = tuple(str(i) for i in range((n + 1) // 2))
    above = tuple(shapely.union_all(boxes[2 * i : 2 * i + 2]) for i in range(len(districts)))
    upper = AreaTable(
        Level("bezirk", "Bezirk", 1), districts, tuple(f"Bezirk {d}" for d in districts), above,
        "EPSG:25832",
    )  # fmt: skip
    lower = AreaTable(
        Level("viertel", "Viertel", 2, parents=("bezirk",)), keys,
        tuple(f"Viertel {k}" for k in keys), boxes, "EPSG:25832",
        parents=tuple({"bezirk": str(i // 2)} for i in range(n)),
    )  # fmt: skip
    status = np.where(np.isnan(people), Status.SECRET, Status.OK).astype(np.uint8)
    cube = Cube.of(
        {"area": keys, "date": DAYS, "sex": ("m", "f")}, people, ages=ages, status=status
    )
    spec = DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "viertel")
    return ImportBatch("Import", (), areas=(upper, lower), facts=(FactTable(spec, cube), *more))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[ImportBatch], Session]]:
    made: list[Session] = []

    def build(batch: ImportBatch) -> Session:
        path = tmp_path / "Ort.gpkg"
        with Project.create(path, name="Ort", working_dir=tmp_path / "w") as project:
            project.apply(batch)
            project.save()
        session = Session(Settings.load(), working_dir=tmp_path / "w")
        session.open(path, "read")
        session.set_view(level="viertel", indicator="altenquotient")
        made.append(session)
        return session

    yield build
    for session in made:
        session.close(discard=True)


def some(n: int) -> np.ndarray:
    return RNG.integers(200, 900, (n, 2, 2, len(FINE))).astype(float)


def event(key: str, kind: Kind, values: np.ndarray) -> FactTable:
    keys = tuple(f"{i:02d}" for i in range(len(values)))
    spec = DatasetSpec(key, kind, key, "viertel", time=TimeReference.PERIOD)
    return FactTable(spec, Cube.of({"area": keys, "date": YEAR}, values[:, None]))


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(UserError) as caught:
        work()
    issue = caught.value.issues[0]
    assert issue.message
    assert issue.repair
    return issue.code


def test_one_area_has_charts_without_a_line(opened) -> None:
    session = opened(town(some(1)))
    view = session.view
    pair = charts.scatter(session, view, "jugendquotient")
    assert pair.line is None
    assert pair.keys == ("00",)
    assert refused(lambda: charts.residual_map(session, view, "jugendquotient")) == "chart.no_line"
    assert charts.histogram(session, view).counts.sum() == 1
    (box,) = charts.boxes(session, view).boxes
    assert box.n == 1
    assert box.low == box.high == box.median
    matrix = charts.correlation(session, view, ("altenquotient", "jugendquotient"))
    assert np.isnan(matrix.r).all()
    picked = ("altenquotient", "jugendquotient", "anteil_unter_18")
    radar = charts.radar(session, view, ("00",), picked)
    assert radar.lines[1].shares.tolist() == [0.5] * 3
    spec = chartpeople.pyramid(session, "viertel", [Who("00"), Who()])
    assert spec.overlay is not None
    assert spec.base.men.tolist() == spec.overlay.men.tolist()


def test_equal_values_have_no_line_and_one_box(opened) -> None:
    session = opened(town(np.full((6, 2, 2, len(FINE)), 300.0)))
    view = session.view
    assert charts.scatter(session, view, "jugendquotient").line is None
    assert refused(lambda: charts.residual_map(session, view, "jugendquotient")) == "chart.no_line"
    assert charts.histogram(session, view).counts.sum() == 6
    assert {b.median for b in charts.boxes(session, view).boxes} == {
        charts.shown_map(session, view).values[0]
    }


def test_secret_areas_are_left_out_and_counted(opened) -> None:
    people = some(6)
    people[2, 1, 0, 5] = np.nan  # one secret cell of 65 and older
    session = opened(town(people))
    spec = charts.scatter(session, session.view, "jugendquotient")
    assert "02" not in spec.keys
    assert spec.without >= 1
    found = charts.residual_map(session, session.view, "jugendquotient")
    assert np.isnan(found.values[2])
    assert found.status[2] == Status.SECRET
    assert np.nansum(found.values) == pytest.approx(0, abs=1e-9)
    spec = chartpeople.pyramid(session, "viertel", [Who("02")])
    assert np.isnan(spec.base.men).sum() == 1


def test_nothing_known_is_refused(opened) -> None:
    session = opened(town(np.full((4, 2, 2, len(FINE)), np.nan)))
    view = session.view
    for work in (
        lambda: charts.scatter(session, view, "jugendquotient"),
        lambda: charts.radar(session, view),
        lambda: charts.correlation(session, view),
        lambda: chartpeople.pyramid(session, "viertel", [Who("00")]),
        lambda: chartmoves.components(session, "viertel"),
        lambda: chartmoves.flows(session, shown_level="viertel"),
    ):
        assert refused(work)


def test_an_impossible_kind_of_map_leaves_the_charts_alone(opened) -> None:
    """A count has no deviation from the city: the window shows its values, and so do charts."""
    session = opened(town(some(4)))
    plain = replace(session.view, indicator="einwohner")
    spec = charts.scatter(session, replace(plain, kind="deviation"), "jugendquotient")
    assert np.array_equal(spec.y, charts.scatter(session, plain, "jugendquotient").y)


def test_second_indicator_must_be_another_one(opened) -> None:
    session = opened(town(some(4)))
    assert refused(lambda: charts.scatter(session, session.view, "altenquotient")) == "chart.same"


def test_what_the_register_cannot_explain_is_its_own_part(opened) -> None:
    people = some(4)
    births, deaths, came, went = (np.array(v, dtype=float) for v in (
        [9, 8, 7, 6], [1, 2, 3, 4], [50, 40, 30, 20], [5, 6, 7, 8]))  # fmt: skip
    session = opened(
        town(
            people, event("births", Kind.BIRTHS, births), event("deaths", Kind.DEATHS, deaths),
            event("moves_in", Kind.MOVES_IN, came), event("moves_out", Kind.MOVES_OUT, went),
        )
    )  # fmt: skip
    totals = people.sum(axis=(2, 3))
    spec = chartmoves.components(session, "viertel", CITY)
    change = totals[:, 1].sum() - totals[:, 0].sum()
    known = (births - deaths).sum(), (came - went).sum()
    assert spec.parts[:, 0].tolist() == [*known, change - sum(known)]
    assert spec.names[-1] == "Bestandskorrekturen"
    assert spec.balance.tolist() == [change]
    # of an area the moves inside the town are not known: they are part of the rest
    spec = chartmoves.components(session, "viertel", "02")
    assert "Umzüge" in spec.names[-1]
    assert spec.balance[0] == totals[2, 1] - totals[2, 0]


def test_corrections_are_unknown_in_a_year_without_a_stock_before(opened) -> None:
    people = some(4)
    years = (date(DAYS[0].year, 12, 31), date(DAYS[1].year, 12, 31))

    def counted(key: str, kind: Kind, number: float) -> FactTable:
        spec = DatasetSpec(key, kind, key, "viertel", time=TimeReference.PERIOD)
        keys = tuple(f"{i:02d}" for i in range(4))
        cube = Cube.of({"area": keys, "date": years}, np.full((4, 2), number))
        return FactTable(spec, cube)

    session = opened(
        town(
            people, counted("births", Kind.BIRTHS, 9), counted("deaths", Kind.DEATHS, 4),
            counted("moves_in", Kind.MOVES_IN, 50), counted("moves_out", Kind.MOVES_OUT, 30),
        )
    )  # fmt: skip
    spec = chartmoves.components(session, "viertel", CITY)
    assert spec.names[-1] == "Bestandskorrekturen"
    assert spec.parts[:2].tolist() == [[20, 20], [80, 80]]
    assert np.isnan(spec.parts[2, 0])
    assert np.isfinite(spec.parts[2, 1])


def test_flows_add_up_to_districts_and_secrets_stay_unknown(opened) -> None:
    keys = tuple(f"{i:02d}" for i in range(4))
    moves = RNG.integers(1, 60, (4, 1, 4)).astype(float)
    status = np.zeros(moves.shape, dtype=np.uint8)
    session = opened(town(some(4), flow_cube(moves, keys, status)))
    fine = chartmoves.flows(session, "viertel", shown_level="viertel")
    assert fine.moves.tolist() == moves[:, 0].tolist()
    assert fine.members == tuple((k,) for k in keys)
    both = chartmoves.flows(session, "bezirk", shown_level="viertel")
    expected = moves[:, 0].reshape(2, 2, 2, 2).sum(axis=(1, 3))
    assert both.moves.tolist() == expected.tolist()
    assert both.members == (("00", "01"), ("02", "03"))
    assert chartmoves.flow_levels(session) == ("bezirk", "viertel")
    assert refused(lambda: chartmoves.flows(session, "viertel", [date(1900, 12, 31)]))


def test_a_secret_move_makes_its_cell_unknown(opened) -> None:
    keys = tuple(f"{i:02d}" for i in range(4))
    moves = np.ones((4, 1, 4))
    status = np.zeros(moves.shape, dtype=np.uint8)
    moves[0, 0, 3], status[0, 0, 3] = np.nan, Status.SECRET
    session = opened(town(some(4), flow_cube(moves, keys, status)))
    both = chartmoves.flows(session, "bezirk", shown_level="viertel")
    assert np.isnan(both.moves).tolist() == [[False, True], [False, False]]


def test_pyramids_of_different_age_groups_meet_in_common_ones() -> None:
    axis = chartpeople.common_axis((FINE, COARSE))
    assert axis == COARSE
    values = RNG.integers(0, 100, len(FINE)).astype(float)
    sums = chartpeople.grouped(values, FINE, axis)
    assert sums.tolist() == [values[:2].sum(), values[2:4].sum(), values[4], values[5:].sum()]
    assert np.isnan(chartpeople.grouped(np.full(len(FINE), np.nan), FINE, axis)).all()


def test_two_dates_of_one_area_are_persons_two_areas_shares(opened) -> None:
    people = some(4)
    session = opened(town(people))
    spec = chartpeople.pyramid(session, "viertel", [Who("01", DAYS[1]), Who("01", DAYS[0])])
    assert not spec.share
    assert spec.overlay is not None
    assert spec.overlay.women.tolist() == people[1, 0, 1].tolist()
    assert [spec.base.label, spec.overlay.label] == ["31.12.2024", "31.12.2023"]
    spec = chartpeople.pyramid(session, "viertel", [Who("01"), Who("02")])
    men, women = spec.lengths(spec.base)
    width = spec.highs - spec.lows
    assert (men * width).sum() + (women * width).sum() == pytest.approx(100)


def test_areas_taken_together_are_their_sum(opened) -> None:
    people = some(6)
    people[4, 1, 0, 2] = np.nan  # secret
    gains = np.array([9.0, 8, 7, 6, 5, 4]), np.array([1.0, 2, 3, 4, 5, 6])
    batch = town(
        people, event("births", Kind.BIRTHS, gains[0]), event("deaths", Kind.DEATHS, gains[1])
    )
    session = opened(batch)
    spec = chartpeople.pyramid(
        session, "viertel", [Who("00", DAYS[1], ("00", "01", "03")), Who(CITY, DAYS[1])]
    )
    both = people[[0, 1, 3], 1].sum(axis=0)
    assert np.array_equal(spec.base.men, both[0])
    assert np.array_equal(spec.base.women, both[1])
    assert spec.base.label == "3 Gebiete zusammen"
    assert spec.share  # beside the town
    # one secret part makes the sum of its age unknown, not smaller
    spec = chartpeople.pyramid(session, "viertel", [Who("03", DAYS[1], ("03", "04"))])
    assert np.isnan(spec.base.men[2])
    assert spec.base.women[2] == people[[3, 4], 1, 1, 2].sum()
    assert spec.base.label == "Viertel 03 + Viertel 04"
    found = chartmoves.components(session, "viertel", ("01", "02"))
    one, other = (chartmoves.components(session, "viertel", k) for k in ("01", "02"))
    assert np.array_equal(found.parts, one.parts + other.parts)
    assert "Viertel 01 + Viertel 02" in found.title


def test_a_sex_that_nobody_counted_is_unknown_not_zero(opened) -> None:
    batch = town(some(2))
    (fact,) = batch.facts
    only = fact.cube.take("sex", [1])
    made = replace(batch, facts=(FactTable(fact.spec, only),))
    session = opened(made)
    spec = chartpeople.pyramid(session, "viertel", [Who("01", DAYS[1])])
    assert np.isnan(spec.base.men).all()
    assert np.isfinite(spec.base.women).all()
    profile = Profiles(session, "viertel").profile("01")  # was an error
    assert profile.pyramid is None


def test_nearest_day_is_the_last_before() -> None:
    days = (date(2010, 12, 31), date(2020, 12, 31))
    assert charts.nearest_day(days, date(2019, 1, 1)) == days[0]
    assert charts.nearest_day(days, date(2009, 1, 1)) == days[0]
    assert charts.nearest_day(days, None) == days[1]
    assert charts.nearest_day((), None) is None


def test_numbers_are_handed_on_with_their_heads(opened) -> None:
    session = opened(town(some(4)))
    spec = charts.histogram(session, session.view)
    table = export_table(spec)
    assert [c.name for c in table.columns] == ["Von", "Bis unter", "Gebiete"]
    assert len(table.name) <= 31
    lines = tab_text(spec).splitlines()
    assert len(lines) == len(spec.edges)
    assert "," in lines[1]


def test_keys_with_a_point_stay_as_they_are() -> None:
    """A key such as 01.20 is text, not a number."""
    bars = (Bar("01.20", "1.5 Mitte", 2.25, "#000000", 1),)
    _head, row = tab_text(RankingSpec(bars, 0, None, "%", 1, "T")).splitlines()
    assert row.split("\t") == ["1", "01.20", "1.5 Mitte", "2,25"]
