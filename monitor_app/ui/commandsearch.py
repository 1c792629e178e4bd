"""Ctrl+K: one line that finds any command, indicator or area."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.formats import collation_key
from monitor_app.core.i18n import _

#: More hits than this are not listed: nobody reads them, and the line must answer at once.
MOST = 60
_WIDTH, _HEIGHT = 560, 420


@dataclass(frozen=True)
class Entry:
    """Something that can be found. ``kind`` (Befehl, Kennzahl, Gebiet) and ``hint`` (a topic, a
    key) stand beside the title, and a command's ``keys``, which are not searched."""

    title: str
    kind: str
    hint: str
    run: Callable[[], object]
    keys: str = ""


def rank(entries: Sequence[Entry], text: str) -> list[Entry]:
    """Entries that contain all words of ``text``: those that begin with it first, then those
    with a word that does, then the rest; order kept within."""
    typed = collation_key(text.strip())[0]
    words = typed.split()
    found: list[tuple[int, int, Entry]] = []
    for at, entry in enumerate(entries):
        title = collation_key(entry.title)[0]
        hay = f"{title} {collation_key(entry.hint)[0]}"
        if all(word in hay for word in words):
            begins = title.startswith(typed)
            word_begins = any(part.startswith(words[0]) for part in title.split()) if words else 1
            found.append((0 if begins else 1 if word_begins else 2, at, entry))
    return [entry for _place, _at, entry in sorted(found, key=lambda hit: hit[:2])[:MOST]]


class CommandSearch(QFrame):
    """Popup over the upper middle of its window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._above = parent
        self.setProperty("role", "card")
        self._entries: tuple[Entry, ...] = ()
        self._hits: list[Entry] = []
        self.line = QLineEdit()
        self.line.setPlaceholderText(_("Find command, indicator or area"))
        self.line.setAccessibleName(_("Find command, indicator or area"))
        self.list = QListWidget()
        self.list.setAccessibleName(_("Hits"))
        self.nothing = QLabel(_("Nothing found. Other words?"))
        self.nothing.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        for widget in (self.line, self.list, self.nothing):
            column.addWidget(widget)
        self.line.textChanged.connect(self._narrow)
        self.line.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._run())

    def open(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)
        self.line.clear()
        self._narrow("")
        self.resize(_WIDTH, _HEIGHT)
        self.move(self._above.mapToGlobal(QPoint((self._above.width() - _WIDTH) // 2, 64)))
        self.show()
        self.line.setFocus()

    def _narrow(self, text: str) -> None:
        self._hits = rank(self._entries, text)
        self.list.clear()
        for entry in self._hits:
            aside = " · ".join(part for part in (entry.kind, entry.hint, entry.keys) if part)
            item = QListWidgetItem(f"{entry.title}   –   {aside}" if aside else entry.title)
            item.setToolTip(entry.title)
            self.list.addItem(item)
        self.list.setCurrentRow(0 if self._hits else -1)
        self.nothing.setVisible(not self._hits)

    def _run(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._hits):
            entry = self._hits[row]
            self.hide()
            entry.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line and event.type() is QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            key = event.key()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
                self.list.keyPressEvent(event)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run()
                return True
        return super().eventFilter(watched, event)
