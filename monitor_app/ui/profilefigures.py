"""Choosing the key figures of profiles: a list to tick and to put in order."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.profilekeys import MOST
from monitor_app.core.formats import collation_key
from monitor_app.core.i18n import _


class FiguresDialog(QDialog):
    """``chosen``: ids in their order; none: the usual list."""

    chosen = Signal(object)

    def __init__(
        self,
        indicators: Sequence[tuple[str, str]],
        current: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Key figures of the profile"))
        self.resize(520, 600)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(_("Search indicator"))
        self.filter.setAccessibleName(_("Search indicator"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._search)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Indicators; ticked ones are shown, from above"))
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        names = dict(indicators)
        order = [k for k in current if k in names] + [k for k in names if k not in current]
        for key in order:
            item = QListWidgetItem(names[key])
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if key in current else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.itemChanged.connect(self._count)
        self.says = QLabel()
        self.says.setWordWrap(True)
        self.take = QPushButton(_("Take over"))
        self.take.setProperty("role", "primary")
        self.take.setDefault(True)
        self.take.clicked.connect(lambda: self._end(self.ticked()))
        self.usual = QPushButton(_("Usual list"))
        self.usual.clicked.connect(lambda: self._end(()))
        up, down = QPushButton(_("Up")), QPushButton(_("Down"))
        up.clicked.connect(lambda: self._move(-1))
        down.clicked.connect(lambda: self._move(1))
        cancel = QPushButton(_("Cancel"))
        cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        for button in (up, down, self.usual):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.take)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(8)
        hint = QLabel(_("Ticked indicators stand in the profile in this order, drag them to sort."))
        hint.setWordWrap(True)
        for widget in (hint, self.filter, self.list, self.says):
            column.addWidget(widget)
        column.addLayout(row)
        self._count()

    def ticked(self) -> tuple[str, ...]:
        items = [self.list.item(i) for i in range(self.list.count())]
        return tuple(
            item.data(Qt.ItemDataRole.UserRole)
            for item in items
            if item.checkState() is Qt.CheckState.Checked
        )

    def _count(self) -> None:
        count = len(self.ticked())
        self.says.setText(
            _("{count} chosen, up to {most} fit one page.").format(count=count, most=MOST)
        )
        self.take.setEnabled(0 < count <= MOST)

    def _search(self, text: str) -> None:
        word = collation_key(text)[0]
        for i in range(self.list.count()):
            item = self.list.item(i)
            item.setHidden(word not in collation_key(item.text())[0])

    def _move(self, step: int) -> None:
        at = self.list.currentRow()
        if at < 0 or not 0 <= at + step < self.list.count():
            return
        item = self.list.takeItem(at)
        self.list.insertItem(at + step, item)
        self.list.setCurrentRow(at + step)

    def _end(self, keys: Sequence[str]) -> None:
        self.chosen.emit(tuple(keys))
        self.accept()
