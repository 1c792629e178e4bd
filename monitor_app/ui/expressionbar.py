"""Selecting areas by an expression: a line above the table that says at once what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCompleter,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.areaselect import unknown_names
from monitor_app.app.expression import Expression, parse_expression
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _, ngettext
from monitor_app.core.issues import UserError
from monitor_app.ui.icons import icon
from monitor_app.ui.tablemodel import AttributeTable, NumberColumn, RowFilter
from monitor_app.ui.theme import Theme

#: What to do with columns that were found, and with the reason why there are none.
Take = Callable[[Mapping[str, NumberColumn]], None]
Fail = Callable[[str], None]
#: Computes columns that the table does not have, by name.
Fetch = Callable[[Sequence[str], Take, Fail], None]


def reason_of(error: UserError) -> str:
    """What is wrong and how to mend it, in a line."""
    issue = error.issues[0]
    message = issue.message if issue.message.endswith((".", "!", "?")) else issue.message + "."
    return " ".join(t for t in (message, issue.repair) if t)


class _Line(QLineEdit):
    """Completes the word under the cursor, not the whole line."""

    def __init__(self) -> None:
        super().__init__()
        self._words = QStringListModel(self)
        self.completions = QCompleter(self._words, self)
        self.completions.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.completions.setFilterMode(Qt.MatchFlag.MatchStartsWith)
        self.completions.setWidget(self)
        self.completions.activated.connect(self._insert)
        self.textEdited.connect(self._complete)

    def set_words(self, words: Sequence[str]) -> None:
        self._words.setStringList(list(words))

    def _popup(self) -> QAbstractItemView:
        popup = self.completions.popup()
        assert popup is not None  # the completer makes it when it is asked for
        return popup

    def _start(self) -> int:
        """Where the word under the cursor begins."""
        text, at = self.text(), self.cursorPosition()
        while at > 0 and (text[at - 1].isalnum() or text[at - 1] == "_"):
            at -= 1
        return at

    def _complete(self) -> None:
        word = self.text()[self._start() : self.cursorPosition()]
        popup = self._popup()
        if len(word) < 2 or word.isdigit():
            popup.hide()
            return
        self.completions.setCompletionPrefix(word)
        known = self.completions.completionCount()
        if known == 0 or (known == 1 and self.completions.currentCompletion() == word):
            popup.hide()
        else:
            self.completions.complete()

    def _insert(self, word: str) -> None:
        start, end = self._start(), self.cursorPosition()
        text = self.text()
        self.setText(text[:start] + word + text[end:])
        self.setCursorPosition(start + len(word))
        self.textEdited.emit(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        popup = self._popup()
        if popup.isVisible() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()  # the popup takes the word
            return
        super().keyPressEvent(event)


class ExpressionBar(QWidget):
    """The line, what it finds or what is wrong with it, and two ways to use it. ``chosen``: keys
    to select; ``filtered``: rows to show alone."""

    chosen = Signal(object)
    filtered = Signal(object)

    def __init__(self, theme: Theme, model: AttributeTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = model
        self._expression: Expression | None = None
        self._hits: NDArray[np.bool_] | None = None
        self._asked: set[str] = set()
        self.fetch: Fetch | None = None
        self.offer: Callable[[], Sequence[str]] = tuple  # ids of indicators, for suggestions
        self.line = _Line()
        self.line.setAccessibleName(_("Select by expression"))
        self.line.setPlaceholderText(_("e.g.  wert > 20 und einwohner >= 500"))
        self.line.textChanged.connect(self._typed)
        self.line.returnPressed.connect(self._choose)
        self.says = QLabel()
        self.says.setProperty("role", "small")
        self.says.setWordWrap(True)
        self.says.setTextFormat(Qt.TextFormat.PlainText)
        self.select = QPushButton(_("Select"))
        self.select.setProperty("role", "primary")
        self.select.clicked.connect(self._choose)
        self.only = QPushButton(_("Show these only"))
        self.only.clicked.connect(self._filter)
        self.shut = QToolButton()
        self.shut.setProperty("role", "flat")
        self.shut.setToolTip(_("Close (Esc)"))
        self.shut.setAccessibleName(_("Close (Esc)"))
        self.shut.clicked.connect(self.end)
        self._lay_out()
        self.draw_icons()
        self._typed("")
        self.hide()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.select, self.only, self.shut):
            buttons.addWidget(button)
        title = QLabel(_("Select by expression"))
        title.setBuddy(self.line)
        self.line.setMinimumWidth(240)
        grid = QGridLayout()
        grid.setContentsMargins(8, 4, 8, 4)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.addWidget(title, 0, 0)
        grid.addWidget(self.line, 0, 1)
        grid.addLayout(buttons, 0, 2)
        grid.addWidget(self.says, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(grid)

    # typing --------------------------------------------------------------------------------

    def begin(self) -> None:
        """Show the line and write into it."""
        self._offer_words()
        self._typed(self.line.text())
        self.show()
        self.line.setFocus()
        self.line.selectAll()

    def end(self) -> None:
        self.hide()

    def _offer_words(self) -> None:
        titles = [c.title.split(" (")[0] for c in self._model.table.columns]
        words = [t.lower() if " " not in t else f"[{t}]" for t in titles]
        self.line.set_words(sorted({*words, *self.offer()}))

    def _typed(self, text: str) -> None:
        self._expression, self._hits = None, None
        if not text.strip():
            self._say(_("Columns: {names}; further indicators by their id.").format(
                names=", ".join(c.title.split(" (")[0].lower() for c in self._model.table.columns)
            ))  # fmt: skip
            return
        try:
            expression = parse_expression(text)
            missing = self._to_fetch(expression)
            if missing and self.fetch is not None:
                self._asked.update(missing)
                self._say(_("Computing {name} …").format(name=", ".join(missing)))
                self.fetch(missing, self._fetched, partial(self._not_fetched, missing))
                return
            self._hits = self._model.holds(expression, self.offer())
        except UserError as error:
            self._say(reason_of(error), wrong=True)
            return
        self._expression = expression
        count = int(self._hits.sum())
        areas = ngettext("{count} area", "{count} areas", count)
        self._say(areas.format(count=format_number(count)))

    def _to_fetch(self, expression: Expression) -> list[str]:
        """Names that are no columns and were not asked for yet."""
        unknown = unknown_names(expression, self._model.columns_by_name())
        return [name for name in unknown if name not in self._asked]

    def _fetched(self, found: Mapping[str, NumberColumn]) -> None:
        self._model.further.update(found)
        self._model.rearrange()  # a filter that names them waits
        self._typed(self.line.text())

    def _not_fetched(self, names: Sequence[str], reason: str) -> None:
        """The next expression that needs them asks again; one that does not stays as it is."""
        self._asked.difference_update(names)
        if self._hits is None:
            self._say(reason, wrong=True)

    def data_changed(self) -> None:
        """Another date, indicator or level: what was computed for the one before is stale."""
        self._asked.clear()
        self._model.further.clear()
        if self.isVisible():
            self._offer_words()
            self._typed(self.line.text())

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self.says.setText(text)
        self.says.setProperty("role", "error" if wrong else "small")
        style = self.says.style()
        style.unpolish(self.says)
        style.polish(self.says)
        ready = self._hits is not None
        self.select.setEnabled(ready)
        self.only.setEnabled(ready)

    # using ---------------------------------------------------------------------------------

    def _choose(self) -> None:
        if self._hits is not None:
            keys = self._model.table.keys
            self.chosen.emit([keys[i] for i in np.flatnonzero(self._hits).tolist()])

    def _filter(self) -> None:
        if self._expression is not None:
            self.filtered.emit(RowFilter(expression=self._expression))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        else:
            super().keyPressEvent(event)

    def draw_icons(self) -> None:
        self.shut.setIcon(icon("close", self._theme, size=16))
