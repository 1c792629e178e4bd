"""Attribute table: a model over arrays. Cells are formatted when they come on screen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from monitor_app.app.areaselect import Column as Column_
from monitor_app.app.areaselect import Numbers, Words, selected, unknown_names
from monitor_app.app.expression import Expression, parse_expression
from monitor_app.cartography.looks import State, state_label, states_of
from monitor_app.core.collation import Haystack, collation_ranks
from monitor_app.core.formats import collation_key, format_number, format_value
from monitor_app.core.i18n import LANGUAGE, _
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status

Index = QModelIndex | QPersistentModelIndex
KEY_ROLE = Qt.ItemDataRole.UserRole + 1
#: Tables of more rows are copied as text only.
MOST_HTML = 20_000


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
    """A parsed filter line: words that must occur in a text column, and bounds of the value; or
    an expression over columns."""

    words: tuple[str, ...] = ()
    bounds: tuple[tuple[str, float], ...] = field(default=())
    expression: Expression | None = None

    @property
    def active(self) -> bool:
        return bool(self.words or self.bounds or self.expression)


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


def parse_filter(text: str, titles: Iterable[str] = ()) -> RowFilter:
    """``altstadt``, ``> 20``, ``>= 10 < 20``, ``10 bis 20``, or a mix of them; with ``titles`` of
    columns also an expression over them, as in ``wert > 20 und nicht rang <= 3``."""
    columns = tuple(titles)
    if columns:
        with suppress(UserError):
            expression = parse_expression(text)
            if expression.names and not unknown_names(expression, columns):
                return RowFilter(expression=expression)
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
        self._rows: NDArray[np.intp] = np.empty(0, dtype=np.intp)  # row per area, −1: hidden
        self._place: dict[str, int] = {}  # area per key
        self._texts = Haystack(())
        #: Columns beside those shown that expressions may name.
        self.further: dict[str, NumberColumn] = {}
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
            and not (self._filter.bounds or self._filter.expression)
            and self._sort[0] < 1
        )
        if same_shape and self._data.keys:
            self._data = data
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        before, self._data = self._data, data
        texts = [tuple(c.values for c in d.columns if isinstance(c, TextColumn))
                 for d in (before, data)]  # fmt: skip
        if texts[0] != texts[1]:  # another date of the same areas has the same texts
            self._texts = Haystack(texts[1])
        if before.keys != data.keys:
            self._place = {key: i for i, key in enumerate(data.keys)}
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
        keys = self._data.keys
        return tuple([keys[i] for i in self._order.tolist()])

    def row_of(self, key: str) -> int | None:
        place = self._place.get(key)
        row = -1 if place is None else int(self._rows[place])
        return None if row < 0 else row

    def rows_of(self, keys: Iterable[str]) -> NDArray[np.intp]:
        """Rows of some areas, in order; hidden and unknown ones are left out."""
        found = [self._place[key] for key in keys if key in self._place]
        rows = self._rows[np.array(found, dtype=np.intp)]
        return np.sort(rows[rows >= 0])

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
        self._rows = np.full(count, -1, dtype=np.intp)
        self._rows[self._order] = np.arange(len(self._order))

    def _kept(self) -> NDArray[np.bool_]:
        kept = np.ones(len(self._data.keys), dtype=bool)
        for word in self._filter.words:
            kept &= self._texts.rows_with(word)
        if self._filter.expression is not None:
            with suppress(UserError):  # another map has other columns: its table is shown whole
                kept &= self.holds(self._filter.expression)
        main = self._data.main
        if self._filter.bounds and main is not None:
            column = self._data.columns[main]
            assert isinstance(column, NumberColumn)
            shown = np.round(column.values, column.precision)  # as the reader sees it
            valid = (column.status < Status.MISSING) & np.isfinite(column.values)
            for sign, bound in self._filter.bounds:
                kept &= valid & _COMPARE[sign](shown, bound)
        return kept

    def rearrange(self) -> None:
        """Sort and filter again, after ``further`` columns came."""
        if self._filter.expression is not None:
            self.beginResetModel()
            self._arrange()
            self.endResetModel()

    def holds(self, expression: Expression, others: Iterable[str] = ()) -> NDArray[np.bool_]:
        """For which areas (in the order of the data) an expression holds. ``UserError`` as
        ``areaselect.selected``."""
        return selected(expression, self.columns_by_name(), len(self._data.keys), others)

    def columns_by_name(self) -> dict[str, Column_]:
        """Columns that expressions may name."""
        named: dict[str, Column_] = {}
        for column in (*self._data.columns, *self.further.values()):
            if isinstance(column, TextColumn):
                named[column.title] = Words(column.values)
            else:
                named[column.title] = Numbers(column.values, column.status, column.precision)
        return named

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
            [self.index(int(self._rows[self._place[key]]), c) for _i, key, c in held],
        )
        self.layoutChanged.emit()

    # copying -------------------------------------------------------------------------------

    def as_text(self, rows: Iterable[int] | None = None) -> tuple[str, str]:
        """The rows with headers as tab-separated text and as an HTML table (empty for more than
        ``MOST_HTML`` rows: programs read the text faster then)."""
        picked = self._order
        if rows is not None:
            picked = picked[np.fromiter(rows, dtype=np.intp)]
        head = [header_text(c) for c in self._data.columns]
        columns = [plain_texts(c, picked) for c in self._data.columns]
        lines = ["\t".join(line) for line in zip(*columns, strict=True)]
        plain = "\n".join(["\t".join(head), *lines]) + "\n"
        if len(picked) > MOST_HTML:
            return plain, ""
        number = [isinstance(c, NumberColumn) for c in self._data.columns]
        html = ["<table><tr>", *(f"<th>{_escape(t)}</th>" for t in head), "</tr>"]
        for line in zip(*columns, strict=True):
            cells = (
                f'<td align="right">{_escape(t)}</td>' if n else f"<td>{_escape(t)}</td>"
                for t, n in zip(line, number, strict=True)
            )
            html += ["<tr>", *cells, "</tr>"]
        return plain, "".join([*html, "</table>"])


def plain_texts(column: Column, picked: NDArray[np.intp]) -> list[str]:
    """Cells of a column for a spreadsheet: numbers without grouping, signs for gaps. All numbers
    are written by one format, the few gaps one by one."""
    if isinstance(column, TextColumn):
        return [column.values[i] for i in picked.tolist()]
    values, status = column.values[picked], column.status[picked]
    shape = f"%{'+' if column.signed else ''}.{column.precision}f"
    texts = (("\n".join([shape] * len(picked))) % tuple(values.tolist())).split("\n")
    if LANGUAGE.code == "de":
        texts = "\n".join(texts).replace(".", ",").split("\n")
    odd = (status >= Status.MISSING) | ~np.isfinite(values)
    odd |= np.abs(values) < 10.0 ** -max(column.precision, 0)  # zero has no sign
    for i in np.flatnonzero(odd).tolist():
        texts[i] = cell_text(column, int(picked[i]), plain=True)
    return texts


def sort_order(column: Column, descending: bool) -> NDArray[np.intp]:
    """Row numbers in sorted order; ties keep their order, no value comes last."""
    if isinstance(column, TextColumn):
        places = collation_ranks(column.values)
        return np.argsort(-places if descending else places, kind="stable").astype(np.intp)
    valid = (column.status < Status.MISSING) & np.isfinite(column.values)
    rank = np.where(valid, -column.values if descending else column.values, np.inf)
    order = np.argsort(rank, kind="stable")
    there = valid[order]
    return np.concatenate([order[there], order[~there]]).astype(np.intp)


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
