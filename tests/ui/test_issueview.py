"""The table of findings gives its room to the texts that are there."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from monitor_app.core.issues import Issue, Severity
from monitor_app.ui.issues import IssueView
from monitor_app.ui.theme import Scheme, Theme

TEXT = "Die Bevölkerung ist nach Altersgruppen bekannt; einzelne Altersjahre sind geschätzt. " * 4


def view_of(qtbot: QtBot, *issues: Issue) -> IssueView:
    view = IssueView(Theme(Scheme.LIGHT))
    qtbot.addWidget(view)
    view.resize(900, 300)
    view.show()
    view.issues.set_issues(issues)
    return view


def test_empty_columns_are_hidden(qtbot: QtBot) -> None:
    view = view_of(qtbot, Issue("x", Severity.WARNING, TEXT))
    assert [view.isColumnHidden(c) for c in range(6)] == [False, True, True, False, True, False]
    view.issues.set_issues(
        [Issue("x", Severity.ERROR, "a", repair="b", value="c", file="d.csv", row=3)]
    )
    assert not any(view.isColumnHidden(c) for c in range(6))


def test_long_texts_are_shown_whole(qtbot: QtBot) -> None:
    view = view_of(qtbot, Issue("x", Severity.WARNING, TEXT))

    def needed() -> int:
        width = view.columnWidth(3) - 16
        return view.fontMetrics().boundingRect(0, 0, width, 9999, 0x1000, TEXT).height()

    qtbot.waitUntil(lambda: view.rowHeight(0) >= needed())
    view.resize(500, 300)
    qtbot.waitUntil(lambda: view.rowHeight(0) >= needed())
