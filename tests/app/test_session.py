"""The session on a small town: what is shown, mended and kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from monitor_app.app.maps import map_spec
from monitor_app.app.session import Event, Session
from monitor_app.app.settings import Settings
from monitor_app.app.view import ChangeKind, ViewState
from monitor_app.core.areas import Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.core.issues import UserError

DAYS = (date(2022, 12, 31), date(2023, 12, 31), date(2024, 12, 31))
PEOPLE = np.array([[100, 110, 121], [100, 90, 81], [100, 130, 130], [100, 70, 140]], dtype=float)
KEYS = ("01", "02", "03", "04")


def town() -> ImportBatch:
    squares = tuple(shapely.box(i * 1000, 0, i * 1000 + 1000, 1000) for i in range(4))
    level = Level("stadtteil", "Stadtteil", 10)
    areas = AreaTable(level, KEYS, ("Nord", "Süd", "Ost", "West"), squares, "EPSG:25832")
    cube = Cube.of({"area": KEYS, "date": DAYS}, PEOPLE)
    spec = DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "stadtteil", source="Amt")
    return ImportBatch("Town", (), areas=(areas,), facts=(FactTable(spec, cube),))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(Settings(), tmp_path / "working")
    session.create(tmp_path / "town.gpkg", "Kleinstadt")
    session.apply(town())
    yield session
    session.close(discard=True)


def test_the_view_starts_at_the_newest_date_of_the_finest_level(session: Session) -> None:
    assert session.view.level == "stadtteil"
    assert session.view.indicator == "einwohner"
    assert session.view.day == DAYS[-1]
    spec = map_spec(session)
    assert spec.keys == KEYS
    assert list(spec.values) == [121, 81, 130, 140]
    assert spec.city_value == 472
    assert spec.source == "Amt"


def test_a_balance_turns_its_colours_at_zero(session: Session) -> None:
    """White must not stand for a growth of ten per cent."""
    session.set_view(indicator="einwohner_veraenderung_1j", day=DAYS[1])
    spec = map_spec(session)
    assert [round(v) for v in spec.values] == [10, -10, 30, -30]
    assert 0.0 in spec.classification.breaks
    split = spec.classification.split
    assert split is not None
    assert [c < split for c in spec.classification.classes] == [False, True, False, True]
    session.set_view(palette="ylgnbu")
    assert map_spec(session).classification.split is None


def test_change_between_two_dates_and_its_city_value(session: Session) -> None:
    session.set_view(compare_to=DAYS[0], change=ChangeKind.RELATIVE)
    spec = map_spec(session)
    assert [round(v, 6) for v in spec.values] == [21, -19, 30, 40]
    assert spec.city_value == pytest.approx(100 * (472 - 400) / 400)
    session.set_view(day=DAYS[0])
    assert session.view.compare_to is None, "a change needs an earlier date"


def test_a_date_that_vanishes_gives_way_to_the_nearest(session: Session) -> None:
    session.set_view(day=DAYS[0], indicator="einwohner_veraenderung_1j")
    assert session.view.day == DAYS[1]


def test_listeners_hear_changes_only(session: Session) -> None:
    heard: list[Event] = []
    end = session.subscribe(heard.append)
    session.set_view(k=4)
    session.set_view(k=4)
    end()
    session.set_view(k=5)
    assert heard == [Event.VIEW]


def test_the_view_is_saved_and_undo_steps_over_it(session: Session, tmp_path: Path) -> None:
    session.set_view(day=DAYS[1], method="manual", breaks={"einwohner|stadtteil": (80.0, 120.0)})
    shown = session.view
    session.save()
    assert session.project.undo_label == "Town"
    session.close()
    again = Session(Settings(), tmp_path / "working")
    again.open(tmp_path / "town.gpkg")
    assert again.view == shown
    assert map_spec(again).classification.breaks == (80.0, 120.0)
    again.close(discard=True)


def test_undo_of_the_only_import_leaves_an_empty_view(session: Session) -> None:
    session.undo()
    assert session.map_levels() == ()
    with pytest.raises(UserError) as caught:
        map_spec(session)
    assert caught.value.issues[0].code == "no_areas"
    session.redo()
    assert list(map_spec(session).values) == [121, 81, 130, 140]


def test_no_project_is_a_clear_refusal() -> None:
    with pytest.raises(UserError) as caught:
        _ = Session(Settings()).project
    assert caught.value.issues[0].repair


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"k": "x", "change": "?"}', '{"day": "gestern"}', '{"breaks": 3}']
)
def test_a_damaged_view_falls_back(text: str) -> None:
    assert ViewState.load(text) == ViewState()


def test_a_view_survives_as_text() -> None:
    view = ViewState(
        "a", "b", DAYS[1], DAYS[0], ChangeKind.RELATIVE, "jenks", 7, False, "puor", {"b|a": (1.5,)}
    )
    assert ViewState.load(view.dump()) == view
