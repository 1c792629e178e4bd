"""A grid of the forecast workspace: types of areas by component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.forecastspecs import part_names
from monitor_app.core.i18n import _
from monitor_app.ui.theme import CONTROL


class TypeGrid(QWidget):
    """Name of the type of each area, one column per component; an empty column has no types.
    ``changed`` only where each column is empty or complete."""

    changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = tuple(k for k in part_names() if k != "naturalisation")
        self._areas: tuple[str, ...] = ()
        self.table = QTableWidget(0, len(self._parts))
        self.table.setAccessibleName(_("Types of areas by component"))
        self.table.setTabKeyNavigation(False)
        self.table.setFixedHeight(CONTROL * 8)
        self.table.verticalHeader().setDefaultSectionSize(CONTROL)
        self.table.horizontalHeader().setDefaultSectionSize(150)
        self.message = QLabel()
        self.message.setProperty("role", "error")
        self.message.setWordWrap(True)
        self.message.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        column.addWidget(self.message)
        self.table.itemChanged.connect(self._edited)

    def show_types(
        self, types: Mapping[str, Mapping[str, str]], areas: Sequence[tuple[str, str]]
    ) -> None:
        names = part_names()
        keys = tuple(key for key, _name in areas)
        if keys == self._areas and types == self._read():
            return
        self._areas = keys
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(areas))
            self.table.setHorizontalHeaderLabels([names[p] for p in self._parts])
            self.table.setVerticalHeaderLabels([name for _key, name in areas])
            for row, key in enumerate(keys):
                for column, part in enumerate(self._parts):
                    text = types.get(part, {}).get(key, "")
                    self.table.setItem(row, column, QTableWidgetItem(text))
        self._say("")

    def _read(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for column, part in enumerate(self._parts):
            for row, key in enumerate(self._areas):
                item = self.table.item(row, column)
                text = "" if item is None else item.text().strip()
                if text:
                    found.setdefault(part, {})[key] = text
        return found

    def _edited(self, _item: QTableWidgetItem) -> None:
        found, names = self._read(), part_names()
        gaps = [names[p] for p, of in found.items() if len(of) < len(self._areas)]
        if gaps:
            self._say(
                _("Name a type for every area: {components}").format(components=", ".join(gaps))
            )
            return
        self._say("")
        self.changed.emit(found or {})

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))
