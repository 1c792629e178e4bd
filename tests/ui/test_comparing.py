"""Swipe, side by side and series in the window, with real drags and clicks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from monitor_app.app.mapseries import of_days
from monitor_app.app.session import Event
from monitor_app.core.i18n import LANGUAGE
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.core.selection import Selection
from monitor_app.ui import comparecommands, seriesdialog, swipemap
from monitor_app.ui.seriesdialog import MOVING, SeriesDialog
from monitor_app.ui.swipe import INDICATORS, CompareDialog
from monitor_app.ui.swipemap import LinkedMap, SwipeMap, link, same_place
from monitor_app.ui.theme import Theme
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.maps import grid_shapes, spec_for
from tests.ui.town import DAYS, old_age_ratio

SHAPES = grid_shapes()
LEFT = spec_for(SHAPES)
RIGHT = replace(
    spec_for(SHAPES, shift=40.0),
    classification=LEFT.classification.apply(LEFT.values + 40.0, LEFT.status),
    values=LEFT.values + 40.0,
)


@pytest.fixture
def swipe(qtbot: QtBot, theme: Theme) -> Iterator[SwipeMap]:
    made = SwipeMap(theme, Selection())
    qtbot.addWidget(made)
    made.resize(600, 420)
    made.set_pair((LEFT, SHAPES), (RIGHT, SHAPES), ("2020", "2024"))
    made.show()
    qtbot.waitUntil(lambda: made.both_sharp)
    yield made
    made.shutdown()


def shot(widget) -> QImage:
    return widget.grab().toImage()


def colour_in(image: QImage, widget: SwipeMap, key: str) -> str:
    """Colour a little above the middle of an area, away from labels and borders."""
    west, south, east, north = SHAPES.bounds[SHAPES.keys.index(key)]
    x, y = widget.view.to_pixel((west + east) / 2, (south + north) / 2 + 250)
    return QColor(image.pixel(round(x), round(y))).name()


def test_left_and_right_of_the_line_are_two_maps(swipe: SwipeMap) -> None:
    image = shot(swipe)
    for key in ("r1c0", "r2c1"):
        code = LEFT.codes[SHAPES.keys.index(key)]
        assert colour_in(image, swipe, key) == LEFT.swatches[code].colour.lower()
    for key in ("r1c3", "r2c4"):
        code = RIGHT.codes[SHAPES.keys.index(key)]
        assert colour_in(image, swipe, key) == RIGHT.swatches[code].colour.lower()


def test_dragging_the_line_draws_no_raster(
    qtbot: QtBot, swipe: SwipeMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    for name in ("Painter", "Frame"):
        real = getattr(swipemap, name)
        monkeypatch.setattr(
            swipemap, name, lambda *a, real=real, **k: (made.append(1), real(*a, **k))[1]
        )
    rasters, number, view = swipe.rasters, swipe._number, swipe.view
    at = QPoint(round(swipe.line_x), 100)
    qtbot.mousePress(swipe, Qt.MouseButton.LeftButton, pos=at)
    for x in range(at.x(), 120, -10):
        qtbot.mouseMove(swipe, QPoint(x, 100))
        swipe.repaint()
    qtbot.mouseRelease(swipe, Qt.MouseButton.LeftButton, pos=QPoint(120, 100))
    assert swipe.share == pytest.approx(130 / 600, abs=0.03)
    assert (swipe.rasters, swipe._number, swipe.view) == (rasters, number, view)
    assert not made
    # what was left of the line lies right of it now
    code = RIGHT.codes[SHAPES.keys.index("r1c1")]
    assert colour_in(shot(swipe), swipe, "r1c1") == RIGHT.swatches[code].colour.lower()


def test_keys_move_the_line_and_zoom_keeps_both_together(qtbot: QtBot, swipe: SwipeMap) -> None:
    qtbot.keyClick(swipe, Qt.Key.Key_Left)
    qtbot.keyClick(swipe, Qt.Key.Key_Left)
    assert swipe.share == pytest.approx(0.46)
    swipe.zoom(1.5)
    qtbot.waitUntil(lambda: swipe.both_sharp)
    assert swipe._right is not None
    assert swipe._right.view == swipe.view


def test_the_card_names_both_values(qtbot: QtBot, swipe: SwipeMap) -> None:
    swipe._selection.hover("r0c1")
    text = swipe.card.value.text()
    assert "2020: 1,0" in text
    assert "2024: 41,0" in text


def test_a_click_selects_on_either_side(qtbot: QtBot, swipe: SwipeMap) -> None:
    for key in ("r1c0", "r1c4"):
        west, south, east, north = SHAPES.bounds[SHAPES.keys.index(key)]
        x, y = swipe.view.to_pixel((west + east) / 2, (south + north) / 2)
        qtbot.mouseClick(swipe, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
        assert swipe._selection.keys == (key,)


def test_other_areas_on_the_right_have_a_raster_of_their_own(qtbot: QtBot, theme: Theme) -> None:
    before = grid_shapes(4, 4, 1250.0)
    swipe = SwipeMap(theme, Selection())
    qtbot.addWidget(swipe)
    swipe.resize(500, 400)
    swipe.set_pair((LEFT, SHAPES), (spec_for(before), before), ("a", "b"))
    swipe.show()
    qtbot.waitUntil(lambda: swipe.both_sharp)
    x = swipe.width() * 0.9
    found = swipe.area_at(x, 200)
    assert found in before.keys
    assert found == swipe._right.raster.key_at(x, 200)
    rasters = swipe.rasters
    swipe.set_share(0.2)
    QApplication.processEvents()
    assert swipe.rasters == rasters
    swipe.shutdown()


def test_side_by_side_both_follow_one_hand(qtbot: QtBot, theme: Theme) -> None:
    selection = Selection()
    one, other = LinkedMap(theme, selection), LinkedMap(theme, selection)
    link(one, other)
    for at, (widget, width) in enumerate(((one, 400), (other, 300))):
        qtbot.addWidget(widget)
        widget.resize(width, 300)
        widget.set_map((LEFT, RIGHT)[at], SHAPES)
        widget.show()
    one.zoom(2.0)
    assert same_place(one.view, other.view)
    other.pan(40, -20)
    assert same_place(one.view, other.view)
    assert one.view.width == 400
    selection.hover("r1c1")
    qtbot.waitUntil(lambda: one.sharp and other.sharp)
    assert one.card.isVisible() == other.card.isVisible() is True
    one.zoom_to_all()
    assert same_place(one.view, other.view)
    one.shutdown()
    other.shutdown()


@pytest.fixture
def compare(qtbot: QtBot, opened: MainWindow) -> Iterator[CompareDialog]:
    opened.workbench.change_view(indicator="altenquotient")
    settle(qtbot, opened)
    opened.actions_["compare_maps"].trigger()
    dialog = next(
        w for w in QApplication.topLevelWidgets() if isinstance(w, CompareDialog) and w.isVisible()
    )
    qtbot.waitUntil(lambda: dialog.series is not None and dialog.swipe.both_sharp)
    yield dialog
    if isValid(dialog):
        dialog.reject()
    settle(qtbot, opened)


def test_two_dates_have_the_same_classes_and_both_legends(
    qtbot: QtBot, compare: CompareDialog
) -> None:
    series = compare.series
    assert series is not None
    assert [s.day for s in series.specs] == [DAYS[0], DAYS[-1]]
    first, last = series.specs
    assert first.classification.breaks == last.classification.breaks
    assert first.values.tolist() == pytest.approx([old_age_ratio(i, 0) for i in range(6)])
    assert last.values.tolist() == pytest.approx([old_age_ratio(i, 2) for i in range(6)])
    for side, spec in zip(compare.sides, series.specs, strict=True):
        assert [count for _label, count in side.rows.rows][: spec.classification.k] == list(
            spec.classification.counts
        )
        assert spec.date_text in side.caption.text()
    qtbot.keyClick(compare, Qt.Key.Key_Escape)
    assert not compare.isVisible()


def test_names_stand_on_both_sides_of_the_line(qtbot: QtBot, opened: MainWindow) -> None:
    bench = opened.workbench
    bench.session.set_view(labels="names")
    settle(qtbot, opened)
    dialog = CompareDialog(bench)
    dialog.show()
    settle(qtbot, opened)
    qtbot.waitUntil(lambda: dialog.swipe.spec is not None and dialog.swipe.both_sharp)
    swipe = dialog.swipe
    qtbot.waitUntil(lambda: swipe._right_decor is not None)
    with_names = shot(swipe)
    swipe._right_decor = None
    swipe.update()
    without = shot(swipe)
    ratio = with_names.devicePixelRatio()
    middle = round(swipe.line_x * ratio)
    rows = range(0, with_names.height(), 2)
    right = range(middle + 2, with_names.width(), 2)
    assert any(with_names.pixel(x, y) != without.pixel(x, y) for y in rows for x in right)
    swipe.zoom(1.5)  # another view, other places of names
    qtbot.waitUntil(lambda: swipe.both_sharp and swipe._right_decor is not None)
    dialog.reject()


def test_side_by_side_and_another_indicator(
    qtbot: QtBot, opened: MainWindow, compare: CompareDialog
) -> None:
    qtbot.mouseClick(compare.next_to, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: all(m.sharp for m in compare.pair))
    assert not compare.swipe.isVisible()
    compare.what.setCurrentIndex(compare.what.findData(INDICATORS))
    compare.what.activated.emit(compare.what.currentIndex())
    for box, key in ((compare.left, "altenquotient"), (compare.right, "einwohner")):
        box.setCurrentIndex(box.findData(key))
        box.activated.emit(box.currentIndex())
    settle(qtbot, opened)
    qtbot.waitUntil(lambda: [s.indicator for s in compare.series.specs] ==
                    ["altenquotient", "einwohner"])  # fmt: skip
    assert not compare.series.shared
    assert "eigene Klassen" in compare.shared.text()


def test_both_maps_are_printed_beside_each_other(
    qtbot: QtBot, opened: MainWindow, compare: CompareDialog, tmp_path: Path
) -> None:
    qtbot.mouseClick(compare.page, Qt.MouseButton.LeftButton)
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, SeriesDialog))
    qtbot.waitUntil(lambda: dialog.preview.page is not None)
    dialog.save(tmp_path / "paar.pdf")
    settle(qtbot, opened)
    text = PdfReader(tmp_path / "paar.pdf").pages[0].extract_text()
    assert "31.12.2020" in text
    assert "31.12.2024" in text


def test_a_moving_picture_from_the_window(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    opened.actions_["series"].trigger()
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, SeriesDialog))
    dialog.kind.setCurrentIndex(dialog.kind.findData(MOVING))
    dialog.kind.activated.emit(dialog.kind.currentIndex())
    assert dialog.seconds.isVisible()
    assert dialog.days() == DAYS
    dialog.seconds.setCurrentIndex(dialog.seconds.findData(0.5))
    dialog.save(tmp_path / "reihe.gif")
    settle(qtbot, opened)
    with Image.open(tmp_path / "reihe.gif") as picture:
        assert picture.n_frames == 3
        frames = []
        times = []
        for n in range(3):
            picture.seek(n)
            times.append(picture.info["duration"])
            frames.append(np.asarray(picture.convert("RGB")))
    # one year, then three: longer in proportion (the longer gap is the usual one of two)
    assert times[1] >= 2 * times[0]
    assert times[2] == 1500
    assert (frames[0] != frames[2]).any()
    assert tuple(frames[0][0, 0]) == (255, 255, 255)


def test_a_fetch_of_the_expression_bar_that_fails_is_told(
    qtbot: QtBot, opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_what: object) -> None:
        raise fail("x", "Die Bevölkerung fehlt", repair="Bitte importieren.")

    monkeypatch.setattr(comparecommands, "indicator_column", broken)
    bar = opened.workbench.map.table.expression
    bar.begin()
    bar.line.setText("altenquotient > 5")
    settle(qtbot, opened)
    assert bar.says.text() == "Die Bevölkerung fehlt. Bitte importieren."


def test_a_series_is_named_in_the_language_and_read_before_the_work(
    qtbot: QtBot, opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda _w, _t, path, _f: (asked.append(path), ("", ""))[1]
    )
    opened.actions_["series"].trigger()
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, SeriesDialog))
    settle(qtbot, opened)
    with monkeypatch.context() as bare:
        bare.setattr(type(opened.workbench.map), "picture", None)
        dialog._choose()
        LANGUAGE.use("en")
        try:
            dialog._choose()
        finally:
            LANGUAGE.use("de")
    assert [Path(p).name for p in asked] == ["Karten.pdf", "Maps.pdf"]
    dialog.title.setText("Erster Titel")
    jobs: list = []
    monkeypatch.setattr(opened.workbench, "job", lambda _label, work, *_r, **_k: jobs.append(work))
    titles: list[str] = []
    monkeypatch.setattr(
        seriesdialog, "write_series", lambda series, path, *_r, **_k: titles.append(series.title)
    )
    dialog.save(Path("x.pdf"))
    dialog.title.setText("Zweiter Titel")
    jobs[0](Progress())
    assert titles == ["Erster Titel"]


def test_the_preview_of_a_moving_picture_has_its_classes(
    qtbot: QtBot, opened: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Classes made anew for each date in the window are those of all dates in the picture."""
    bench = opened.workbench
    bench.session.set_view(indicator="altenquotient", whole_series=False, k=2)
    settle(qtbot, opened)
    drawn = []
    real = seriesdialog.compose
    monkeypatch.setattr(
        seriesdialog, "compose", lambda spec, *a: (drawn.append(spec), real(spec, *a))[1]
    )
    dialog = SeriesDialog(bench)
    dialog.open()
    dialog.kind.setCurrentIndex(dialog.kind.findData(MOVING))
    dialog._kind_changed()
    qtbot.waitUntil(lambda: bool(drawn))
    settle(qtbot, opened)
    series = dialog._series(dialog.days(), "", Progress())
    assert drawn[-1].day == series.specs[-1].day
    assert drawn[-1].classification.breaks == series.specs[-1].classification.breaks
    alone = of_days(bench.session, dialog.days()[-1:])
    assert alone.specs[0].classification.breaks != series.specs[-1].classification.breaks
    dialog.reject()


def test_cancelling_a_series_leaves_no_file(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    opened.actions_["series"].trigger()
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, SeriesDialog))
    dialog.save(tmp_path / "reihe.pdf")
    opened.jobs.cancel_job()
    settle(qtbot, opened)
    assert not list(tmp_path.glob("reihe*"))


def test_closing_while_it_draws_leaves_nothing(qtbot: QtBot, opened: MainWindow) -> None:
    for _round in range(3):
        opened.actions_["compare_maps"].trigger()
        dialog = next(
            w for w in QApplication.topLevelWidgets()
            if isinstance(w, CompareDialog) and w.isVisible()
        )  # fmt: skip
        dialog.resize(700, 500)
        QApplication.processEvents()
        dialog.reject()
    settle(qtbot, opened)


def test_it_goes_with_its_project(qtbot: QtBot, opened: MainWindow, compare: CompareDialog) -> None:
    session = opened.workbench.session
    session.close(discard=True)
    session.announce(Event.PROJECT)
    assert not isValid(compare) or not compare.isVisible()


@pytest.mark.parametrize("size", [(200, 200), (3840, 2160), (40, 600)])
@pytest.mark.parametrize("shapes", [grid_shapes(1, 1), grid_shapes(0, 0)], ids=["one", "none"])
def test_any_size_and_few_areas(qtbot: QtBot, theme: Theme, size, shapes) -> None:
    swipe = SwipeMap(theme, Selection())
    qtbot.addWidget(swipe)
    swipe.resize(*size)
    spec = spec_for(shapes)
    swipe.set_pair((spec, shapes), (spec, shapes), ("ein langer Stand 31.12.2024", ""))
    swipe.show()
    for share in (0.0, 0.5, 1.0):
        swipe.set_share(share)
        swipe.repaint()
    swipe.shutdown()
