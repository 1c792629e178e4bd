"""Issues, chooser, search, legend limits, ranking: the small parts of the window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtTest import QAbstractItemModelTester

from monitor_app.cartography.looks import STATE_SWATCHES, State
from monitor_app.core.issues import Issue, Severity
from monitor_app.core.selection import Selection
from monitor_app.core.status import Status
from monitor_app.ui.chooser import Choice, Topic, TreeChooser
from monitor_app.ui.classcontrols import parse_breaks
from monitor_app.ui.commandsearch import Entry, rank
from monitor_app.ui.issues import IssueDialog, IssueTable
from monitor_app.ui.rankingview import RankingView
from monitor_app.ui.swatches import swatch_image
from monitor_app.ui.tabledata import ranks
from monitor_app.ui.theme import Theme
from tests.ui.maps import grid_shapes, spec_for

ISSUES = (
    Issue("a", Severity.INFO, "Hinweis zuerst", file="b.csv", row=9),
    Issue("b", Severity.ERROR, "Falscher Schlüssel", file="a.csv", row=12, column="Gebiet",
          value="<b>999</b>", repair="Berichtigen", count=3),
    Issue("c", Severity.WARNING, "Sprung", file="a.csv", row=2),
)  # fmt: skip


def test_worst_findings_come_first_and_sort_by_place(theme: Theme):
    table = IssueTable(theme)
    table.set_issues(ISSUES)
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal, table)
    assert [i.code for i in table.issues] == ["b", "c", "a"]
    table.sort(1)
    assert [i.code for i in table.issues] == ["c", "b", "a"]  # row 2 before row 12
    assert "a.csv · 12 · Gebiet" in table.as_text()
    assert table.data(table.index(0, 0)) == "Warnung"


def test_one_finding_without_place_needs_no_table(qtbot, theme: Theme):
    dialog = IssueDialog(theme, "Titel", [Issue("x", Severity.ERROR, "Die Platte ist voll.")])
    qtbot.addWidget(dialog)
    from PySide6.QtWidgets import QLabel

    assert "Die Platte ist voll." in [w.text() for w in dialog.findChildren(QLabel)]


@pytest.fixture
def chooser(qtbot, theme: Theme) -> TreeChooser:
    made = TreeChooser(theme, "Kennzahl")
    qtbot.addWidget(made)
    made.set_topics(
        [
            Topic("Alter", (Choice("aq", "Altenquotient", words="old-age ratio"),
                            Choice("jq", "Jugendquotient"))),
            Topic("Wohnen", (Choice("wf", "Wohnfläche", why_not="Es fehlen: Wohnungen"),)),
        ]
    )  # fmt: skip
    made.show()
    return made


def test_typing_narrows_and_enter_chooses(qtbot, chooser: TreeChooser):
    qtbot.mouseClick(chooser, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(chooser.search, "ratio")
    with qtbot.waitSignal(chooser.chosen) as told:
        qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    assert told.args == ["aq"]
    assert chooser.text().startswith("Altenquotient")
    assert not chooser.popup.isVisible()


def test_what_cannot_be_computed_cannot_be_chosen_and_says_why(qtbot, chooser: TreeChooser):
    told: list[str] = []
    chooser.chosen.connect(told.append)
    qtbot.mouseClick(chooser, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(chooser.search, "wohnfl")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    assert not told
    item = next(i for i in chooser._items() if not i.isHidden())
    assert "Wohnungen" in item.toolTip(0)
    chooser.popup.hide()


def test_search_ranks_beginnings_first():
    names = ("Neustadt", "Stadtpark", "Alte Stadt", "Strand")
    entries = [Entry(name, "Gebiet", str(i), lambda: None) for i, name in enumerate(names)]
    found = [e.title for e in rank(entries, "stadt")]
    assert found == ["Stadtpark", "Alte Stadt", "Neustadt"]
    assert [e.title for e in rank(entries, "stadt alte")] == ["Alte Stadt"]
    assert len(rank(entries, "")) == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("18,5; 24; 30", (18.5, 24.0, 30.0)),
        ("1.234,5;−3", (-3.0, 1234.5)),
        ("", ()),
        ("7;7", (7.0,)),
        ("zwölf", None),
    ],
)
def test_class_limits_are_read_as_typed(text: str, expected):
    assert parse_breaks(text) == expected


@given(st.lists(st.integers(-5, 5), max_size=20))
def test_ranks_count_the_larger_ones(numbers: list[int]):
    values = np.array([*numbers, np.nan])
    status = np.array([Status.OK] * len(numbers) + [Status.SECRET], dtype=np.uint8)
    places = ranks(values, status)
    assert np.isnan(places[-1])
    assert list(places[:-1]) == [1 + sum(o > n for o in numbers) for n in numbers]


def test_patterns_of_the_legend_are_not_flat(qapp):
    for state in State:
        image = swatch_image(STATE_SWATCHES[state], QSize(28, 18), 1.5)
        inside = {
            image.pixelColor(x, y).name()
            for x in range(2, image.width() - 2)
            for y in range(2, image.height() - 2)
        }
        assert len(inside) > 1, state


def test_ranking_orders_draws_and_follows_the_pointer(qtbot, theme: Theme):
    selection = Selection()
    view = RankingView(theme, selection)
    qtbot.addWidget(view)
    view.resize(600, 200)
    view.show()
    shapes = grid_shapes()
    spec = spec_for(shapes)
    view.set_map(spec)
    assert view.keys[0] == "r3c3"  # the highest value
    assert view.keys[-1] == "r3c4"  # has none
    picture = view.viewport().grab().toImage()
    first = spec.swatches[spec.codes[shapes.keys.index("r3c3")]].colour
    ratio = picture.devicePixelRatio()
    assert picture.pixelColor(round(200 * ratio), round(36 * ratio)).name() == first
    qtbot.mouseMove(view.viewport(), QPoint(100, 24 + 36))
    assert selection.hovered == view.keys[1]
    view.set_kept(frozenset({"r0c0", "r0c1"}))
    assert view.keys == ("r0c1", "r0c0")
    qtbot.keyClick(view, Qt.Key.Key_Home)
    selection.hover(None)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert selection.keys == ("r0c1",)
    view.shutdown()
