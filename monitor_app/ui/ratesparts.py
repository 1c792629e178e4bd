"""Parts of the rates panel: the bar that changes cells, trace of a cell, list of changes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.rates import RateBook, RateTable, group_name, sex_name
from monitor_app.app.rates_trace import Trace, change_text
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.forecast.rate_edits import WITHOUT_AGES, RateEdit
from monitor_app.ui.ratesmodel import parse_number


def small(text: str = "") -> QLabel:
    made = QLabel(text)
    made.setProperty("role", "small")
    made.setWordWrap(True)
    return made


class FactorBox(QSpinBox):
    """A factor with three decimals, written in the user's language; steps of 0.05."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0, 100_000)
        self.setSingleStep(50)
        self.setPrefix("× ")
        self.setMinimumWidth(112)
        self.lineEdit().setTextMargins(8, 0, 0, 0)
        self.set_factor(1.0)

    @property
    def factor(self) -> float:
        return self.value() / 1000.0

    def set_factor(self, factor: float) -> None:
        self.setValue(round(1000.0 * factor))

    def textFromValue(self, value: int) -> str:
        return format_number(value / 1000.0, 3)

    def valueFromText(self, text: str) -> int:
        number = parse_number(text.removeprefix(self.prefix()))
        return self.value() if number is None else round(1000.0 * number)

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        number = parse_number(text.removeprefix(self.prefix()))
        fits = number is not None and 0.0 <= number <= 100.0
        state = QValidator.State.Acceptable if fits else QValidator.State.Intermediate
        return state, text, place


class EditBar(QWidget):
    """``wanted``: factor and reason for the chosen cells. Return in the reason applies."""

    wanted = Signal(float, str)
    reset = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        self.range = small(_("Choose cells in the table to change them."))
        self.factor = FactorBox()
        self.factor.setAccessibleName(_("Factor on the chosen cells"))
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(_("Reason in words"))
        self.reason.setAccessibleName(_("Reason of the change"))
        self.everyone = QCheckBox(_("for both sexes and all groups"))
        self.apply = QPushButton(_("Change cells"))
        self.clear = QPushButton(_("Reset cells"))
        self.clear.setToolTip(_("Takes back all changes that touch the chosen cells."))
        grid.addWidget(self.range, 0, 0, 1, 4)
        grid.addWidget(self.everyone, 0, 4, 1, 1, Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.factor)
        row.addWidget(self.reason, 1)
        row.addWidget(self.apply)
        row.addWidget(self.clear)
        grid.addLayout(row, 1, 0, 1, 5)
        grid.setColumnStretch(0, 1)
        self.apply.clicked.connect(self._apply)
        self.reason.returnPressed.connect(self._apply)
        self.clear.clicked.connect(self.reset)
        self.enable(False)

    def _apply(self) -> None:
        self.wanted.emit(self.factor.factor, self.reason.text().strip())

    def enable(self, on: bool) -> None:
        for widget in (self.factor, self.reason, self.apply, self.clear, self.everyone):
            widget.setEnabled(on)


class TraceView(QScrollArea):
    """The steps of a trace: what it is, number, words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(_("How was this computed?"))
        self.trace: Trace | None = None
        self.show_trace(None)

    def show_trace(self, trace: Trace | None) -> None:
        self.trace = trace
        inside = QWidget()
        inside.setProperty("role", "panel")
        column = QVBoxLayout(inside)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        if trace is None:
            column.addWidget(small(_("Click a cell to see how it was computed.")))
        else:
            title = QLabel(trace.title)
            title.setWordWrap(True)
            font = title.font()
            font.setBold(True)
            title.setFont(font)
            column.addWidget(title)
            column.addLayout(self._steps(trace))
        column.addStretch(1)
        self.setWidget(inside)

    @staticmethod
    def _steps(trace: Trace) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        top = Qt.AlignmentFlag.AlignTop
        for row, step in enumerate(trace.steps):
            name, value, text = small(step.label), QLabel(step.value), QLabel(step.text)
            name.setWordWrap(False)
            text.setWordWrap(True)
            if step.mark:
                value.setProperty("role", "error")
            grid.addWidget(name, row, 0, top)
            grid.addWidget(value, row, 1, top | Qt.AlignmentFlag.AlignRight)
            grid.addWidget(text, row, 2, top)
        return grid

    def text(self) -> str:
        """The whole trace as text, for the clipboard and for screen readers."""
        if self.trace is None:
            return ""
        lines = [f"{s.label}: {s.value} {s.text}".strip() for s in self.trace.steps]
        return "\n".join([self.trace.title, *lines])


class ChangeList(QWidget):
    """All changes by hand, newest last. ``removed``: position of one to take back."""

    removed = Signal(int)
    cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        self.hint = small(_("No rate was changed by hand."))
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(_("Changes by hand"))
        self.take_back = QPushButton(_("Take back"))
        self.all = QPushButton(_("Take back all"))
        row = QHBoxLayout()
        row.addWidget(self.take_back)
        row.addWidget(self.all)
        row.addStretch(1)
        column.addWidget(self.hint)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        self.take_back.clicked.connect(self._remove)
        self.all.clicked.connect(self.cleared)
        self.list.currentRowChanged.connect(lambda n: self.take_back.setEnabled(n >= 0))

    def show_changes(self, book: RateBook | None) -> None:
        edits: Sequence[RateEdit] = () if book is None else book.spec.rates
        self.list.clear()
        for edit in edits:
            assert book is not None
            self.list.addItem(QListWidgetItem(change_words(book, edit)))
        self.hint.setVisible(not edits)
        self.list.setVisible(bool(edits))
        self.all.setEnabled(bool(edits))
        self.take_back.setEnabled(False)

    def _remove(self) -> None:
        if self.list.currentRow() >= 0:
            self.removed.emit(self.list.currentRow())


def change_words(book: RateBook, edit: RateEdit) -> str:
    """``Fertility × 1.10: Old Town, 20 to 34 years – reason``."""
    table = book.tables.get(edit.table)
    if table is None:
        return f"{edit.table} – {edit.note}"
    where = [", ".join(book.town.names.get(a, a) for a in edit.areas) or book.area_name(None)]
    if edit.ages is not None and edit.table not in WITHOUT_AGES:
        first, last = edit.ages
        where.append(
            _("{age} years").format(age=first) if first == last
            else _("ages {first} to {last}").format(first=first, last=last)
        )  # fmt: skip
    if edit.table != "births":
        where += [sex_name(s) for s in edit.sex]
    where += [group_name(book.town, g) for g in edit.group]
    if edit.table == "girls":
        where = []
    place = f": {', '.join(where)}" if where else ""
    return f"{table.name} {change_text(table, edit)}{place} – {edit.note}"


def range_words(book: RateBook, table: RateTable, cells: Sequence[tuple[int, int | None]]) -> str:
    """Which cells are chosen: areas (None: the town) and ages."""
    if not cells:
        return _("Choose cells in the table to change them.")
    areas = list(dict.fromkeys(a for _age, a in cells))
    ages = sorted({age for age, _area in cells})
    names = [book.area_name(a) for a in areas[:3]]
    where = ", ".join(names) + (" …" if len(areas) > 3 else "")
    if table.key in WITHOUT_AGES:
        return _("Chosen: {where}").format(where=where)
    when = _("{age} years").format(age=ages[0]) if len(ages) == 1 else (
        _("ages {first} to {last}").format(first=ages[0], last=ages[-1]))  # fmt: skip
    return _("Chosen: {where}").format(where=f"{where}, {when}")
