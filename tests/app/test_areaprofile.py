"""The profile of an area: what it says is what the engine computed, ranked and drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from pypdf import PdfReader

from monitor_app.app.areaprofile import Profiles, profile_data
from monitor_app.app.profilefiles import write_sheets
from monitor_app.app.profilekeys import MOST, keys_for, store_keys
from monitor_app.app.profileparts import Borders
from monitor_app.app.session import Session
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import Area, Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status
from monitor_app.project.project import Project
from monitor_app.reports.page import SheetLayout
from monitor_app.reports.profilesheet import write_profile, write_profiles

KEYS = tuple(f"{n:02d}" for n in range(1, 13))
DAYS = tuple(date(y, 12, 31) for y in (2015, 2018, 2019, 2020, 2024))
AGES = AgeAxis.from_lows((0, 20, 65))
RNG = np.random.default_rng(7)
PERSONS = RNG.integers(40, 400, size=(12, len(DAYS), 2, 3)).astype(float)
SECRET = 4  # an area whose newest numbers are secret


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve squares, four in a row, by sex and age."""
    folder = tmp_path_factory.mktemp("steckbrief")
    boxes = tuple(
        shapely.box(1000 * (i % 4), 1000 * (i // 4), 1000 * (i % 4 + 1), 1000 * (i // 4 + 1))
        for i in range(12)
    )
    level = Level("viertel", "Stadtviertel", 2)
    names = tuple(f"Viertel {k}" for k in KEYS)
    areas = AreaTable(level, KEYS, names, boxes, "EPSG:25832")
    status = np.zeros(PERSONS.shape, dtype=np.uint8)
    status[SECRET, -1] = Status.SECRET
    values = np.where(status == 0, PERSONS, np.nan)
    labels = {"area": KEYS, "date": DAYS, "sex": ("m", "f")}
    cube = Cube.of(labels, values, ages=AGES, status=status)
    spec = DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "viertel", source="Amt X")
    path = folder / "stadt.gpkg"
    with Project.create(path, name="Probestadt", working_dir=folder / "work") as made:
        made.apply(ImportBatch("Import", (), areas=(areas,), facts=(FactTable(spec, cube),)))
        made.save()
    return path


@pytest.fixture
def session(project: Path) -> Iterator[Session]:
    made = Session()
    made.open(project, "read")
    yield made
    made.close()


def old_share(row: int, at: int) -> float:
    persons = PERSONS[row, at]
    return 100 * persons[:, 2].sum() / persons.sum()


def test_values_ranks_and_changes_recounted(session: Session) -> None:
    made = Profiles(session, "viertel", indicators=("einwohner", "anteil_65plus"))
    known = [r for r in range(12) if r != SECRET]
    ranks = pd.Series({r: old_share(r, 4) for r in known}).rank(ascending=False, method="min")
    for row in known:
        count, share = made.profile(KEYS[row]).figures
        assert count.value == PERSONS[row, 4].sum()
        assert share.value == pytest.approx(old_share(row, 4))
        assert (share.rank, share.count) == (ranks[row], 11)
        assert share.previous is not None
        assert share.previous.base_day == DAYS[3]
        assert share.previous.value == pytest.approx(old_share(row, 4) - old_share(row, 3))
        assert share.five_years is not None
        assert share.five_years.base_day == DAYS[2]  # 2019, not the fifth date before
        assert count.five_years is not None
        grown = 100 * (PERSONS[row, 4].sum() / PERSONS[row, 2].sum() - 1)
        assert count.five_years.value == pytest.approx(grown)
        assert count.five_years.unit == "%"
        table = session.compute("anteil_65plus", "viertel")
        assert share.value == table.values[table.areas.index(KEYS[row]), -1]
        assert share.city_value is not None


def test_a_secret_value_has_a_sign_no_rank_and_no_change(session: Session) -> None:
    figure = Profiles(session, "viertel").profile(KEYS[SECRET]).figures[0]
    assert (figure.text, figure.rank, figure.rank_text) == (".", None, "")
    assert figure.previous is not None
    assert figure.previous.text == "."
    assert "geheim" in figure.remark
    assert np.isnan(figure.value)  # never zero


def test_on_an_earlier_day_nothing_later_is_said(session: Session) -> None:
    made = Profiles(session, "viertel", day=date(2019, 6, 1))
    profile = made.profile("01")
    assert {f.day for f in profile.figures} == {DAYS[1]}
    assert all(f.five_years is None for f in profile.figures)  # 2013 is not there
    assert profile.pyramid is not None
    assert "31.12.2018" in profile.pyramid.title


def test_pyramid_is_the_counted_one(session: Session) -> None:
    pyramid = Profiles(session, "viertel").profile("03").pyramid
    assert pyramid is not None
    assert np.array_equal(pyramid.base.men, PERSONS[2, 4, 0])
    assert np.array_equal(pyramid.base.women, PERSONS[2, 4, 1])
    # one area is secret: the town as a whole is not known either, and not drawn
    assert pyramid.overlay is None
    earlier = Profiles(session, "viertel", day=DAYS[3]).profile("03").pyramid
    assert earlier is not None
    assert earlier.overlay is not None
    assert np.array_equal(earlier.overlay.men, PERSONS[:, 3, 0].sum(axis=0))
    assert Profiles(session, "viertel").profile(KEYS[SECRET]).pyramid is None


def test_neighbours_share_a_border_not_a_corner(session: Session) -> None:
    made = Profiles(session, "viertel")
    assert {n.key for n in made.profile("06").neighbours} == {"02", "05", "07", "10"}
    assert {n.key for n in made.profile("01").neighbours} == {"02", "05"}
    assert all(n.border == pytest.approx(1000, rel=0.01) for n in made.profile("06").neighbours)
    for other in made.profile("06").neighbours:
        assert "06" in {n.key for n in made.profile(other.key).neighbours}


def test_gaps_between_neighbours_are_bridged() -> None:
    def area(n: int, geometry: shapely.Geometry) -> Area:
        return Area(n, "v", str(n), str(n), geometry=geometry)

    squares = (shapely.box(0, 0, 100, 100), shapely.box(100.4, 0, 200, 100),
               shapely.box(0, 103, 100, 200), shapely.box(200, 100, 300, 200))  # fmt: skip
    found = Borders(tuple(area(n, g) for n, g in enumerate(squares)))
    assert set(found.of("0")) == {"1"}  # 0.4 m bridged, 3 m not
    assert found.of("3") == {}  # a corner
    alone = Borders((area(0, squares[0]), area(1, shapely.Polygon())))
    assert (alone.of("0"), alone.of("1"), Borders(()).of("0")) == ({}, {}, {})


def test_the_users_list_is_kept_and_reset(project: Path, tmp_path: Path) -> None:
    import shutil

    session = Session(working_dir=tmp_path / "work")
    session.open(Path(shutil.copy(project, tmp_path / "k.gpkg")))
    usual = keys_for(session, "viertel")
    assert usual[0] == "einwohner"
    assert "wanderungssaldo" not in usual  # nothing to compute it from
    store_keys(session, ("altenquotient", "einwohner"))
    assert keys_for(session, "viertel") == ("altenquotient", "einwohner")
    with pytest.raises(UserError) as wrong:
        store_keys(session, ("einwohne", "gibtesnicht"))
    assert len(wrong.value.issues) == 2
    assert "einwohner" in (wrong.value.issues[0].repair or "")
    with pytest.raises(UserError):
        store_keys(session, session.catalogue.ids[: MOST + 1])
    store_keys(session, ())
    assert keys_for(session, "viertel") == usual
    session.close(discard=True)


def test_unknown_level_and_area_are_told(session: Session) -> None:
    with pytest.raises(UserError):
        Profiles(session, "bezirk")
    with pytest.raises(UserError) as wrong:
        Profiles(session, "viertel").profile("1")
    assert "01" in (wrong.value.issues[0].repair or "")


def test_every_value_stands_in_the_pdf(session: Session, tmp_path: Path) -> None:
    profile = Profiles(session, "viertel").profile("07")
    path = write_profile(profile, tmp_path / "blatt.pdf", SheetLayout(office="Amt Y"))
    reader = PdfReader(path)
    text = reader.pages[0].extract_text().replace("\u202f", " ")
    for figure in profile.figures:
        for word in (figure.text, figure.city_text, figure.rank_text):
            assert word.replace("\u202f", " ") in text, figure.name
        assert figure.short_name[:24] in text
    for neighbour in profile.neighbours:
        assert neighbour.name in text
    assert "Amt X" in text
    assert "Amt Y" in text
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert root["/Lang"] == "de-DE"  # type: ignore[index]
    figure = root["/StructTreeRoot"]["/K"][0]["/K"][0]  # type: ignore[index]
    assert "Viertel 07" in figure["/Alt"]
    box = reader.pages[0].mediabox
    assert [round(float(v) / 72 * 25.4) for v in (box.width, box.height)] == [210, 297]


def test_all_areas_of_a_level_as_one_file_or_a_folder(session: Session, tmp_path: Path) -> None:
    made = Profiles(session, "viertel", indicators=("einwohner",))
    steps: list[float] = []
    from monitor_app.core.progress import Progress

    several = write_sheets(
        made, ("01", "02", "05"), tmp_path / "alle.pdf",
        progress=Progress(lambda part, _text: steps.append(part or 0.0)),
    )  # fmt: skip
    reader = PdfReader(several[0])
    assert len(reader.pages) == 3
    assert [f"Viertel {k}" in p.extract_text() for k, p in
            zip(("01", "02", "05"), reader.pages, strict=True)] == [True] * 3  # fmt: skip
    assert steps == sorted(steps)
    folder = write_sheets(made, ("01", "02"), tmp_path / "blaetter", form="svg")
    assert [p.name for p in folder] == ["01_Viertel-01.svg", "02_Viertel-02.svg"]
    assert "Viertel 01" in folder[0].read_text(encoding="utf-8")
    with pytest.raises(UserError):
        write_sheets(made, (), tmp_path / "alle.png")
    with pytest.raises(UserError):
        write_sheets(made, ("01",), tmp_path / "blatt.docx")
    with pytest.raises(UserError):
        write_profiles([], tmp_path / "leer.pdf")


def test_a_page_without_any_value_says_so(session: Session, tmp_path: Path) -> None:
    profile = Profiles(session, "viertel").profile("01")
    empty = replace(
        profile, figures=(), pyramid=None, lines=(), neighbours=(), columns=(), own=(), sources=()
    )
    text = PdfReader(write_profile(empty, tmp_path / "leer.pdf")).pages[0].extract_text()
    assert "keine Kennzahl" in text


def test_machines_read_numbers(session: Session) -> None:
    data = profile_data(Profiles(session, "viertel").profile(KEYS[SECRET]))
    first = data["figures"][0]
    assert (first["value"], first["status"], first["rank"]) == (None, "secret", None)
    assert first["of"] == 11
