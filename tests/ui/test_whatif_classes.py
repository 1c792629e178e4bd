"""Status and dynamics in the what-if workspace, by clicks; classes against plain sums."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from monitor_app.cartography.mapspec import MapKind
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.town import KEYS, PERSONS, old_age_ratio

LEFT = Qt.MouseButton.LeftButton
STATUS = ("hoch", "mittel", "niedrig", "sehr niedrig")


def zscores(values: list[float]) -> np.ndarray:
    numbers = np.array(values)
    return (numbers - numbers.mean()) / numbers.std()


def ready(qtbot, window: MainWindow):
    settle(qtbot, window)
    room = window.workbench.whatif
    if room.scene is not None:
        qtbot.waitUntil(lambda: room.page.map.sharp)
    return room


def pick(qtbot, room, box, index: int) -> None:
    """Choose an entry as a click in the opened list does."""
    box.setCurrentIndex(index)
    box.activated.emit(index)
    ready(qtbot, room.bench.window_)


@pytest.fixture
def room(qtbot, opened: MainWindow):
    """The old-age ratio alone, with fixed classes."""
    qtbot.mouseClick(opened.rail.buttons["whatif"], LEFT)
    room = ready(qtbot, opened)
    chooser = room.page.add
    qtbot.mouseClick(chooser, LEFT)
    qtbot.keyClicks(chooser.search, "altenquotient 65")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    ready(qtbot, opened)
    qtbot.mouseClick(room.page.rows.rows[0].remove, LEFT)
    ready(qtbot, opened)
    pick(qtbot, room, room.page.classes.classes, 1)
    return room


def status_by_hand() -> list[str]:
    index = zscores([old_age_ratio(i, 2) for i in range(6)])
    return [STATUS[int(np.searchsorted([-1, 1, 1.5], z, side="right"))] for z in index]


def shown(room) -> dict[str, str]:
    spec = room.page.map.spec
    names = spec.classification.names
    return {k: names[c] for k, c in zip(spec.keys, spec.classification.classes, strict=True)}


def test_fixed_classes_name_the_legend_and_colour_the_map(room):
    assert room.page.map.spec.kind is MapKind.CATEGORIES
    expected = dict(zip(KEYS, status_by_hand(), strict=True))
    assert shown(room) == expected
    counts = {name: list(expected.values()).count(name) for name in STATUS}
    assert {k: v for k, v in room.page.type_legend.counts.items() if v} == {
        k: v for k, v in counts.items() if v
    }
    assert room.page.type_legend.isVisible()
    assert not room.page.legend.isVisible()
    assert room.page.ranking.class_text("001") == expected["001"]


def test_base_of_the_dynamics_makes_types(qtbot, room):
    box = room.page.classes.since
    texts = [box.itemText(i) for i in range(box.count())]
    assert texts == ["keine Dynamik", "31.12.2021 (3 Jahre)", "31.12.2020 (4 Jahre)"]
    pick(qtbot, room, box, 2)
    change = zscores([old_age_ratio(i, 2) - old_age_ratio(i, 0) for i in range(6)])
    ways = [("positiv", "stabil", "negativ")[int(np.searchsorted([-1, 1], z, side="right"))]
            for z in change]  # fmt: skip
    expected = [f"{s} / {w}" for s, w in zip(status_by_hand(), ways, strict=True)]
    assert shown(room) == dict(zip(KEYS, expected, strict=True))
    assert len(room.page.map.spec.classification.names) == 12
    pick(qtbot, room, box, 0)
    assert shown(room) == dict(zip(KEYS, status_by_hand(), strict=True))


def test_areas_with_few_inhabitants_are_left_out(qtbot, room):
    people = [PERSONS[i, 2].sum() for i in range(6)]
    least = int(sorted(people)[2])  # the two smallest fall below
    box = room.page.classes.least
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, str(least))
    qtbot.keyClick(box, Qt.Key.Key_Return)
    ready(qtbot, room.bench.window_)
    kept = [i for i in range(6) if people[i] >= least]
    assert 2 <= len(kept) < 6
    index = zscores([old_age_ratio(i, 2) for i in kept])
    values = dict(zip(room.scene.prepared.areas, room.scene.prepared.index([1.0]), strict=True))
    for i, z in zip(kept, index, strict=True):
        assert values[KEYS[i]] == pytest.approx(z)
    assert all(np.isnan(values[KEYS[i]]) for i in range(6) if i not in kept)


def test_frozen_scales_make_dates_comparable(qtbot, room):
    box = room.page.classes.frozen
    assert box.itemText(1) == "eingefroren am 31.12.2020"
    pick(qtbot, room, box, 1)
    base = np.array([old_age_ratio(i, 0) for i in range(6)])
    now = np.array([old_age_ratio(i, 2) for i in range(6)])
    scaled = (now - base.mean()) / base.std()
    assert room.scene.prepared.index([1.0]) == pytest.approx(scaled)


def test_check_tells_how_certain_classes_are(qtbot, room):
    room.session.selection.set(("003",))
    assert room.page.area.classed.text().startswith("Klasse: ")
    qtbot.mouseClick(room.page.check, LEFT)
    ready(qtbot, room.bench.window_)
    assert set(room.checks.certain) == set(KEYS)
    assert all(0 < v <= 1 for v in room.checks.certain.values())
    assert room.page.ranking.class_text("003").endswith("%")
    assert "Prozent der Ziehungen" in room.page.area.classed.text()


def test_the_index_itself_can_be_shown_instead(qtbot, room):
    box = room.page.show_types
    qtbot.mouseClick(box, LEFT, pos=box.rect().center() - box.rect().center() / 2)
    if box.isChecked():  # the click fell beside the words
        qtbot.keyClick(box, Qt.Key.Key_Space)
    assert room.page.map.spec.kind is not MapKind.CATEGORIES
    assert room.page.legend.isVisible()
    assert not room.page.type_legend.isVisible()


def test_classes_can_be_given_up_again(qtbot, room):
    pick(qtbot, room, room.page.classes.classes, 0)
    assert room.types is None
    assert room.page.map.spec.kind is not MapKind.CATEGORIES
    assert not room.page.classes.since.isEnabled()
    assert room.page.ranking.class_text("001") == ""
