"""Attribute table: a model over arrays. Cells are formatted when they come on screen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from monitor_app.cartography.looks import State, state_label, states_of
from monitor_app.core.formats import collation_key, format_number, format_value
from monitor_app.core.i18n import _
from monitor_app.core.status import Status

Index = QModelIndex | QPersistentModelIndex
KEY_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class TextColumn:
    """``values`` has one text per area."""

    title: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class NumberColumn:
    """``values`` float64 and ``status`` uint8, one per area."""

    title: str
    values: NDArray[np.float64]
    status: NDArray[np.uint8]
    precision: int = 0
    signed: bool = False
    unit: str = ""


Column = TextColumn | NumberColumn


@dataclass(frozen=True)
class TableData:
    """What the table shows: one row per area. ``main`` is the column that a bare comparison in
    the filter line (``> 20``) refers to."""

    keys: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    main: int | None = None


@dataclass(frozen=True)
class RowFilter:
    """A parsed filter line: words that must occur in a text column, and bounds of the value."""

    words: tuple[str, ...] = ()
    bounds: tuple[tuple[str, float], ...] = field(default=())

    @property
    def active(self) -> bool:
        return bool(self.words or self.bounds)


_COMPARISON = re.compile(r"(<=|>=|≤|≥|<|>|=)\s*([-−+]?[\d.,]+)")
_RANGE = re.compile(r"([-−+]?\d[\d.,]*)\s*(?:\.\.|–|bis\b)\s*([-−+]?\d[\d.,]*)")


def _number(text: str) -> float | None:
    """A typed number, German first: ``1.234,5``, ``12,5``; ``12.5`` is read as twelve and a half
    because three digits do not follow the point."""
    text = text.replace("−", "-").strip(".,")
    if "," in text:
        text = text.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[-+]?\d{1,3}(\.\d{3})+", text):
        text = text.replace(".", "")
    try:
        return float(text)
    except ValueError:
        return None


def parse_filter(text: str) -> RowFilter:
    """``altstadt``, ``> 20``, ``>= 10 < 20``, ``10 bis 20``, or a mix of them."""
    bounds: list[tuple[str, float]] = []

    def take_range(match: re.Match[str]) -> str:
        low, high = _number(match[1]), _number(match[2])
        if low is None or high is None:
            return match[0]
        bounds.extend([("≥", low), ("≤", high)])
        return " "

    def take_comparison(match: re.Match[str]) -> str:
        value = _number(match[2])
        if value is None:
            return match[0]
        sign = {"<=": "≤", ">=": "≥"}.get(match[1], match[1])
        bounds.append((sign, value))
        return " "

    rest = _COMPARISON.sub(take_comparison, text)
    rest = _RANGE.sub(take_range, rest)
    words = tuple(collation_key(word)[0] for word in rest.split())
    return RowFilter(words, tuple(bounds))


_COMPARE = {
    "<": np.less, "≤": np.less_equal, ">": np.greater, "≥": np.greater_equal, "=": np.equal,
}  # fmt: skip


class AttributeTable(QAbstractTableModel):
    """Rows are areas in the order of the current sort, without those that the filter hides.

    Text sorts after DIN 5007-1, numbers by value; areas without a value stay at the end in
    both directions.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data = TableData()
        self._filter = RowFilter()
        self._sort: tuple[int, Qt.SortOrder] = (-1, Qt.SortOrder.AscendingOrder)
        self._order: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._place: dict[str, int] = {}
        self._folded: tuple[str, ...] = ()
        self._italic = QFont()
        self._italic.setItalic(True)

    # what is shown -----------------------------------------------------------------------

    @property
    def table(self) -> TableData:
        return self._data

    def set_table(self, data: TableData) -> None:
        """Replace everything; sort and filter stay. Where only numbers changed, the view keeps
        its scroll position."""
        same_shape = (
            data.keys == self._data.keys
            and [c.title for c in data.columns] == [c.title for c in self._data.columns]
            and not self._filter.bounds
            and self._sort[0] < 1
        )
        if same_shape and self._data.keys:
            self._data = data
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self._data = data
        texts = [c.values for c in data.columns if isinstance(c, TextColumn)]
        self._folded = tuple(
            " ".join(collation_key(t)[0] for t in row) for row in zip(*texts, strict=True)
        )
        self._arrange()
        self.endResetModel()

    def set_filter(self, row_filter: RowFilter) -> None:
        if row_filter != self._filter:
            self.beginResetModel()
            self._filter = row_filter
            self._arrange()
            self.endResetModel()

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the rows as shown."""
        return tuple(self._data.keys[i] for i in self._order)

    def row_of(self, key: str) -> int | None:
        return self._place.get(key)

    def key_at(self, row: int) -> str:
        return self._data.keys[int(self._order[row])]

    def _arrange(self) -> None:
        count = len(self._data.keys)
        column, direction = self._sort
        order = np.arange(count)
        if 0 <= column < len(self._data.columns):
            order = sort_order(
                self._data.columns[column], direction is Qt.SortOrder.DescendingOrder
            )
        self._order = order[self._kept()[order]] if count else order
        self._place = {self._data.keys[i]: row for row, i in enumerate(self._order)}

    def _kept(self) -> NDArray[np.bool_]:
        kept = np.ones(len(self._data.keys), dtype=bool)
        for word in self._filter.words:
            kept &= np.fromiter((word in t for t in self._folded), bool, len(self._folded))
        main = self._data.main
        if self._filter.bounds and main is not None:
            column = self._data.columns[main]
            assert isinstance(column, NumberColumn)
            shown = np.round(column.values, column.precision)  # as the reader sees it
            valid = (column.status < Status.MISSING) & np.isfinite(column.values)
            for sign, bound in self._filter.bounds:
                kept &= valid & _COMPARE[sign](shown, bound)
        return kept

    # QAbstractTableModel -------------------------------------------------------------------

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._data.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column = self._data.columns[index.column()]
        row = int(self._order[index.row()])
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return cell_text(column, row)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignRight
                if isinstance(column, NumberColumn)
                else Qt.AlignmentFlag.AlignLeft
            )
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(column, NumberColumn):
            return status_text(int(column.status[row]))
        if role == Qt.ItemDataRole.FontRole and isinstance(column, NumberColumn):
            return self._italic if column.status[row] == Status.ESTIMATED else None
        if role == KEY_ROLE:
            return self._data.keys[row]
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return str(section + 1) if role == Qt.ItemDataRole.DisplayRole else None
        if section >= len(self._data.columns):
            return None
        column = self._data.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return header_text(column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignRight
                if isinstance(column, NumberColumn)
                else Qt.AlignmentFlag.AlignLeft
            )
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sort = (column, order)
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        held = [(i, self._data.keys[self._order[i.row()]], i.column()) for i in before]
        self._arrange()
        self.changePersistentIndexList(
            [i for i, _key, _c in held],
            [self.index(self._place[key], c) for _i, key, c in held],
        )
        self.layoutChanged.emit()

    # copying -------------------------------------------------------------------------------

    def as_text(self, rows: Iterable[int] | None = None) -> tuple[str, str]:
        """The rows with headers as tab-separated text and as an HTML table."""
        picked = range(self.rowCount()) if rows is None else rows
        head = [header_text(c) for c in self._data.columns]
        body = [
            [cell_text(c, int(self._order[row]), plain=True) for c in self._data.columns]
            for row in picked
        ]
        plain = "\n".join("\t".join(line) for line in [head, *body]) + "\n"
        number = [isinstance(c, NumberColumn) for c in self._data.columns]
        html = ["<table><tr>", *(f"<th>{_escape(t)}</th>" for t in head), "</tr>"]
        for line in body:
            cells = (
                f'<td align="right">{_escape(t)}</td>' if n else f"<td>{_escape(t)}</td>"
                for t, n in zip(line, number, strict=True)
            )
            html += ["<tr>", *cells, "</tr>"]
        return plain, "".join([*html, "</table>"])


def sort_order(column: Column, descending: bool) -> NDArray[np.intp]:
    """Row numbers in sorted order; ties keep their order, no value comes last."""
    if isinstance(column, TextColumn):
        keys = [collation_key(t) for t in column.values]
        rows = sorted(range(len(keys)), key=keys.__getitem__, reverse=descending)
        return np.array(rows, dtype=np.intp)
    valid = (column.status < Status.MISSING) & np.isfinite(column.values)
    rank = np.where(valid, -column.values if descending else column.values, np.inf)
    return np.lexsort((rank, ~valid)).astype(np.intp)


def cell_text(column: Column, row: int, plain: bool = False) -> str:
    """Text of a cell; ``plain`` leaves out grouping so that a spreadsheet reads a number."""
    if isinstance(column, TextColumn):
        return column.values[row]
    status = int(column.status[row])
    if plain and status < Status.MISSING:
        return format_number(
            float(column.values[row]), column.precision, signed=column.signed, grouping=False
        ).replace("−", "-")
    return format_value(float(column.values[row]), status, column.precision, signed=column.signed)


def header_text(column: Column) -> str:
    if isinstance(column, NumberColumn) and column.unit:
        return f"{column.title} ({column.unit})"
    return column.title


def status_text(status: int) -> str | None:
    """What a sign or a slanted number means, in the words of the legend; None for an ordinary
    value."""
    if status >= Status.MISSING:
        return state_label(State(int(states_of(np.array([status], dtype=np.uint8))[0])))
    return {
        Status.ESTIMATED: _("estimated"),
        Status.PROVISIONAL: _("provisional"),
        Status.REVISED: _("revised"),
        Status.UNRELIABLE: _("limited reliability"),
        Status.FORECAST: _("forecast"),
    }.get(Status(status))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
