"""Foreign tables as they are, and beside them what a recipe makes of their cells."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from monitor_app.core.cube import DIMENSIONS
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity
from monitor_app.exchange.longform import dimension_name
from monitor_app.exchange.preview import Preview
from monitor_app.exchange.table import RawTable
from monitor_app.ui.theme import CONTROL, Theme

Index = QModelIndex | QPersistentModelIndex
_DISPLAY = Qt.ItemDataRole.DisplayRole


class RawTableModel(QAbstractTableModel):
    """All rows of a table as text; rows are named by their line in the file."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table: RawTable | None = None

    def set_table(self, table: RawTable | None) -> None:
        self.beginResetModel()
        self._table = table
        self.endResetModel()

    @property
    def table(self) -> RawTable | None:
        return self._table

    def rowCount(self, parent: Index | None = None) -> int:
        if self._table is None or (parent is not None and parent.isValid()):
            return 0
        return len(self._table)

    def columnCount(self, parent: Index | None = None) -> int:
        if self._table is None or (parent is not None and parent.isValid()):
            return 0
        return len(self._table.header)

    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        if self._table is None or not index.isValid():
            return None
        if role in (_DISPLAY, Qt.ItemDataRole.ToolTipRole):
            return self._table.columns[index.column()][index.row()]
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        if self._table is None or role != _DISPLAY:
            return None
        if orientation is Qt.Orientation.Horizontal:
            return self._table.header[section]
        return str(self._table.rows[section])

    def place_of(self, row: int | None, column: str | None) -> tuple[int, int] | None:
        """Model row and column of a line of the file and a header; None where it is not here."""
        if self._table is None:
            return None
        at = 0
        if column is not None and column in self._table.header:
            at = self._table.header.index(column)
        if row is None:
            return (0, at) if len(self._table) and column is not None else None
        lines = self._table.rows
        if row not in lines:
            return None
        return lines.index(row), at


class OriginalModel(QAbstractTableModel):
    """Original cells of a preview; those with findings are coloured and say why."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._preview: Preview | None = None

    def set_preview(self, shown: Preview | None) -> None:
        self.beginResetModel()
        self._preview = shown
        self.endResetModel()

    def _titles(self) -> tuple[str, ...]:
        return () if self._preview is None else self._preview.header

    def _text(self, row: int, column: int) -> str:
        assert self._preview is not None
        return self._preview.cells[row][column]

    def _issues(self, row: int, column: int) -> tuple[Issue, ...]:
        assert self._preview is not None
        return self._preview.cell_issues.get((row, column), ())

    def rowCount(self, parent: Index | None = None) -> int:
        if self._preview is None or (parent is not None and parent.isValid()):
            return 0
        return len(self._preview.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._titles())

    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        if self._preview is None or not index.isValid():
            return None
        row, column = index.row(), index.column()
        if role == _DISPLAY:
            return self._text(row, column)
        issues, used = self._issues(row, column), self._preview.used[row]
        if role == Qt.ItemDataRole.ToolTipRole:
            if issues:
                return "\n".join(issue.message for issue in issues)
            return self._text(row, column) if used else _("This row is left out.")
        marked = any(issue.severity is not Severity.INFO for issue in issues)
        if role == Qt.ItemDataRole.BackgroundRole:
            return self._theme.colour("warning") if marked else None
        if role == Qt.ItemDataRole.ForegroundRole:
            if marked:
                return self._theme.colour("on_warning")
            return None if used else self._theme.colour("border")
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        if self._preview is None or role != _DISPLAY:
            return None
        if orientation is Qt.Orientation.Vertical:
            return str(self._preview.rows[section])
        return self._titles()[section]


class ResultModel(OriginalModel):
    """What the cells of the same rows become."""

    def _titles(self) -> tuple[str, ...]:
        if self._preview is None:
            return ()
        return tuple(result_title(name) for name in self._preview.result_header)

    def _text(self, row: int, column: int) -> str:
        assert self._preview is not None
        return self._preview.results[row][column]

    def _issues(self, _row: int, _column: int) -> tuple[Issue, ...]:
        return ()


def result_title(name: str) -> str:
    """Title of a result column: a dimension in words, else the name of the value column."""
    if name == "name":
        return _("Name")
    return dimension_name(name) if name in DIMENSIONS else name


class RawView(QTableView):
    """A table with narrow rows, lines of the file at the left."""

    def __init__(self, name: str, model: QAbstractTableModel, parent: QWidget | None = None):
        super().__init__(parent)
        self.setModel(model)
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.horizontalHeader().setDefaultSectionSize(120)
        self.horizontalHeader().setMaximumSectionSize(280)
        self.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        rows = self.verticalHeader()
        rows.setDefaultSectionSize(CONTROL)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def fit_columns(self) -> None:
        """Columns as wide as what is on screen."""
        for column in range(min(self.model().columnCount(), 40)):
            wanted = max(
                self.sizeHintForColumn(column), self.horizontalHeader().sectionSizeHint(column)
            )
            self.setColumnWidth(column, min(max(wanted + 16, 64), 280))

    def jump(self, row: int, column: int) -> None:
        """Select a cell and bring it into the middle."""
        index = self.model().index(row, column)
        self.setCurrentIndex(index)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
