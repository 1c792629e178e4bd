"""The workspace of patterns by clicks: map of classes, words, series and tables."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from monitor_app.cartography.mapspec import MapKind
from monitor_app.core.formats import format_number
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.town import DAYS, KEYS, PERSONS, old_age_ratio

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def room(qtbot, opened: MainWindow):
    opened.workbench.session.set_view(indicator="altenquotient")
    settle(qtbot, opened)
    qtbot.mouseClick(opened.rail.buttons["patterns"], LEFT)
    settle(qtbot, opened)
    room = opened.workbench.rooms["patterns"]
    qtbot.waitUntil(lambda: room.shown is not None)
    return room


def neighbours(i: int) -> list[int]:
    """Squares of three by two that share a side or a corner."""
    x, y = i % 3, i // 3
    return [j for j in range(6) if j != i and abs(j % 3 - x) <= 1 and abs(j // 3 - y) <= 1]


def moran(day: int) -> float:
    values = np.array([old_age_ratio(i, day) for i in range(6)])
    z = values - values.mean()
    lag = np.array([z[neighbours(i)].mean() for i in range(6)])
    return float((z * lag).sum() / (z * z).sum())


def test_moran_over_time_in_words_and_on_the_chart(room):
    tab = room.page.clusters
    (series,) = tab.chart.series
    assert list(series.values) == list(DAYS)
    for day in range(3):
        assert series.values[DAYS[day]] == pytest.approx(moran(day))
    assert f"Morans I = {format_number(moran(2), 2)}" in tab.words.text()
    assert "Altenquotient" in tab.title.text()
    assert tab.subtitle.text().endswith("31.12.2024")


def test_classes_are_a_categorical_map_with_a_legend(qtbot, room):
    tab = room.page.clusters
    qtbot.waitUntil(lambda: tab.map.sharp)
    assert tab.map.spec.kind is MapKind.CATEGORIES
    labels = [label for label, _count in tab.legend.rows]
    assert labels[0] == "hoch, umgeben von hoch"
    assert labels[-1] == "nicht auffällig"
    assert sum(count for _label, count in tab.legend.rows) == 6
    tab.kind.setCurrentIndex(1)
    tab.kind.activated.emit(1)
    labels = [label for label, _count in tab.legend.rows]
    assert labels == ["Hot Spot (auffällig hoch)", "Cold Spot (auffällig niedrig)",
                      "nicht auffällig"]  # fmt: skip


def test_table_lists_every_area_and_selects_on_the_map(qtbot, room):
    table = room.page.clusters.table
    assert table.rowCount() == 6
    names = [table.item(r, 0).text() for r in range(6)]
    assert sorted(names) == sorted(room.session.names("viertel").values())
    table.setCurrentCell(2, 0)
    key = table.item(2, 0).data(Qt.ItemDataRole.UserRole)
    assert room.session.selection.keys == (key,)
    i = KEYS.index(key)
    assert table.item(2, 1).text() == format_number(old_age_ratio(i, 2), 1)


def test_follows_the_date_of_the_window(qtbot, room):
    room.session.set_view(day=DAYS[0])
    settle(qtbot, room._bench.window_)
    qtbot.waitUntil(lambda: room.page.clusters.subtitle.text().endswith("31.12.2020"))
    assert f"Morans I = {format_number(moran(0), 2)}" in room.page.clusters.words.text()


def test_segregation_by_age_against_hand_calculation(qtbot, room):
    tab = room.page.segregation
    room.page.tabs.setCurrentIndex(1)
    settle(qtbot, room._bench.window_)
    assert tab.by.itemText(0) == "Staatsangehörigkeit"
    assert "Kein Datensatz" in tab.subtitle.text()  # the town counts by age only
    tab.by.setCurrentIndex(tab.by.findData("age"))
    tab.by.activated.emit(tab.by.currentIndex())
    settle(qtbot, room._bench.window_)
    qtbot.waitUntil(lambda: room.segregation is not None)
    lines = [s for s in tab.chart.series if not s.thin]
    assert [s.name for s in lines] == ["unter 20 Jahren", "20 bis 64 Jahre", "65 Jahre und älter"]
    for n, line in enumerate(lines):
        for d, day in enumerate(DAYS):
            x = PERSONS[:, d, n]
            rest = PERSONS[:, d].sum(axis=1) - x
            expected = 0.5 * np.abs(x / x.sum() - rest / rest.sum()).sum()
            assert line.values[day] == pytest.approx(expected)
    assert tab.table.rowCount() == 3
    assert tab.table.item(0, 0).text() == "31.12.2024"
    assert "Prozent der Gruppe müssten umziehen" in tab.words.text()


def test_what_cannot_be_computed_is_said(qtbot, room):
    room.session.set_view(indicator="kinderarmut")
    settle(qtbot, room._bench.window_)
    tab = room.page.clusters
    qtbot.waitUntil(lambda: tab.map.spec is None)
    assert "Kinderarmut" in tab.subtitle.text()
    assert not tab.export.isEnabled()


def test_table_is_saved(qtbot, room, monkeypatch, tmp_path):
    path = tmp_path / "cluster.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(path), ""))
    qtbot.mouseClick(room.page.clusters.export, LEFT)
    settle(qtbot, room._bench.window_)
    qtbot.waitUntil(path.exists)
    assert path.read_text("utf-8-sig").splitlines()[0].startswith("Schlüssel;")


def test_dissimilarity_from_one_group_by_hand(qtbot, room):
    tab = room.page.segregation
    tab.by.setCurrentIndex(tab.by.findData("age"))
    room.page.tabs.setCurrentIndex(1)
    settle(qtbot, room._bench.window_)
    qtbot.waitUntil(lambda: room.segregation is not None)
    assert [tab.against.itemText(i) for i in range(tab.against.count())] == [
        "allen übrigen", "unter 20 Jahren", "20 bis 64 Jahre", "65 Jahre und älter"
    ]  # fmt: skip
    tab.against.setCurrentIndex(1)
    tab.against.activated.emit(1)
    settle(qtbot, room._bench.window_)
    qtbot.waitUntil(lambda: room.segregation.reference is not None)
    assert tab.measure.currentText() == "Dissimilaritätsindex D"
    lines = {s.name: s for s in tab.chart.series if not s.thin}
    assert set(lines) == {"20 bis 64 Jahre", "65 Jahre und älter"}
    young, old = PERSONS[:, 2, 0], PERSONS[:, 2, 2]
    expected = 0.5 * np.abs(young / young.sum() - old / old.sum()).sum()
    assert lines["65 Jahre und älter"].values[DAYS[2]] == pytest.approx(expected)
    assert tab.table.item(0, 1).text() == "–"


def test_a_p_below_what_is_printed_is_no_zero(qtbot, room, monkeypatch):
    """With 9,999 permutations p can be 0.0002: “0,000” would be wrong."""
    from dataclasses import replace

    found = room.shown.pattern
    small = np.full(6, 0.0002)
    local = replace(found.lisa, p=small), replace(found.gi, p=small)
    moran_small = replace(found.moran, p=0.0004)
    made = replace(found, lisa=local[0], gi=local[1], moran=moran_small)
    room._show_clusters(made)
    table = room.page.clusters.table
    shown = {table.item(r, c).text() for r in range(6) for c in (3, 6)}
    assert shown == {"< 0,001"}
    assert "p < 0,001" in room.page.clusters.words.text()
    assert "0,000" not in room.page.clusters.words.text()


def test_segregation_follows_the_switch_for_reforms(qtbot, room, monkeypatch):
    from monitor_app.ui import patternroom

    asked = []
    real = patternroom.segregation
    monkeypatch.setattr(
        patternroom, "segregation",
        lambda *a, **k: (asked.append(k.get("carried", False)), real(*a, **k))[1],
    )  # fmt: skip
    window = room._bench.window_
    room.page.tabs.setCurrentIndex(1)
    settle(qtbot, window)
    room.session.set_view(carried=True)
    settle(qtbot, window)
    assert asked == [False, True]


def test_another_project_forgets_the_group_that_was_held_against(qtbot, room):
    box = room.page.segregation.against
    box.addItem("Deutsche", "nationality == 'd'")
    box.setCurrentIndex(box.count() - 1)
    room._bench.run("close")
    settle(qtbot, room._bench.window_)
    assert box.currentData() is None


def test_saved_clusters_leave_the_definition(qtbot, room, monkeypatch, tmp_path):
    from monitor_app.app.usedefinitions import used_definitions

    path = tmp_path / "muster.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(path), ""))
    qtbot.mouseClick(room.page.clusters.export, LEFT)
    settle(qtbot, room._bench.window_)
    (kept,) = used_definitions(room.session)
    assert kept.indicator == "altenquotient"
    assert [(u.file, u.day) for u in kept.uses] == [("muster.csv", DAYS[2])]
