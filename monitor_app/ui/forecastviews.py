"""Tables of results: rows of areas or scenarios, linked with the selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from monitor_app.app.forecastexport import ScenarioRow
from monitor_app.app.forecastresults import Results
from monitor_app.core.areas import CITY
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.status import Status
from monitor_app.exchange.export_table import ExportTable, ValueColumn
from monitor_app.ui.theme import CONTROL, Theme

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Grid:
    """Texts by row and column; ``units``: key of the area of each row (empty: the town);
    ``ahead``: columns with forecast values; ``strong``: rows in bold; ``text``: columns that are
    no numbers; ``shown``: last column to bring into view; ``names`` of the rows stay in view."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    units: tuple[str, ...]
    ahead: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()
    text: frozenset[int] = frozenset()
    shown: int = 0
    names: tuple[str, ...] = ()


def year_rows(table: ExportTable) -> Grid:
    """Areas by year; forecast years marked."""
    keys, names = (c.cells for c in table.columns[:2])  # type: ignore[union-attr]
    columns = [c for c in table.columns if isinstance(c, ValueColumn)]
    texts = [[format_number(float(v)) for v in column.values] for column in columns]
    ahead = {n for n, c in enumerate(columns) if np.any(c.status == Status.FORECAST)}
    # The town stands above its areas, where it is seen at once.
    order = sorted(range(len(keys)), key=lambda n: keys[n] != "")
    rows = tuple(zip(*texts, strict=True))
    towns = frozenset(range(sum(key == "" for key in keys)))
    return Grid(
        tuple(c.name for c in columns), tuple(rows[n] for n in order),
        tuple(keys[n] for n in order), frozenset(ahead), towns,
        shown=min(min(ahead, default=0) + 6, len(columns) - 1),
        names=tuple(names[n] for n in order),
    )  # fmt: skip


def scenario_rows(results: Results, rows: Sequence[ScenarioRow], day: date | None) -> Grid:
    """Scenarios of each area, differences in persons and per cent."""
    main = results.main.label
    titles = (
        _("Area"), _("Scenario"), format_date(results.day(results.base)),
        "" if day is None else format_date(day), _("80 of 100 draws"), _("Change"),
        _("Against “{scenario}”").format(scenario=main),
    )  # fmt: skip
    found = []
    for row in rows:
        spread = "–"
        if row.low is not None and row.high is not None:
            spread = _("{low} to {high}").format(
                low=format_number(row.low), high=format_number(row.high)
            )
        found.append(
            (
                row.name, row.label, format_number(row.before), format_number(row.then), spread,
                _signed(row.change, row.change_percent),
                _signed(row.against, row.against_percent),
            )
        )  # fmt: skip
    units = tuple("" if r.unit == CITY else r.unit for r in rows)
    return Grid(
        titles, tuple(found), units, frozenset({3, 4}),
        frozenset(n for n, u in enumerate(units) if not u), frozenset({0, 1}),
    )  # fmt: skip


def _signed(persons: float, share: float) -> str:
    """A difference in persons and per cent."""
    text = format_number(persons, signed=True)
    return f"{text} ({format_number(share, 1, signed=True)} %)" if np.isfinite(share) else text


class GridModel(QAbstractTableModel):
    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.grid = Grid((), (), ())

    def set_grid(self, grid: Grid) -> None:
        self.beginResetModel()
        self.grid = grid
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.grid.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.grid.titles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        grid, row, column = self.grid, index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return grid.rows[row][column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column not in grid.text:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole and row in grid.strong:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.BackgroundRole and column in grid.ahead:
            return QColor(self._theme.tokens.raised)
        if role == Qt.ItemDataRole.ToolTipRole and column in grid.ahead:
            return _("Forecast")
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            named = role == Qt.ItemDataRole.DisplayRole and self.grid.names
            return self.grid.names[section] if named else None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.grid.titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight
            if section in self.grid.text:
                side = Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


class ResultTable(QTableView):
    """``units_chosen``: keys of the areas of the selected rows."""

    units_chosen = Signal(tuple)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = GridModel(theme, self)
        self.setModel(self.grid)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(CONTROL)
        self.verticalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setHighlightSections(False)
        self._following = False
        self.selectionModel().selectionChanged.connect(self._selected)
        copy = QShortcut(QKeySequence.StandardKey.Copy, self)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(lambda: QGuiApplication.clipboard().setText(self.as_text()))

    def show_data(self, grid: Grid, units: Sequence[str]) -> None:
        """New rows where they are others; the rows of ``units`` are selected."""
        self._following = True
        try:
            if grid != self.grid.grid:
                self.grid.set_grid(grid)
                self.resizeColumnsToContents()
                for column in range(self.grid.columnCount()):
                    self.setColumnWidth(column, min(self.columnWidth(column) + 4, 260))
                self.verticalHeader().setVisible(bool(grid.names))
                if grid.rows and grid.shown:
                    self.scrollTo(self.grid.index(0, grid.shown))
            picked = QItemSelection()
            last = self.grid.columnCount() - 1
            for row, unit in enumerate(grid.units):
                if unit and unit in units:
                    picked.select(self.grid.index(row, 0), self.grid.index(row, last))
            self.selectionModel().select(picked, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        finally:
            self._following = False

    def _selected(self, *_what: object) -> None:
        if self._following:
            return
        rows = sorted({i.row() for i in self.selectionModel().selectedIndexes()})
        units = (self.grid.grid.units[r] for r in rows)
        self.units_chosen.emit(tuple(dict.fromkeys(u for u in units if u)))

    def as_text(self) -> str:
        """All rows with headers, tab-separated."""
        grid = self.grid.grid
        return "\n".join("\t".join(line) for line in (grid.titles, *grid.rows)) + "\n"
