"""Model of a rate table: rows are ages, columns the town and its areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QBrush, QFont

from monitor_app.app.rates import RateBook, RateTable
from monitor_app.core import formats
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
#: Before a value that was changed by hand: not told by colour alone.
MARK = "● "


def parse_number(text: str) -> float | None:
    """A typed number, as a cell shows it; None where it is none."""
    try:
        return formats.parse_number(text.strip().removeprefix(MARK.strip()))
    except ValueError:
        return None


class RatesModel(QAbstractTableModel):
    """``typed``: the user typed a value (row, column, value in units of the engine)."""

    typed = QtSignal(int, int, float)
    refused = QtSignal(str)

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.table: RateTable | None = None
        self.areas: tuple[int | None, ...] = ()
        self._names: tuple[str, ...] = ()
        self._values: NDArray[np.float64] = np.empty((0, 0))
        self._edited: NDArray[np.bool_] = np.empty((0, 0), dtype=bool)

    def show_table(
        self, book: RateBook | None, key: str, sex: int, group: int,
        areas: Sequence[int | None] = (),
    ) -> None:  # fmt: skip
        """``areas``: columns, None for the town. No book: empty."""
        self.beginResetModel()
        self.table = None if book is None else book.tables[key]
        self.areas = tuple(areas) if book is not None else ()
        if book is not None and self.table is not None:
            table = self.table
            self._names = tuple(book.area_name(a) for a in self.areas)
            columns = [table.column(table.values, sex, group, a) for a in self.areas]
            self._values = np.stack(columns, axis=1) * table.scale
            span = slice(table.first_age, table.last_age + 1)
            self._edited = np.stack(
                [table.any_edited(a)[sex, group, span] for a in self.areas], axis=1
            )
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self.table is None else len(self.table.ages)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self.table is None else len(self.areas)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self.table is None:
            return None
        value = float(self._values[index.row(), index.column()])
        edited = bool(self._edited[index.row(), index.column()])
        if role == Qt.ItemDataRole.DisplayRole:
            text = format_number(value, self.table.precision)
            return MARK + text if edited else text
        if role == Qt.ItemDataRole.EditRole:
            return format_number(value, 4, grouping=False)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.BackgroundRole and edited:
            return QBrush(self._theme.colour("warning"))
        if role == Qt.ItemDataRole.ForegroundRole and edited:
            return QBrush(self._theme.colour("on_warning"))
        if role == Qt.ItemDataRole.FontRole and index.column() == 0:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.ToolTipRole and edited:
            return _("Changed by hand")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or self.table is None:
            return False
        number = parse_number(str(value))
        if number is None or not np.isfinite(number):
            self.refused.emit(_("“{text}” is no number.").format(text=value))
            return False
        if abs(number - float(self._values[index.row(), index.column()])) > 5e-5:
            self.typed.emit(index.row(), index.column(), number / self.table.scale)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def headerData(
        self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if self.table is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            if way is Qt.Orientation.Horizontal:
                return self._names[section]
            age = self.table.ages[section]
            if len(self.table.ages) == 1:
                return "–"
            if age == int(self.table.layout.ages.lows[-1]):
                return f"{age}+"
            wide = self.table.layout.step
            return str(age) if wide == 1 else f"{age}–{age + wide - 1}"
        if role == Qt.ItemDataRole.ToolTipRole and way is Qt.Orientation.Horizontal:
            return self._names[section]
        return None
