"""The map shows what cartography paints, follows the hand, and survives being closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication

from monitor_app.cartography.raster import View, rasterise
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.selection import Selection
from monitor_app.ui import mapworker
from monitor_app.ui.mapview import MapView
from monitor_app.ui.theme import Theme
from tests.ui.maps import grid_shapes, spec_for


@pytest.fixture
def selection() -> Selection:
    return Selection()


@pytest.fixture
def view(qtbot, theme: Theme, selection: Selection) -> Iterator[MapView]:
    made = MapView(theme, selection)
    qtbot.addWidget(made)
    made.resize(600, 480)
    made.show()
    shapes = grid_shapes()
    made.set_map(spec_for(shapes), shapes)
    qtbot.waitUntil(lambda: made.sharp)
    yield made
    made.shutdown()


def middle(view: MapView, key: str) -> QPoint:
    """Widget pixel in the middle of a square."""
    r, c = int(key[1]), int(key[3])
    x, y = view.view.to_pixel(c * 1000 + 500, r * 1000 + 500)
    return QPoint(round(x), round(y))


def colour(image: QImage, at: QPoint) -> str:
    return image.pixelColor(at).name()


def wheel(view: MapView, at: QPoint, notches: int) -> None:
    place = QPointF(at)
    event = QWheelEvent(
        place, view.mapToGlobal(place), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def test_areas_have_the_colours_of_their_classes(view: MapView):
    spec = view.spec
    assert spec is not None
    image = view.picture()
    for place, key in enumerate(spec.keys[:-1]):
        expected = spec.class_colours[int(spec.classification.classes[place])]
        assert colour(image, middle(view, key)) == expected, key


def test_recolouring_does_not_touch_geometry(qtbot, view: MapView, monkeypatch):
    calls = []
    monkeypatch.setattr(mapworker, "rasterise", lambda *a: calls.append(a) or rasterise(*a))
    shapes = view._shapes
    assert shapes is not None
    other = spec_for(shapes, shift=60)
    before = colour(view.picture(), middle(view, "r0c0"))
    view.set_map(other, shapes)
    after = colour(view.picture(), middle(view, "r0c0"))
    assert after != before
    assert after == other.class_colours[int(other.classification.classes[0])]
    assert not calls


@pytest.mark.parametrize("key", ["r0c0", "r3c3", "r1c4"])
def test_click_selects_what_lies_under_the_pointer(qtbot, view, selection, key):
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=middle(view, key))
    assert selection.keys == (key,)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=middle(view, key))
    assert selection.keys == ()


@pytest.mark.parametrize(
    "modifier", [Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier]
)
def test_modifiers_add_and_take_away(qtbot, view, selection, modifier):
    for key in ("r0c0", "r1c1", "r2c2", "r1c1"):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, modifier, middle(view, key))
    assert selection.keys == ("r0c0", "r2c2")


def test_click_beside_the_town_clears(qtbot, view, selection):
    selection.set(["r0c0"])
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert selection.keys == ()


def test_box_selects_what_it_touches(qtbot, view, selection):
    qtbot.mouseClick(view.buttons.box, Qt.MouseButton.LeftButton)
    a, b = middle(view, "r0c1"), middle(view, "r1c3")
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=a)
    qtbot.mouseMove(view, b)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=b)
    assert set(selection.keys) == {"r0c1", "r0c2", "r0c3", "r1c1", "r1c2", "r1c3"}


def test_selected_areas_are_outlined(qtbot, view, selection):
    before = view.picture()
    selection.set(["r1c1"])
    after = view.picture()
    x, y = view.view.to_pixel(1000, 1500)  # on its western border
    edge = [after.pixelColor(round(x) + dx, round(y)).lightness() for dx in range(-2, 3)]
    assert min(edge) < 40
    assert colour(after, middle(view, "r1c1")) == colour(before, middle(view, "r1c1"))


def test_hover_tells_name_and_value(qtbot, view, selection):
    qtbot.mouseMove(view, middle(view, "r1c2"))
    assert selection.hovered == "r1c2"
    assert view.card.isVisible()
    assert view.card.name.text() == "Viertel r1c2"
    assert view.card.value.text() == "7,0 je 100"
    qtbot.mouseMove(view, middle(view, "r3c4"))
    assert view.card.value.text() == "geheim gehalten oder unbekannt"
    qtbot.mouseMove(view, QPoint(2, 2))
    assert not view.card.isVisible()


def test_card_stays_inside_the_map(qtbot, view):
    qtbot.mouseMove(view, middle(view, "r0c4"))
    assert view.rect().contains(view.card.geometry())


def test_wheel_zooms_at_the_pointer(qtbot, view):
    at = middle(view, "r3c0")
    before = view.view.to_map(at.x(), at.y())
    scale = view.view.scale
    wheel(view, at, 2)
    assert view.view.to_map(at.x(), at.y()) == pytest.approx(before)
    assert view.view.scale == pytest.approx(scale * 1.25**2)
    assert view.area_at(at.x(), at.y()) == "r3c0"  # by the old picture, before the sharp one
    qtbot.waitUntil(lambda: view.sharp)
    assert view.area_at(at.x(), at.y()) == "r3c0"


def test_drag_moves_the_map_and_selects_nothing(qtbot, view, selection):
    a = middle(view, "r1c1")
    b = a + QPoint(60, -30)
    held = view.view.to_map(a.x(), a.y())
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=a)
    qtbot.mouseMove(view, (a + b) / 2)
    qtbot.mouseMove(view, b)
    moved = view.picture()  # drawn at once from the picture at hand
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=b)
    assert view.view.to_map(b.x(), b.y()) == pytest.approx(held)
    assert selection.keys == ()
    qtbot.waitUntil(lambda: view.sharp)
    place = b + QPoint(4, 4)
    assert colour(moved, place) == colour(view.picture(), place)


def test_keys_zoom_pan_step_and_walk(qtbot, view, selection):
    scale, x = view.view.scale, view.view.x
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.view.scale == pytest.approx(scale * 1.5)
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.view.x > x
    with qtbot.waitSignal(view.stepped) as told:
        qtbot.keyClick(view, Qt.Key.Key_Left)
    assert told.args == [-1]
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.view.scale == pytest.approx(scale)
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert selection.keys == ("r0c1",)
    assert "Viertel r0c1" in view.accessibleDescription()


def test_zoom_to_selection_shows_all_of_it(qtbot, view, selection):
    selection.set(["r0c0", "r1c1"])
    qtbot.mouseClick(view.buttons.selection, Qt.MouseButton.LeftButton)
    left, bottom = view.view.to_pixel(0, 0)
    right, top = view.view.to_pixel(2000, 2000)
    assert left >= 0
    assert top >= 0
    assert right <= 600
    assert bottom <= 480
    assert bottom - top > 300


def test_filter_veils_but_keeps_areas_clickable(qtbot, view, selection):
    before = view.picture()
    view.set_kept(["r0c0"])
    after = view.picture()
    assert colour(after, middle(view, "r0c0")) == colour(before, middle(view, "r0c0"))
    assert after.pixelColor(middle(view, "r2c2")).lightness() > (
        before.pixelColor(middle(view, "r2c2")).lightness()
    )
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=middle(view, "r2c2"))
    assert selection.keys == ("r2c2",)


def test_same_extent_keeps_the_view_and_another_town_refits(qtbot, view):
    view.zoom(3.0)
    kept = view.view
    finer = grid_shapes(10, 8, 500.0)
    view.set_map(spec_for(finer), finer)
    assert view.view == kept
    other = grid_shapes(2, 2, 90.0)
    view.set_map(spec_for(other), other)
    assert view.view == View.fit(other.extent, 600, 480, dpr=view.devicePixelRatioF(), margin=24)
    qtbot.waitUntil(lambda: view.sharp)


def test_stale_pictures_are_dropped(qtbot, view):
    old = grid_shapes()
    other = grid_shapes(2, 2)
    view.set_map(spec_for(old, 3), old)
    view.set_map(spec_for(other), other)
    qtbot.waitUntil(lambda: view.sharp)
    assert view._frame is not None
    assert view._frame.raster.shapes is other


def test_resizing_while_drawing_ends_sharp(qtbot, view):
    for width, height in ((200, 200), (900, 700), (10, 10), (640, 300)):
        view.resize(width, height)
        view.repaint()
    qtbot.waitUntil(lambda: view.sharp)
    frame = view._frame
    assert frame is not None
    assert (frame.view.width, frame.view.height) == (640, 300)
    assert view.area_at(*view.view.to_pixel(2500, 1500)) == "r1c2"


def test_closing_while_drawing_is_safe(qtbot, theme, selection):
    shapes = grid_shapes(60, 60, 100.0)
    for _round in range(5):
        view = MapView(theme, selection)
        qtbot.addWidget(view)
        view.resize(800, 600)
        view.show()
        view.set_map(spec_for(shapes), shapes)
        view.zoom(1.1)
        view.close()
    assert not [t for t in threading.enumerate() if t.name == "map"]


@pytest.mark.parametrize("n", [0, 1])
def test_no_area_and_one_area_are_harmless(qtbot, view, n):
    shapes = grid_shapes(n, n)
    view.set_map(spec_for(shapes), shapes)
    qtbot.waitUntil(lambda: view.sharp)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(300, 240))
    view.zoom_to_selection()
    view.picture()


def test_empty_geometry_is_not_zoomed_to(qtbot, view, selection):
    shapes = grid_shapes(2, 1)
    holed = AreaShapes(shapes.keys, (shapes.geometries[0], None))
    view.set_map(spec_for(holed), holed)
    qtbot.waitUntil(lambda: view.sharp)
    kept = view.view
    selection.set(["r0c1"])
    view.zoom_to_selection()
    assert view.view == kept


def test_no_map_shows_what_to_do(qtbot, view):
    view.empty_text = "Bitte Gebiete einlesen."
    view.set_map(None, None)
    ink = np.array([view.picture().pixelColor(x, 240).lightness() for x in range(view.width())])
    assert view.area_at(300, 240) is None
    assert (np.array([view.picture().pixelColor(x, y).lightness()
                      for y in range(220, 260) for x in range(0, 600, 2)]) < 120).any()  # fmt: skip
    assert len(ink)


def test_has_names_for_screen_readers(view):
    assert view.accessibleName() == "Karte"
    assert "Altenquotient" in view.accessibleDescription()
    assert "31.12.2024" in view.accessibleDescription()
    for button, _picture in view.buttons._all:
        assert button.accessibleName()


def test_device_pixels_are_used(qtbot, view):
    frame = view._frame
    assert frame is not None
    dpr = view.devicePixelRatioF()
    assert frame.raster.ids.shape == (round(480 * dpr), round(600 * dpr))
