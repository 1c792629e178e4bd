"""A territorial reform in the window: marked on the time axis, earlier values carried over."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from PySide6.QtCore import QPoint, Qt

from monitor_app.core.areas import Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.bridges import Bridge, BridgeRow
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.project.project import Project
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.test_window import bench, choose
from tests.ui.town import AGES, DAYS, KEYS, NAMES, PERSONS, squares

LEFT = Qt.MouseButton.LeftButton
REFORM = date(2022, 1, 1)


def reform_batch() -> ImportBatch:
    """Süd and Zell become one area between the second and the third date."""
    shapes = squares()
    keys, names = (*KEYS, "056"), (*NAMES, "Südzell")
    joined = shapely.union_all(shapes[4:])
    none = (None,) * 4
    areas = AreaTable(
        Level("viertel", "Stadtviertel", 2), keys, names, (*shapes, joined), "EPSG:25832",
        valid_from=(*none, None, None, REFORM),
        valid_to=(*none, date(2021, 12, 31), date(2021, 12, 31), None),
    )  # fmt: skip
    persons = np.full((7, 3, 3), np.nan)
    persons[:4] = PERSONS[:4]
    persons[4:6, :2] = PERSONS[4:, :2]
    persons[6, 2] = PERSONS[4:, 2].sum(axis=0)
    cube = Cube.of({"area": keys, "date": DAYS}, persons, ages=AGES)
    spec = DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "viertel")
    rows = tuple(BridgeRow(old, "056", {"pop": 1.0}) for old in KEYS[4:])
    return ImportBatch(
        "Reform", (), areas=(areas,), facts=(FactTable(spec, cube),),
        bridges=(Bridge("viertel", REFORM, rows, "Statistikamt"),),
    )  # fmt: skip


@pytest.fixture
def reformed(qtbot, window: MainWindow, tmp_path: Path) -> MainWindow:
    path = tmp_path / "Reformstadt.gpkg"
    with Project.create(path, name="Reformstadt", working_dir=tmp_path / "work") as project:
        project.apply(reform_batch())
        project.save()
    window.open_path(path)
    settle(qtbot, window)
    choose(qtbot, window, "einwohnerinnen und einwohner")
    return window


def test_the_reform_is_marked_on_the_time_axis(qtbot, reformed: MainWindow):
    axis = bench(reformed).map.slider.axis
    assert axis.breaks == (REFORM,)
    assert "01.01.2022" in axis.toolTip()
    line = axis.grab().toImage()
    axis.set_breaks(())
    assert axis.grab().toImage() != line
    assert "01.01.2022" not in axis.toolTip()


def test_earlier_values_are_carried_by_the_switch(qtbot, reformed: MainWindow):
    page = bench(reformed).map
    layers = page.legend.layers
    assert layers.carried.isVisible()
    bench(reformed).change_view(day=DAYS[0])
    settle(qtbot, reformed)
    assert set(page.picture.spec.keys) == set(KEYS)
    page.legend.ensureWidgetVisible(layers.carried)
    qtbot.mouseClick(layers.carried, LEFT, pos=QPoint(8, layers.carried.height() // 2))
    settle(qtbot, reformed)
    assert bench(reformed).session.view.carried
    spec = page.picture.spec
    assert set(spec.keys) == {*KEYS[:4], "056"}
    at = spec.keys.index("056")
    assert spec.values[at] == pytest.approx(PERSONS[4:, 0].sum())
    assert "Umsteigeschlüssel" in layers.reform.text()
    assert "Umsteigeschlüssel" in spec.note
    # the shape on the map is the present one
    assert shapely.area(page.picture.shapes.polygons[at]) == pytest.approx(2e6)
    qtbot.mouseClick(layers.carried, LEFT, pos=QPoint(8, layers.carried.height() // 2))
    settle(qtbot, reformed)
    assert set(page.picture.spec.keys) == set(KEYS)


def test_a_town_without_reforms_has_no_switch(qtbot, opened: MainWindow):
    assert not bench(opened).map.legend.layers.carried.isVisible()
    assert bench(opened).map.slider.axis.breaks == ()
