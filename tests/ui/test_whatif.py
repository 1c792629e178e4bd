"""The what-if workspace, driven by clicks and keys; numbers against plain sums."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from monitor_app.core.formats import format_number
from monitor_app.core.status import Status
from monitor_app.indicators.weightings import load_weighting
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.town import KEYS, PERSONS, old_age_ratio

LEFT = Qt.MouseButton.LeftButton


def zscores(values: list[float]) -> np.ndarray:
    numbers = np.array(values)
    return (numbers - numbers.mean()) / numbers.std()


def old() -> np.ndarray:
    return zscores([old_age_ratio(i, 2) for i in range(6)])


def people() -> np.ndarray:
    return zscores([PERSONS[i, 2].sum() for i in range(6)])


def ready(qtbot: QtBot, window: MainWindow):
    settle(qtbot, window)
    room = window.workbench.whatif
    if room.page.isVisible() and room.scene is not None:
        qtbot.waitUntil(lambda: room.page.map.sharp, timeout=20000)
    return room


def add(qtbot: QtBot, window: MainWindow, words: str) -> None:
    chooser = window.workbench.whatif.page.add
    qtbot.mouseClick(chooser, LEFT)
    qtbot.keyClicks(chooser.search, words)
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    ready(qtbot, window)


@pytest.fixture
def room(qtbot, opened: MainWindow):
    """The workspace with inhabitants and old-age ratio, half each."""
    qtbot.mouseClick(opened.rail.buttons["whatif"], LEFT)
    ready(qtbot, opened)
    add(qtbot, opened, "altenquotient 65")
    return ready(qtbot, opened)


def test_begins_with_what_the_project_can_compute(qtbot, opened: MainWindow):
    qtbot.mouseClick(opened.rail.buttons["whatif"], LEFT)
    room = ready(qtbot, opened)
    assert room.page.map.spec is not None
    np.testing.assert_allclose(room.page.map.spec.values, people())
    assert [r.share.text() for r in room.page.rows.rows] == ["100 %"]


def test_slider_moves_map_shares_and_ranking(qtbot, room):
    page = room.page
    np.testing.assert_allclose(page.map.spec.values, (people() + old()) / 2)
    shapes = page.map._shapes
    slider = page.rows.rows[1].slider
    slider.setFocus()
    for _press in range(3):
        qtbot.keyClick(slider, Qt.Key.Key_PageDown)
    weight = float(slider.value())
    other = page.rows.weights[0]
    share = weight / (weight + other)
    assert 0 < share < 0.5
    assert page.rows.rows[1].share.text() == f"{format_number(100 * share, 1)} %"
    expected = (1 - share) * people() + share * old()
    np.testing.assert_allclose(page.map.spec.values, expected)
    order = [KEYS[i] for i in np.argsort(-expected)]
    assert list(page.ranking.keys) == order
    assert page.map._shapes is shapes  # no geometry is touched


def test_drag_follows_the_mouse_and_settles(qtbot, room):
    slider = room.page.rows.rows[0].slider
    before = room.page.map.spec
    start = QPoint(slider.width() // 2, slider.height() // 2)
    qtbot.mousePress(slider, LEFT, pos=start)
    qtbot.mouseMove(slider, start + QPoint(40, 0))
    qtbot.mouseMove(slider, QPoint(slider.width() - 4, start.y()))
    moved = room.page.map.spec
    assert moved is not before
    qtbot.mouseRelease(slider, LEFT, pos=QPoint(slider.width() - 4, start.y()))
    assert room.weighting.weights[0] == slider.value()


def test_direction_turns_the_index_round(qtbot, room):
    box = room.page.rows.rows[1].raises
    qtbot.mouseClick(box, LEFT, pos=QPoint(10, box.height() // 2))
    ready(qtbot, room._bench.window_)
    np.testing.assert_allclose(room.page.map.spec.values, (people() - old()) / 2)


def test_all_weights_zero_is_said_and_the_map_stays(qtbot, room):
    before = room.page.map.spec
    for row in room.page.rows.rows:
        row.slider.setFocus()
        qtbot.keyClick(row.slider, Qt.Key.Key_Home)
    assert room.page.warning.isVisible()
    assert "null" in room.page.warning.text()
    assert np.isfinite(room.page.map.spec.values).all()
    assert room.page.map.spec.keys == before.keys
    qtbot.keyClick(room.page.rows.rows[0].slider, Qt.Key.Key_PageUp)
    assert not room.page.warning.isVisible()


def test_geometric_mean_changes_the_scale_too(qtbot, room):
    box = room.page.rules.aggregation
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    ready(qtbot, room._bench.window_)
    box.activated.emit(box.currentIndex())
    ready(qtbot, room._bench.window_)
    assert room.weighting.aggregation == "geometric"
    assert room.page.rules.normalisation.currentData() == "minmax"
    values = room.page.map.spec.values
    assert values.min() >= 1
    assert values.max() <= 100 + 1e-9


def keep(qtbot, room, name: str) -> None:
    qtbot.keyClicks(room.page.bar.name, name)
    qtbot.mouseClick(room.page.bar.save, LEFT)


def test_named_weighting_is_kept_and_undone_as_one_step(qtbot, room):
    window = room._bench.window_
    keep(qtbot, room, "Meine Gewichtung")
    project = room.session.project
    stored = load_weighting(project.documents("weighting")["meine_gewichtung"])
    assert stored.name.shown == "Meine Gewichtung"
    slider = room.page.rows.rows[1].slider
    slider.setFocus()
    for _press in range(4):
        qtbot.keyClick(slider, Qt.Key.Key_PageDown)
    now = load_weighting(project.documents("weighting")["meine_gewichtung"])
    assert now.weights[1] == slider.value() == 10
    window.workbench.run("undo")
    ready(qtbot, window)
    back = load_weighting(project.documents("weighting")["meine_gewichtung"])
    assert back.weights == stored.weights
    assert room.page.rows.rows[1].slider.value() == 50
    window.workbench.run("undo")
    ready(qtbot, window)
    assert not project.documents("weighting")


def test_two_weightings_compared_as_changes_of_rank(qtbot, room):
    keep(qtbot, room, "Halb und halb")
    keep(qtbot, room, "Nur Alter")
    slider = room.page.rows.rows[0].slider
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    other = room.page.bar.other
    other.setCurrentIndex(other.findText("Halb und halb"))
    other.activated.emit(other.currentIndex())
    ready(qtbot, room._bench.window_)
    spec = room.page.map.spec
    rank = lambda values: np.argsort(np.argsort(-values)) + 1  # noqa: E731
    expected = rank((people() + old()) / 2) - rank(old())
    np.testing.assert_array_equal(spec.values, expected)
    assert spec.signed
    assert spec.unit == "Ränge"
    found = spec.classification
    assert {int(v) for v in spec.values[found.classes == found.k // 2]} <= {0}
    assert found.k in (3, 5)
    assert sum(found.counts) == 6


def test_robustness_gives_ranges_and_a_sentence(qtbot, room):
    window = room._bench.window_
    room.session.selection.set(("003",))
    assert room.page.area.sentence.text().startswith("Rang ")
    room.page.worst.setValue(2)
    qtbot.mouseClick(room.page.check, LEFT)
    assert window.jobs.cancel.isVisible()
    ready(qtbot, window)
    assert room.robust is not None
    assert room.page.ranking.ranged
    assert "aller Gewichtungen unter den zwei" in room.page.area.sentence.text()
    i = KEYS.index("003")
    around = room.robust.around
    assert around.low[i] <= around.p05[i] <= room.robust.rank[i] <= around.p95[i] <= around.high[i]
    slider = room.page.rows.rows[0].slider
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_PageDown)
    assert not room.page.ranking.ranged  # the ranges were of other weights


def test_robustness_can_be_cancelled(qtbot, room):
    window = room._bench.window_
    qtbot.mouseClick(room.page.check, LEFT)
    window.jobs.cancel_job()
    ready(qtbot, window)
    assert room.page.check.isEnabled()


def test_correlation_and_alpha_by_hand(qtbot, room):
    both = np.stack([people(), old()])
    expected = np.corrcoef(both)
    np.testing.assert_allclose(room.page.matrix.matrix._values, expected)
    total = both.sum(axis=0).var(ddof=1)
    alpha = 2 * (1 - both.var(axis=1, ddof=1).sum() / total)
    assert format_number(alpha, 2) in room.page.matrix.alpha.text()


def test_date_of_the_context_bar_counts_here_too(qtbot, room):
    day = room._bench.bar.day
    day.setCurrentIndex(day.findText("31.12.2021"))
    day.activated.emit(day.currentIndex())
    ready(qtbot, room._bench.window_)
    expected = zscores([PERSONS[i, 1].sum() for i in range(6)])
    old_then = zscores([old_age_ratio(i, 1) for i in range(6)])
    np.testing.assert_allclose(room.page.map.spec.values, (expected + old_then) / 2)
    assert "31.12.2021" in room.page.subtitle.text()


def test_weighting_without_data_names_what_is_missing(qtbot, room):
    box = room.page.bar.box
    box.setCurrentIndex(box.findData("muenster"))
    box.activated.emit(box.currentIndex())
    ready(qtbot, room._bench.window_)
    assert room.page.map.spec is None
    assert "SGB" in room.page.map.empty_text
    assert all("Daten fehlen" in row.name.text() for row in room.page.rows.rows)
    assert not room.page.check.isEnabled()


def test_areas_without_value_say_why(qtbot, room):
    scene = room.scene
    scene.prepared.present[2, 1] = False  # as if the town had kept one value back
    scene.status[2, 1] = Status.SECRET
    scene.prepared.__dict__.pop("complete", None)
    slider = room.page.rows.rows[0].slider
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_PageDown)
    spec = room.page.map.spec
    assert np.isnan(spec.values[2])
    assert spec.status[2] == Status.SECRET
    assert "Altenquotient" in room.page.ranking._reasons["003"]
    room.session.selection.set(("003",))
    assert "Altenquotient" in room.page.area.sentence.text()
