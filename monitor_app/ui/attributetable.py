"""The attribute table with its filter line, linked to the selection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QMimeData,
    QModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection, SelectionChange
from monitor_app.ui.expressionbar import ExpressionBar
from monitor_app.ui.icons import icon
from monitor_app.ui.tablemodel import AttributeTable, RowFilter, TableData, parse_filter
from monitor_app.ui.theme import CONTROL, Theme


class _View(QTableView):
    """Ctrl+C copies the selected rows with headers, or all where none is selected."""

    copied = Signal()
    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copied.emit()
        else:
            super().keyPressEvent(event)


class AttributePanel(QWidget):
    """Filter line above the table. Selected rows and selected areas are the same thing."""

    filtered = Signal(object)  # RowFilter

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._selection = selection
        self._syncing = False
        self._name_width = 0
        self.setProperty("role", "panel")
        self.model = AttributeTable(self)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(_("Filter: name or value, e.g.  nord  or  > 20"))
        self.filter.setAccessibleName(_("Filter areas by name or value"))
        self.filter.setToolTip(
            _("Words narrow by name and key; > 20, <= 5,5 or 10 bis 20 narrow by value")
        )
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._filter_typed)
        self.count = QLabel()
        self.count.setProperty("role", "small")
        self.copy = QToolButton()
        self.copy.setProperty("role", "flat")
        self.copy.setToolTip(_("Copy table with headers"))
        self.copy.setAccessibleName(_("Copy table with headers"))
        self.copy.clicked.connect(lambda: self.copy_rows(everything=True))
        self.expression = ExpressionBar(theme, self.model)
        self.expression.chosen.connect(selection.set)
        self.expression.filtered.connect(self._filter_by_expression)
        self.by_expression = QToolButton()
        self.by_expression.setProperty("role", "flat")
        self.by_expression.setText(_("Select by expression"))
        self.by_expression.setToolTip(_("Conditions on columns and indicators"))
        self.by_expression.clicked.connect(self.open_expression)
        self.view = _View()
        self._set_up_view()
        line = QHBoxLayout()
        line.setContentsMargins(8, 4, 8, 4)
        line.setSpacing(8)
        self.filter.setMaximumWidth(360)
        line.addWidget(self.filter, 1)
        line.addWidget(self.count)
        line.addStretch(1)
        line.addWidget(self.by_expression)
        line.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(self.expression)
        column.addWidget(self.view, 1)
        self._unsubscribe = selection.subscribe(self._selection_changed)
        self.draw_icons()

    def _set_up_view(self) -> None:
        view = self.view
        view.setModel(self.model)
        view.setAccessibleName(_("Attribute table"))
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setShowGrid(False)
        view.setAlternatingRowColors(True)
        view.setTabKeyNavigation(False)
        view.setMouseTracking(True)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(CONTROL)
        view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = view.horizontalHeader()
        head.setHighlightSections(False)
        head.setStretchLastSection(False)
        head.setMinimumSectionSize(64)
        head.setSortIndicatorShown(True)
        head.setSectionsClickable(True)
        view.setSortingEnabled(True)
        head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        view.entered.connect(self._entered)
        view.resized.connect(self._fill_width)
        view.copied.connect(lambda: self.copy_rows(everything=False))
        view.selectionModel().selectionChanged.connect(self._rows_changed)
        self.model.modelReset.connect(self._show_selection)
        self.model.layoutChanged.connect(self._show_selection)

    def set_table(self, data: TableData) -> None:
        """Show another table; filter, sort and selection stay."""
        titles = [c.title for c in self.model.table.columns]
        self.model.set_table(data)
        self.expression.data_changed()
        if [c.title for c in data.columns] != titles:
            self._size_columns()
        self._count()

    def _size_columns(self) -> None:
        head = self.view.horizontalHeader()
        for column in range(self.model.columnCount()):
            wanted = max(
                self.view.sizeHintForColumn(column) + 16,
                head.sectionSizeHint(column) + 16,
                72,
            )
            self.view.setColumnWidth(column, min(wanted, 320))
        self._name_width = self.view.columnWidth(0) if self.model.columnCount() else 0
        self._fill_width()

    def _fill_width(self) -> None:
        """The names take what the numbers leave, but never less than they need."""
        count = self.model.columnCount()
        if count:
            others = sum(self.view.columnWidth(c) for c in range(1, count))
            self.view.setColumnWidth(
                0, max(self._name_width, self.view.viewport().width() - others)
            )

    def _count(self) -> None:
        shown, everything = self.model.rowCount(), len(self.model.table.keys)
        text = _("{shown} of {all} areas") if shown != everything else _("{all} areas")
        self.count.setText(text.format(shown=format_number(shown), all=format_number(everything)))

    # filter ------------------------------------------------------------------------------

    def _filter_typed(self, text: str) -> None:
        titles = [column.title for column in self.model.table.columns]
        self.set_filter(parse_filter(text, titles))

    def set_filter(self, row_filter: RowFilter) -> None:
        self.model.set_filter(row_filter)
        self._count()
        self.filtered.emit(row_filter)

    def clear_filter(self) -> None:
        self.filter.clear()
        self.set_filter(RowFilter())

    def open_expression(self) -> None:
        self.expression.begin()

    def _filter_by_expression(self, row_filter: RowFilter) -> None:
        """Show what an expression finds; none: what the filter line says again."""
        if row_filter.active:
            with QSignalBlocker(self.filter):
                self.filter.setText(row_filter.expression.text if row_filter.expression else "")
            self.set_filter(row_filter)

    def focus_filter(self) -> None:
        self.filter.setFocus()
        self.filter.selectAll()

    # selection ---------------------------------------------------------------------------

    def _rows_changed(self) -> None:
        if self._syncing:
            return
        picked = [self.model.key_at(row) for row in self._selected_rows().tolist()]
        chosen = set(picked)
        kept = [key for key in self._selection.keys if key in chosen]
        # Selected areas that the filter hides stay selected while others are added.
        hidden = [k for k in self._selection.keys if self.model.row_of(k) is None]
        self._syncing = True
        try:
            self._selection.set([*hidden, *kept, *picked] if picked else [])
        finally:
            self._syncing = False

    def _selected_rows(self) -> NDArray[np.intp]:
        """Selected rows in order; asking for each of thousands alone would take seconds."""
        parts = [
            np.arange(part.top(), part.bottom() + 1, dtype=np.intp)
            for part in self.view.selectionModel().selection()
        ]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.intp)

    def _selection_changed(self, change: SelectionChange) -> None:
        if (change.added or change.removed) and not self._syncing:
            self._show_selection()

    def _show_selection(self) -> None:
        rows = self.model.rows_of(self._selection.keys)
        last = self.model.columnCount() - 1
        chosen = QItemSelection()
        # Runs of rows as one range: fast for thousands.
        ends = np.flatnonzero(np.diff(rows) != 1)
        starts = np.concatenate([[0], ends + 1]).astype(np.intp) if len(rows) else rows
        stops = np.concatenate([ends, [len(rows) - 1]]).astype(np.intp) if len(rows) else rows
        for start, stop in zip(rows[starts].tolist(), rows[stops].tolist(), strict=True):
            chosen.append(
                QItemSelectionRange(self.model.index(start, 0), self.model.index(stop, last))
            )
        self._syncing = True
        try:
            with QSignalBlocker(self.view.selectionModel()):
                self.view.selectionModel().select(
                    chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect
                )
            self.view.viewport().update()
        finally:
            self._syncing = False
        if len(rows) and not self.view.hasFocus():
            self.view.scrollTo(
                self.model.index(int(rows[0]), 0), QAbstractItemView.ScrollHint.EnsureVisible
            )

    def _entered(self, index: QModelIndex) -> None:
        self._selection.hover(self.model.key_at(index.row()))

    # copying -----------------------------------------------------------------------------

    def copy_rows(self, *, everything: bool) -> None:
        """Put the table (or its selected rows) on the clipboard, as text and as a table."""
        rows = self._selected_rows().tolist()
        plain, html = self.model.as_text(None if everything or not rows else rows)
        data = QMimeData()
        data.setText(plain)
        if html:
            data.setHtml(html)
        QGuiApplication.clipboard().setMimeData(data)

    def draw_icons(self) -> None:
        self.copy.setIcon(icon("copy", self._theme, size=18))
        self.expression.draw_icons()

    def shutdown(self) -> None:
        self._unsubscribe()
        self._unsubscribe = lambda: None
