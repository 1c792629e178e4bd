"""Small tables that people fill in: columns with a kind, wrong cells marked where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.ui.theme import CONTROL, Theme

WRONG = Qt.ItemDataRole.UserRole + 7


class WrongCellError(ValueError):
    """A cell that cannot be read; the text says what is needed."""


def number_from(text: str) -> float | None:
    """A typed German number: ``1.234,5``, ``12,5``, ``12.5``; None for an empty cell."""
    plain = text.strip().replace("\u2212", "-").replace("\u202f", "").replace("\u00a0", "")
    plain = plain.removesuffix("%").strip()
    if not plain:
        return None
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?\d{1,3}(\.\d{3})+", plain):
        plain = plain.replace(".", "")
    try:
        return float(plain)
    except ValueError:
        raise WrongCellError(_("A number is needed.")) from None


def whole_from(text: str) -> int | None:
    """A typed whole number such as a year."""
    value = number_from(text)
    if value is None:
        return None
    if value != int(value):
        raise WrongCellError(_("A whole number is needed."))
    return int(value)


def share_from(text: str) -> float | None:
    """A share typed in per cent, as a factor."""
    value = number_from(text)
    return None if value is None else value / 100


def share_text(value: float | None) -> str:
    if value is None:
        return ""
    share = round(100 * value, 2)
    for precision in (0, 1):
        if share == round(share, precision):
            return f"{format_number(share, precision)} %"
    return f"{format_number(share, 2)} %"


def years_from(text: str) -> dict[int, float] | None:
    """``2026: 60, 2027: 40`` as numbers by year."""
    if not text.strip():
        return None
    found: dict[int, float] = {}
    for part in re.split(r"[;\n]|,(?=\s*\d{4}\s*:)", text):
        year, colon, number = part.partition(":")
        value = number_from(number) if colon else None
        if value is None or not re.fullmatch(r"\s*\d{4}\s*", year):
            raise WrongCellError(_("Write years and numbers such as 2026: 60; 2027: 40."))
        found[int(year)] = value
    return found


def years_text(values: Mapping[Any, float] | None) -> str:
    return "; ".join(f"{y}: {plain_text(v)}" for y, v in (values or {}).items())


def plain_text(value: Any) -> str:
    """A number as typed: no grouping, no needless decimals."""
    if value is None:
        return ""
    if isinstance(value, float):
        digits = next((d for d in (0, 1) if round(value, 2) == round(value, d)), 2)
        return format_number(value, digits, grouping=False)
    return str(value)


@dataclass(frozen=True)
class EditColumn:
    """``read`` makes a value of a text (raising ``WrongCellError``), ``show`` a text of a value;
    ``choices`` (value, text) makes it a list. ``needed``: an empty cell makes the row unfit.
    ``start``: value of a new row."""

    key: str
    title: str
    read: Callable[[str], Any] = lambda text: text.strip() or None
    show: Callable[[Any], str] = plain_text
    choices: tuple[tuple[Any, str], ...] = ()
    needed: bool = False
    width: int = 110
    tip: str = ""
    start: Any = None


class EditTable(QWidget):
    """Rows that can be added, changed and removed. ``changed``: the rows as dictionaries, only
    where every cell can be read; otherwise the line below says what is wrong and where."""

    changed = Signal(list)

    def __init__(
        self, theme: Theme, name: str, columns: Sequence[EditColumn], add: str,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._theme = theme
        self.columns = self._columns = tuple(columns)
        self._shown: list[dict[str, Any]] = []
        self.table = QTableWidget(0, len(columns))
        self.table.setAccessibleName(name)
        self.table.setHorizontalHeaderLabels([c.title for c in columns])
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(CONTROL + 4)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        head = self.table.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setStretchLastSection(True)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for n, column in enumerate(columns):
            self.table.setColumnWidth(n, column.width)
            if column.tip:
                caption = self.table.horizontalHeaderItem(n)
                assert caption is not None
                caption.setToolTip(column.tip)
        self.message = QLabel()
        self.message.setProperty("role", "error")
        self.message.setWordWrap(True)
        self.message.hide()
        self.add = QPushButton(add)
        self.remove = QPushButton(_("Remove row"))
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        self.table.itemChanged.connect(self._edited)
        self.table.horizontalScrollBar().rangeChanged.connect(lambda *_range: self._fit())
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.add)
        row.addWidget(self.remove)
        row.addStretch(1)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(0, 0, 0, 0)
        column_box.setSpacing(4)
        column_box.addWidget(self.table)
        column_box.addWidget(self.message)
        column_box.addLayout(row)
        self._fit()

    def show_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put rows in; nothing happens where they are shown already."""
        given = [{k: v for k, v in r.items() if v is not None} for r in rows]
        if given == self._shown and self._pending():
            return  # what is being typed stays
        self._shown = given
        if not self._pending():
            return
        with QSignalBlocker(self.table):
            self.table.setRowCount(0)
            for values in rows:
                self._append(values)
        self._say("")
        self._fit()

    def _pending(self) -> bool:
        """Whether the table holds other rows than those that were put in."""
        try:
            return self.rows() != self._shown
        except WrongCellError:
            return True

    def _append(self, values: Mapping[str, Any]) -> None:
        at = self.table.rowCount()
        self.table.insertRow(at)
        for n, column in enumerate(self._columns):
            value = values.get(column.key)
            if column.choices:
                box = QComboBox()
                box.setAccessibleName(column.title)
                for known, text in column.choices:
                    box.addItem(text, known)
                box.setCurrentIndex(max(0, box.findData(value)))
                box.activated.connect(self._edited)
                self.table.setCellWidget(at, n, box)
            else:
                self.table.setItem(at, n, QTableWidgetItem(column.show(value)))

    def _add(self) -> None:
        with QSignalBlocker(self.table):
            self._append({c.key: c.start for c in self._columns if c.start is not None})
        self._fit()
        free = next((n for n, c in enumerate(self._columns) if not c.choices), 0)
        self.table.setCurrentCell(self.table.rowCount() - 1, free)
        self.table.setFocus()

    def _remove(self) -> None:
        at = self.table.currentRow()
        if at < 0:
            at = self.table.rowCount() - 1
        if at >= 0:
            self.table.removeRow(at)
            self._fit()
            self._edited()

    def _edited(self, *_what: object) -> None:
        try:
            rows = self.rows()
        except WrongCellError as error:
            self._say(str(error))
            return
        self._say("")
        self.changed.emit(rows)

    def rows(self) -> list[dict[str, Any]]:
        """Rows as read. ``WrongCellError`` for the first cell that cannot be read; all of them are
        marked."""
        found, problem = [], ""
        wrong = QColor(self._theme.tokens.error)
        with QSignalBlocker(self.table):
            for at in range(self.table.rowCount()):
                row: dict[str, Any] = {}
                for n, column in enumerate(self._columns):
                    text, item = self._text(at, n), self.table.item(at, n)
                    try:
                        value = text if column.choices else column.read(text)
                        if value is None and column.needed:
                            raise WrongCellError(_("This cell must not be empty."))
                        if item is not None:
                            item.setData(Qt.ItemDataRole.ForegroundRole, None)
                            item.setToolTip("")
                    except WrongCellError as error:
                        if item is not None:
                            item.setForeground(wrong)
                            item.setToolTip(str(error))
                        place = _("Row {row}, {column}: {reason}")
                        problem = problem or place.format(
                            row=at + 1, column=column.title, reason=error
                        )
                        continue
                    if value is not None:
                        row[column.key] = value
                found.append(row)
        if problem:
            raise WrongCellError(problem)
        return found

    def _text(self, row: int, column: int) -> Any:
        box = self.table.cellWidget(row, column)
        if isinstance(box, QComboBox):
            return box.currentData()
        item = self.table.item(row, column)
        return "" if item is None else item.text()

    def say(self, text: str) -> None:
        """What the specification has against these rows; rows that it has not taken keep theirs."""
        if text or not self._pending():
            self._say(text)

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _fit(self) -> None:
        """As high as its rows, up to six of them; nothing but the button where there are none."""
        rows = self.table.rowCount()
        self.table.setVisible(rows > 0)
        self.remove.setVisible(rows > 0)
        head = self.table.horizontalHeader().sizeHint().height()
        bar = self.table.horizontalScrollBar()
        if bar.maximum() > 0:
            head += bar.sizeHint().height()  # else it would hide the last row
        self.table.setFixedHeight(head + min(rows, 6) * (CONTROL + 4) + 6)
