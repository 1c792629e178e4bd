"""A button that opens a tree of choices by topic with a search line above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.formats import collation_key
from monitor_app.core.i18n import _
from monitor_app.ui.theme import CONTROL, Theme


@dataclass(frozen=True)
class Choice:
    """One entry. ``why_not`` says what is missing where it cannot be chosen; ``words`` are found
    by the search besides the title."""

    id: str
    title: str
    why_not: str = ""
    words: str = ""


@dataclass(frozen=True)
class Topic:
    title: str
    choices: tuple[Choice, ...]


class TreeChooser(QToolButton):
    """Shows the chosen title; a click opens the tree. Typing in the search line narrows it,
    arrow keys move in the tree without leaving the line, Enter chooses."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._placeholder = placeholder
        self._topics: tuple[Topic, ...] = ()
        self._current = ""
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setMinimumHeight(CONTROL)
        self.popup = QFrame(self, Qt.WindowType.Popup)
        self.popup.setProperty("role", "card")
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search"))
        self.search.setAccessibleName(_("Search"))
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName(placeholder)
        self.tree.setIndentation(16)
        column = QVBoxLayout(self.popup)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.tree)
        self.search.textChanged.connect(self._narrow)
        self.search.installEventFilter(self)
        self.tree.itemClicked.connect(self._choose)
        self.tree.itemActivated.connect(self._choose)
        self.clicked.connect(self.open)
        self.set_current("")

    def set_topics(self, topics: Sequence[Topic]) -> None:
        """Replace the choices; a current one that is still there stays."""
        self._topics = tuple(topics)
        self.tree.clear()
        for topic in self._topics:
            head = QTreeWidgetItem([topic.title])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = head.font(0)
            font.setBold(True)
            head.setFont(0, font)
            self.tree.addTopLevelItem(head)
            for choice in topic.choices:
                item = QTreeWidgetItem([choice.title])
                item.setData(0, Qt.ItemDataRole.UserRole, choice.id)
                folded = collation_key(f"{choice.title} {choice.words} {topic.title}")[0]
                item.setData(0, Qt.ItemDataRole.UserRole + 1, folded)
                item.setToolTip(0, choice.why_not or choice.title)
                if choice.why_not:
                    item.setFlags(Qt.ItemFlag.NoItemFlags)
                head.addChild(item)
            head.setExpanded(True)
        self.set_current(self._current)

    @property
    def current(self) -> str:
        return self._current

    def set_current(self, choice_id: str) -> None:
        self._current = choice_id
        title = next((c.title for t in self._topics for c in t.choices if c.id == choice_id), "")
        shown = title or self._placeholder
        metrics = self.fontMetrics()
        # ampersands would become shortcuts
        self.setText(
            metrics.elidedText(shown, Qt.TextElideMode.ElideRight, 400).replace("&", "&&") + "  ▾"
        )
        self.setToolTip(shown)
        self.setAccessibleName(f"{self._placeholder}: {title}" if title else self._placeholder)

    def open(self) -> None:
        """Show the tree below the button, search line empty and focused."""
        self.search.clear()
        self._narrow("")
        self.popup.resize(QSize(440, 460))
        place = self.mapToGlobal(QPoint(0, self.height() + 4))
        screen = self.screen().availableGeometry()
        place.setX(max(screen.left(), min(place.x(), screen.right() - 440)))
        self.popup.move(place)
        self.popup.show()
        self.search.setFocus()
        for item in self._items():
            if item.data(0, Qt.ItemDataRole.UserRole) == self._current:
                self.tree.setCurrentItem(item)
                self.tree.scrollToItem(item)

    def _items(self) -> list[QTreeWidgetItem]:
        return [item for head in self._heads() for item in _children(head)]

    def _heads(self) -> list[QTreeWidgetItem]:
        return _children(self.tree.invisibleRootItem())

    def _narrow(self, text: str) -> None:
        words = collation_key(text)[0].split()
        first: QTreeWidgetItem | None = None
        for item in self._items():
            hit = all(w in item.data(0, Qt.ItemDataRole.UserRole + 1) for w in words)
            item.setHidden(not hit)
            if hit and first is None and item.flags() & Qt.ItemFlag.ItemIsEnabled:
                first = item
        for head in self._heads():
            head.setHidden(all(item.isHidden() for item in _children(head)))
        if words and first is not None:
            self.tree.setCurrentItem(first)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is None or not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        choice_id = item.data(0, Qt.ItemDataRole.UserRole)
        if choice_id is None:
            item.setExpanded(not item.isExpanded())
            return
        self.popup.hide()
        if choice_id != self._current:
            self.set_current(choice_id)
            self.chosen.emit(choice_id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and event.type() is QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            key = event.key()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
                self.tree.keyPressEvent(event)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.tree.currentItem())
                return True
        return super().eventFilter(watched, event)


def _children(parent: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (parent.child(i) for i in range(parent.childCount()))
    return [item for item in found if item is not None]
