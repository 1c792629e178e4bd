"""Hovering an area paints what changes and nothing else; a filter lets marks fade."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QImage, QRegion
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from monitor_app.cartography.relationspec import ScatterSpec
from monitor_app.core.selection import Selection
from monitor_app.ui import chartview
from monitor_app.ui.chartview import ChartView
from monitor_app.ui.mapview import MapView
from monitor_app.ui.swipemap import SwipeMap
from monitor_app.ui.theme import Theme
from tests.ui.maps import grid_shapes, spec_for
from tests.ui.test_chartpanels import panel, rich  # noqa: F401

SHAPES = grid_shapes()
KEYS = SHAPES.keys


@pytest.fixture
def selection() -> Selection:
    return Selection()


@pytest.fixture
def chart(qtbot: QtBot, theme: Theme, selection: Selection) -> Iterator[ChartView]:
    at = np.arange(len(KEYS), dtype=float)
    spec = ScatterSpec(
        KEYS, tuple(f"Gebiet {k}" for k in KEYS), at, (at * 7) % len(KEYS), "x", "y",
        colours=("#3366aa",) * len(KEYS),
    )  # fmt: skip
    made = ChartView(theme, selection)
    qtbot.addWidget(made)
    made.resize(700, 420)
    made.set_chart(spec)
    made.show()
    qtbot.waitUntil(lambda: made.drawn)
    yield made
    made.shutdown()


@pytest.fixture
def view(qtbot: QtBot, theme: Theme, selection: Selection) -> Iterator[MapView]:
    made = MapView(theme, selection)
    qtbot.addWidget(made)
    made.resize(600, 420)
    made.set_map(spec_for(SHAPES), SHAPES)
    made.show()
    qtbot.waitUntil(lambda: made.sharp)
    yield made
    made.shutdown()


@pytest.fixture
def swipe(qtbot: QtBot, theme: Theme, selection: Selection) -> Iterator[SwipeMap]:
    made = SwipeMap(theme, selection)
    qtbot.addWidget(made)
    made.resize(600, 420)
    other = grid_shapes()  # areas of their own at the right
    made.set_pair((spec_for(SHAPES), SHAPES), (spec_for(other), other), ("2020", "2024"))
    made.show()
    qtbot.waitUntil(lambda: made.both_sharp)
    yield made
    made.shutdown()


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), dtype=np.uint32)
    return flat.reshape(image.height(), image.width()).copy()


class Painted(QObject):
    """Gathers what is painted of a widget, and where its hover card (painting itself) lay."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._card = getattr(widget, "card", None)
        self.count, self.region, self.size = 0, QRegion(), 0
        self._under_card()
        widget.installEventFilter(self)

    def _under_card(self) -> None:
        if self._card is not None:
            self.region = self.region.united(self._card.geometry())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() is QEvent.Type.Paint:
            self.count += 1
            self.size += sum(r.width() * r.height() for r in event.region())
            self.region = self.region.united(event.region())
            self._under_card()
        return False


@pytest.mark.parametrize("name", ["chart", "view", "swipe"])
def test_hovering_paints_all_that_changes_and_little_else(
    request, qtbot: QtBot, selection: Selection, name: str
) -> None:
    widget = request.getfixturevalue(name)
    selection.set(KEYS[:3])
    for before, after in ((None, KEYS[0]), (KEYS[0], KEYS[-1]), (KEYS[-1], None)):
        selection.hover(before)
        qtbot.wait(20)
        old = pixels(widget.grab().toImage())
        seen = Painted(widget)
        selection.hover(after)
        for _turn in range(100):
            qtbot.wait(10)
            if seen.count:
                break
        widget.removeEventFilter(seen)
        assert 0 < seen.size < 0.5 * widget.width() * widget.height()
        ratio = widget.devicePixelRatioF()
        rows, columns = np.nonzero(old != pixels(widget.grab().toImage()))
        assert len(rows)
        places = np.unique(np.column_stack([columns, rows]) // ratio, axis=0).astype(int)
        assert all(seen.region.contains(QPoint(int(x), int(y))) for x, y in places)


def test_selected_marks_are_outlined_once_not_at_every_move(
    qtbot: QtBot, chart: ChartView, selection: Selection, monkeypatch
) -> None:
    selection.set(KEYS)
    qtbot.wait(20)
    drawn: list[int] = []
    real = chartview.outline
    monkeypatch.setattr(
        chartview, "outline",
        lambda p, m, chosen, *a: (drawn.append(len(list(chosen))), real(p, m, chosen, *a))[1],
    )  # fmt: skip
    for key in KEYS:
        selection.hover(key)
        chart.repaint()
    assert drawn
    assert max(drawn) == 1


def colour_of(chart: ChartView, key: str) -> int:
    image = chart.grab().toImage()
    left, top, right, bottom = chart.marks.boxes[chart.marks.of(key)[0]]
    ratio = image.devicePixelRatio()
    return image.pixel(round((left + right) / 2 * ratio), round((top + bottom) / 2 * ratio))


def test_a_filter_lets_the_other_points_fade(qtbot: QtBot, chart: ChartView) -> None:
    plain = {key: colour_of(chart, key) for key in KEYS}
    chart.set_kept(frozenset(KEYS[:2]))
    qtbot.waitUntil(lambda: chart.drawn)
    assert [key for key in KEYS if colour_of(chart, key) == plain[key]] == list(KEYS[:2])
    chart.set_kept(None)
    qtbot.waitUntil(lambda: chart.drawn)
    assert {key: colour_of(chart, key) for key in KEYS} == plain


def test_the_filter_of_the_table_reaches_the_charts(qtbot: QtBot, rich) -> None:  # noqa: F811
    found = panel(qtbot, rich, "relation", "scatter")
    page = rich.workbench.map
    spec = found.view.spec
    plain = {key: colour_of(found.view, key) for key in spec.keys}
    page.table.filter.setText("Ost")
    qtbot.waitUntil(lambda: page.ranking.keys == ("004",))
    qtbot.waitUntil(lambda: found.view.drawn)
    assert colour_of(found.view, "004") == plain["004"]
    assert colour_of(found.view, "001") != plain["001"]
    page.table.clear_filter()
    qtbot.waitUntil(lambda: colour_of(found.view, "001") == plain["001"])


def test_a_filter_veils_other_marks(qtbot: QtBot, rich) -> None:  # noqa: F811
    found = panel(qtbot, rich, "distribution", "histogram")
    view, marks = found.view, found.view.marks
    full = [m for m in range(len(marks)) if marks.keys[m]]
    kept = frozenset(marks.keys[full[0]])
    before = pixels(view.grab().toImage())
    view.set_kept(kept)
    after = pixels(view.grab().toImage())
    ratio = view.devicePixelRatioF()

    def changed(mark: int) -> bool:
        left, top, right, bottom = marks.boxes[mark] * ratio
        x, y = round((left + right) / 2), round((top + bottom) / 2)
        return bool(before[y, x] != after[y, x])

    assert not changed(full[0])
    assert all(changed(m) for m in full if not kept & set(marks.keys[m]))
