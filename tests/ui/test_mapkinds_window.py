"""The legend as a control: kinds of maps, dragged limits, layers; by clicks and keys."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from monitor_app.app.mapkinds import Kind
from monitor_app.cartography.classify import Method
from monitor_app.cartography.mapspec import MapKind
from monitor_app.core.status import Status
from monitor_app.project.project import Project
from monitor_app.ui.breakhistogram import BreakHistogram
from monitor_app.ui.kindchooser import CHANGE
from monitor_app.ui.legendkey import LegendKey, LegendSquare
from monitor_app.ui.window import MainWindow
from tests.app.test_mapkinds import city_ratio, layers_batch
from tests.ui.conftest import settle
from tests.ui.maps import grid_shapes, spec_for
from tests.ui.test_window import area_pixel, bench, choose
from tests.ui.town import PERSONS, make_project, old_age_ratio

LEFT = Qt.MouseButton.LeftButton


def pick(qtbot: QtBot, box: QComboBox, data: str) -> None:
    """Choose an entry of a list with the keyboard."""
    wanted = box.findData(data)
    assert wanted >= 0
    while box.currentIndex() != wanted:
        step = Qt.Key.Key_Down if box.currentIndex() < wanted else Qt.Key.Key_Up
        before = box.currentIndex()
        qtbot.keyClick(box, step)
        assert box.currentIndex() != before, "an entry cannot be reached"


@pytest.fixture
def layered(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    """The small town with day-care centres, a river and a tram, old-age ratio shown."""
    path = make_project(tmp_path)
    with Project.open(path, working_dir=tmp_path / "work2") as project:
        project.apply(layers_batch())
        project.save()
    window.open_path(path)
    settle(qtbot, window)
    choose(qtbot, window, "altenquotient 65")
    return window


def spec_of(window: MainWindow):
    return bench(window).map.picture.spec


def test_each_kind_is_one_key_away(qtbot, layered: MainWindow):
    legend = bench(layered).map.legend
    kinds = legend.kinds
    seen = {}
    kinds.kind.setFocus()
    for _step in range(kinds.kind.count() - 1):
        qtbot.keyClick(kinds.kind, Qt.Key.Key_Down)
        settle(qtbot, layered)
        seen[kinds.kind.currentData()] = spec_of(layered).kind
        assert not kinds.note.isVisible(), kinds.note.text()
    assert seen == {
        "change_absolute": MapKind.CHANGE_ABSOLUTE, "change_relative": MapKind.CHANGE_RELATIVE,
        "deviation": MapKind.DEVIATION, "deviation_relative": MapKind.DEVIATION,
        "target": MapKind.DEVIATION, "target_relative": MapKind.DEVIATION,
        "threshold": MapKind.THRESHOLD, "types": MapKind.CATEGORIES,
        "bivariate": MapKind.BIVARIATE,
    }  # fmt: skip
    assert legend.square.isVisible()
    assert not legend.class_section.isVisible()
    assert "Nach rechts" in legend.ways.text()


def test_deviation_by_hand_on_card_and_table(qtbot, layered: MainWindow):
    page = bench(layered).map
    pick(qtbot, page.legend.kinds.kind, "deviation")
    settle(qtbot, layered)
    qtbot.mouseMove(page.map, area_pixel(layered, "001"))
    qtbot.mouseMove(page.map, area_pixel(layered, "003"))
    qtbot.waitUntil(lambda: bench(layered).session.selection.hovered == "003")
    gap = old_age_ratio(2, 2) - city_ratio(2)
    text = f"{abs(gap):.1f}".replace(".", ",")
    assert page.map.card.value.text().startswith(("+" if gap > 0 else "−") + text)
    model = page.table.model
    titles = [model.headerData(c, Qt.Orientation.Horizontal) for c in range(model.columnCount())]
    assert any("Abweichung" in str(t) for t in titles)
    assert "Gemessen an" in page.legend.city.text()


def test_a_typed_target_colours_the_map_and_is_kept(qtbot, layered: MainWindow):
    page = bench(layered).map
    pick(qtbot, page.legend.kinds.kind, "threshold")
    field = page.legend.kinds.target
    assert field.isVisible()
    assert spec_of(layered).reference == round(city_ratio(2), 1)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "viel")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert "Zahl" in page.legend.kinds.note.text()
    field.selectAll()
    qtbot.keyClicks(field, "32,5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert spec_of(layered).reference == 32.5
    assert bench(layered).session.view.targets == {"altenquotient": 32.5}
    pick(qtbot, page.legend.kinds.kind, "value")
    pick(qtbot, page.legend.kinds.kind, "target")
    assert field.text() == "32,5"


def test_the_second_indicator_is_chosen_in_the_tree(qtbot, layered: MainWindow):
    page = bench(layered).map
    pick(qtbot, page.legend.kinds.kind, "bivariate")
    settle(qtbot, layered)
    assert spec_of(layered).kind is MapKind.BIVARIATE
    second = page.legend.kinds.second
    qtbot.mouseClick(second, LEFT)
    qtbot.keyClicks(second.search, "jugendquotient")
    qtbot.keyClick(second.search, Qt.Key.Key_Return)
    settle(qtbot, layered)
    pair = spec_of(layered).pair
    assert pair.second == pytest.approx([100 * p[2, 0] / p[2, 1] for p in PERSONS])
    qtbot.mouseMove(page.map, area_pixel(layered, "003"))
    qtbot.mouseMove(page.map, area_pixel(layered, "001"))
    qtbot.waitUntil(lambda: bench(layered).session.selection.hovered == "001")
    assert len(page.map.card.value.text().splitlines()) == 2


def test_a_count_cannot_be_held_against_the_city_and_says_so(qtbot, layered: MainWindow):
    page = bench(layered).map
    pick(qtbot, page.legend.kinds.kind, "deviation")
    choose(qtbot, layered, "einwohnerinnen und einwohner")
    assert spec_of(layered).kind is MapKind.VALUE
    assert "Anzahl" in page.legend.kinds.note.text()
    assert page.legend.kinds.note.isVisible()
    assert page.legend.kinds.kind.currentData() == "deviation"
    pick(qtbot, page.legend.kinds.kind, "value")
    assert not page.legend.kinds.note.isVisible()


def test_change_in_the_list_and_balance_are_the_same(qtbot, layered: MainWindow):
    page = bench(layered).map
    pick(qtbot, page.legend.kinds.kind, CHANGE)
    assert spec_of(layered).base_day == date(2020, 12, 31)
    assert "balance" in page.banners.names
    qtbot.mouseClick(page.banners.banner("balance").button, LEFT)
    assert page.legend.kinds.kind.currentData() == Kind.VALUE
    assert spec_of(layered).base_day is None


def test_dragging_a_limit_recolours_at_once_and_is_kept(qtbot, layered: MainWindow):
    page = bench(layered).map
    bars: BreakHistogram = page.legend.histogram
    page.legend.ensureWidgetVisible(bars)
    before = spec_of(layered)
    first = bars.breaks[0]
    start = QPoint(round(bars.x_of(first)), 60)
    goal = QPoint(round(bars.x_of((first + bars.breaks[1]) / 2)), 60)
    qtbot.mousePress(bars, LEFT, pos=start)
    qtbot.mouseMove(bars, pos=goal)
    # Only map and legend follow while the button is down.
    moved = page.map.spec.classification.breaks
    assert first < moved[0] < moved[1]
    assert spec_of(layered) is before
    counts = [count for _label, count in page.legend.rows.rows]
    assert counts == list(page.map.spec.classification.counts)
    assert sum(counts) == 6
    qtbot.mouseRelease(bars, LEFT, pos=goal)
    view = bench(layered).session.view
    assert view.method == Method.MANUAL
    assert view.breaks[view.place] == moved == spec_of(layered).classification.breaks
    assert page.legend.breaks.isVisible()
    assert page.map._frame.spec is spec_of(layered)


def test_a_click_on_a_limit_changes_no_classes(qtbot, layered: MainWindow):
    page = bench(layered).map
    bars = page.legend.histogram
    before, view = spec_of(layered).classification, bench(layered).session.view
    qtbot.mouseClick(bars, LEFT, pos=QPoint(round(bars.x_of(bars.breaks[0])), 60))
    assert bench(layered).session.view == view
    assert spec_of(layered).classification.method is before.method
    # a limit that was moved and brought back is where it was, too
    start = QPoint(round(bars.x_of(bars.breaks[0])), 60)
    qtbot.mousePress(bars, LEFT, pos=start)
    qtbot.mouseMove(bars, pos=start + QPoint(3, 0))
    qtbot.keyClick(bars, Qt.Key.Key_Escape)
    assert page.map.spec.classification.breaks == before.breaks
    qtbot.mouseRelease(bars, LEFT, pos=start)
    assert bench(layered).session.view == view


def test_limits_by_keyboard_and_double_click(qtbot, layered: MainWindow):
    page = bench(layered).map
    bars = page.legend.histogram
    before = bars.breaks
    qtbot.keyClick(bars, Qt.Key.Key_PageUp)  # the first limit
    qtbot.keyClick(bars, Qt.Key.Key_Right)
    assert bars.breaks[0] > before[0]
    assert bars.breaks[1:] == before[1:]
    qtbot.keyClick(bars, Qt.Key.Key_Delete)
    assert len(spec_of(layered).classification.breaks) == len(before) - 1
    qtbot.keyClick(bars, Qt.Key.Key_Insert)
    assert len(spec_of(layered).classification.breaks) == len(before)
    at = QPoint(round(bars.x_of(bars.breaks[0])), 60)
    qtbot.mouseDClick(bars, LEFT, pos=at)
    assert len(spec_of(layered).classification.breaks) == len(before) - 1


def test_a_limit_never_passes_its_neighbours(qtbot, layered: MainWindow):
    page = bench(layered).map
    bars = page.legend.histogram
    start = QPoint(round(bars.x_of(bars.breaks[0])), 60)
    qtbot.mousePress(bars, LEFT, pos=start)
    for x in (bars.width() - 1, bars.width() + 50, 0, -50):
        qtbot.mouseMove(bars, pos=QPoint(x, 60))
        found = page.map.spec.classification.breaks
        assert list(found) == sorted(set(found))
    qtbot.mouseRelease(bars, LEFT, pos=start)


def test_colours_that_print_alike_are_warned_of(qtbot, layered: MainWindow):
    legend = bench(layered).map.legend
    pick(qtbot, legend.kinds.kind, "deviation")
    pick(qtbot, legend.palette_, "puor")
    assert "Grau" in legend.classes.warnings.text()
    pick(qtbot, legend.kinds.kind, "value")
    pick(qtbot, legend.palette_, "blues")
    assert not legend.classes.warnings.isVisible()


def test_layers_are_chosen_and_named_in_the_legend(qtbot, layered: MainWindow):
    page = bench(layered).map
    layers = page.legend.layers
    pick(qtbot, layers.points, "kitas:operator")
    pick(qtbot, layers.labels, "both")
    pick(qtbot, layers.symbols, "einwohner")
    settle(qtbot, layered)
    shown = spec_of(layered).layers
    assert shown.labels.names
    assert shown.labels.values
    rows = page.legend.key.rows
    assert "Stadt" in rows
    assert "ohne Angabe" in rows
    assert "Fluss" in rows
    assert "Straßenbahn" in rows
    assert any("Einwohner" in r for r in rows)
    with_layers = page.map.picture()
    for box in (layers.points, layers.labels, layers.symbols):
        pick(qtbot, box, "")
    box = layers.background
    page.legend.ensureWidgetVisible(box)
    qtbot.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))
    settle(qtbot, layered)
    assert not spec_of(layered).layers
    assert page.map.picture() != with_layers
    assert not page.legend.key.isVisible()


def test_facilities_are_drawn_where_they_are(qtbot, layered: MainWindow):
    """A pixel at the place of a facility has the colour of its kind."""
    page = bench(layered).map
    pick(qtbot, page.legend.layers.points, "kitas:operator")
    settle(qtbot, layered)
    (points,) = spec_of(layered).layers.points
    image = page.map.picture()
    for place, kind in zip(points.places, points.kinds, strict=True):
        x, y = page.map.view.to_pixel(*place)
        colour = image.pixelColor(round(x), round(y)).name()
        assert colour == points.looks[kind][0]


def test_the_view_is_kept_in_the_project(qtbot, layered: MainWindow, tmp_path: Path):
    page = bench(layered).map
    pick(qtbot, page.legend.kinds.kind, "threshold")
    pick(qtbot, page.legend.layers.labels, "names")
    settle(qtbot, layered)
    wanted, view = spec_of(layered), bench(layered).session.view
    bench(layered).session.save()
    path = bench(layered).session.project.path
    bench(layered).flow.close()
    settle(qtbot, layered)
    layered.open_path(path)
    settle(qtbot, layered)
    assert bench(layered).session.view == view
    assert np.array_equal(spec_of(layered).codes, wanted.codes)
    assert spec_of(layered).title == wanted.title


def test_copy_puts_picture_and_vectors_on_the_clipboard(qtbot, layered: MainWindow):
    bench(layered).run("copy_map")
    settle(qtbot, layered)
    data = QGuiApplication.clipboard().mimeData()
    assert data.hasImage()
    drawn = bytes(data.data("image/svg+xml").data())
    assert b"<svg" in drawn
    for colour in spec_of(layered).class_colours:
        assert colour.encode() in drawn


def test_the_panel_is_never_wider_than_its_place(qtbot, layered: MainWindow):
    """All controls fit into the narrowest legend."""
    legend = bench(layered).map.legend
    for kind in [k.value for k in Kind]:
        bench(layered).maproom.take({"show": kind})
        settle(qtbot, layered)
        assert legend.inside.minimumSizeHint().width() <= 288, kind


@pytest.mark.parametrize("size", [(200, 200), (3840, 2160)])
def test_very_small_and_very_large_windows(qtbot, layered: MainWindow, size):
    bench(layered).maproom.take({"labels": "both", "symbols": "einwohner"})
    bench(layered).map.map.resize(*size)
    layered.resize(*size)
    for kind in ("bivariate", "types", "deviation"):
        bench(layered).maproom.take({"show": kind})
        QApplication.processEvents()
    settle(qtbot, layered)
    assert bench(layered).map.map.sharp


def test_resizing_and_closing_while_layers_are_drawn(qtbot, layered: MainWindow):
    view = bench(layered).map.map
    bench(layered).maproom.take({"labels": "both", "points": ("kitas:operator",)})
    for i in range(12):
        layered.resize(900 + 37 * i, 700 + 11 * i)
        QApplication.processEvents()
        time.sleep(0.003)
    bench(layered).maproom.take({"labels": "values"})
    view.shutdown()  # in the middle of drawing
    assert view._worker._thread is None


VALUES = {
    "one": [5.0],
    "missing": [np.nan] * 6,
    "equal": [7.0] * 6,
    "infinite": [np.inf, -np.inf, 1.0, 2.0, np.nan, 3.0],
    "nearly equal": [1.0, 1.0 + 1e-15, 1.0, 1.0, 1.0, 1.0],
}


@pytest.mark.parametrize("name", VALUES)
def test_histogram_of_odd_values(qtbot, theme, name: str):
    """One area, none with a value, all equal, infinite: shown or left out, never an error."""
    shapes = grid_shapes(len(VALUES[name]), 1)
    spec = spec_for(shapes)
    values = np.array(VALUES[name])
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.uint8)
    found = spec.classification.apply(values, status)
    bars = BreakHistogram(theme)
    qtbot.addWidget(bars)
    bars.resize(260, 124)
    bars.show()
    from dataclasses import replace

    from monitor_app.cartography.classify import classify

    for classes in (
        found,
        classify(values, status, "jenks", 4),
        classify(values, status, "manual", breaks=[2.5]),
    ):
        made = replace(spec, values=values, status=status, classification=classes)
        bars.set_map(made)
        bars.grab()
        qtbot.keyClick(bars, Qt.Key.Key_PageUp)
        qtbot.keyClick(bars, Qt.Key.Key_Right)
        qtbot.keyClick(bars, Qt.Key.Key_Insert)
    for widget in (LegendKey(theme), LegendSquare(theme)):
        qtbot.addWidget(widget)
        widget.set_map(made)
        widget.resize(240, 120)
        widget.grab()


def test_the_switch_for_zeros_stands_where_there_are_any(qtbot, theme):
    from dataclasses import replace

    from monitor_app.ui.classcontrols import ClassChoice, ClassControls

    spec = spec_for(grid_shapes())  # its first value is zero
    controls = ClassControls(theme)
    qtbot.addWidget(controls)
    controls.show()
    choice = ClassChoice("quantiles", 5, True, "")
    controls.show_map(spec, choice)
    assert controls.zeros.isVisible()
    with qtbot.waitSignal(controls.changed) as heard:
        qtbot.mouseClick(controls.zeros, LEFT, pos=QPoint(8, controls.zeros.height() // 2))
    assert heard.args == [{"zeros": True}]
    controls.show_map(replace(spec, values=spec.values + 1), choice)
    assert not controls.zeros.isVisible()
