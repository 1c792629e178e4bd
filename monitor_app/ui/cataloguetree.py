"""All indicators by topic, with search and favourites."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.session import Choice
from monitor_app.core.formats import collation_key
from monitor_app.core.i18n import _
from monitor_app.ui.topics import topic_name

_ID, _WORDS = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class CatalogueTree(QWidget):
    """``chosen``: id of an indicator; ``new``: a new definition is wanted."""

    chosen = Signal(str)
    new = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search"))
        self.search.setAccessibleName(_("Search"))
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(16)
        self.tree.setAccessibleName(_("Indicators"))
        self.add = QPushButton(_("New indicator"))
        for widget in (self.search, self.tree, self.add):
            column.addWidget(widget)
        self.search.textChanged.connect(self._narrow)
        self.search.returnPressed.connect(self._first)
        self.tree.currentItemChanged.connect(self._moved)
        self.add.clicked.connect(self.new)

    def set_choices(
        self, choices: Sequence[Choice], favourites: Collection[str], own: Collection[str],
        current: str,
    ) -> None:  # fmt: skip
        """``own``: definitions of the project."""
        block = QSignalBlocker(self.tree)
        self.tree.clear()
        starred = [c for c in choices if c.definition.id in favourites]
        if starred:
            self._add_topic("★ " + _("Favourites"), starred, own)
        by_topic: dict[str, list[Choice]] = {}
        for choice in choices:
            by_topic.setdefault(choice.definition.topic, []).append(choice)
        for topic, found in by_topic.items():
            self._add_topic(topic_name(topic), found, own)
        block.unblock()
        self._narrow(self.search.text())
        self.show_current(current)

    def _add_topic(self, title: str, found: Sequence[Choice], own: Collection[str]) -> None:
        head = QTreeWidgetItem([title])
        head.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = head.font(0)
        font.setBold(True)
        head.setFont(0, font)
        self.tree.addTopLevelItem(head)
        for choice in found:
            known = choice.definition
            mark = _("{name} (project)") if known.id in own else "{name}"
            item = QTreeWidgetItem([mark.format(name=known.name.shown)])
            item.setData(0, _ID, known.id)
            words = f"{known.name.de} {known.name.en} {known.description.shown} {title} {known.id}"
            item.setData(0, _WORDS, collation_key(words)[0])
            if not choice.ready:
                slanted = item.font(0)
                slanted.setItalic(True)
                item.setFont(0, slanted)
                item.setToolTip(0, _("Data are missing"))
            head.addChild(item)
        head.setExpanded(True)

    def _items(self) -> list[QTreeWidgetItem]:
        found = []
        for n in range(self.tree.topLevelItemCount()):
            head = self.tree.topLevelItem(n)
            found += [] if head is None else [head.child(i) for i in range(head.childCount())]
        return [item for item in found if item is not None]

    def show_current(self, indicator: str) -> None:
        block = QSignalBlocker(self.tree)
        for item in self._items():
            if item.data(0, _ID) == indicator:
                self.tree.setCurrentItem(item)
                self.tree.scrollToItem(item)
                break
        block.unblock()

    def _narrow(self, text: str) -> None:
        words = collation_key(text)[0].split()
        for item in self._items():
            item.setHidden(not all(w in item.data(0, _WORDS) for w in words))
        for n in range(self.tree.topLevelItemCount()):
            head = self.tree.topLevelItem(n)
            if head is not None:
                children = [head.child(i) for i in range(head.childCount())]
                head.setHidden(all(c is None or c.isHidden() for c in children))

    def _first(self) -> None:
        """Enter in the search line shows the first that is found."""
        for item in self._items():
            if not item.isHidden():
                self.tree.setCurrentItem(item)
                return

    def _moved(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and item.data(0, _ID):
            self.chosen.emit(item.data(0, _ID))
