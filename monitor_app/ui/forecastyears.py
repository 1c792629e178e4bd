"""Base years of a forecast: from where it starts, and how much each past year counts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.forecasting_base_years import (
    MIGRATION,
    YearTable,
    base_year_words,
    usual_words,
    weight_text,
    with_weights,
    year_table,
)
from monitor_app.app.forecasting_town import Town
from monitor_app.core.i18n import _
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.ui.forecastparts import caption, label, roomy
from monitor_app.ui.forecasttable import WrongCellError, number_from
from monitor_app.ui.theme import CONTROL, Theme

#: Rows that are seen at once, the newest first.
_ROWS = 11
_COLUMN = 104


class YearWeights(QWidget):
    """A row per year, a column per component, a weight in each cell. ``changed``: the base years
    of the specification, only where every cell can be read and each component keeps a year."""

    changed = Signal(dict)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._spec: ForecastSpec | None = None
        self._shown: YearTable | None = None
        self.table = QTableWidget(0, 0)
        self.table.setAccessibleName(_("Weight of each year by component"))
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().setDefaultSectionSize(CONTROL)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.horizontalHeader().setDefaultSectionSize(_COLUMN)
        self.table.installEventFilter(self)
        self.out = QPushButton(_("Leave out year for migration"))
        self.out.setToolTip(
            _("Moves of the marked years count for nothing; births and deaths still count.")
        )
        self.out_all = QPushButton(_("Leave out year"))
        self.out_all.setToolTip(_("The marked years count for no component."))
        self.back = QPushButton(_("Count year again"))
        self.back.setToolTip(_("The marked years count fully for every component."))
        self.reset = QPushButton(_("Reset to usual"))
        self.message = QLabel()
        self.message.setProperty("role", "error")
        self.message.setWordWrap(True)
        self.message.hide()
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.out, self.out_all, self.back):
            row.addWidget(button)
        row.addSpacing(12)
        row.addWidget(self.reset)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.table)
        column.addWidget(self.message)
        column.addLayout(row)
        self.table.itemChanged.connect(self._edited)
        self.table.itemSelectionChanged.connect(self._enable)
        self.out.clicked.connect(lambda: self._set(MIGRATION, 0.0))
        self.out_all.clicked.connect(lambda: self._set(None, 0.0))
        self.back.clicked.connect(lambda: self._set(None, 1.0))
        self.reset.clicked.connect(self._reset)

    # showing ---------------------------------------------------------------------------------

    def show_table(self, spec: ForecastSpec, shown: YearTable) -> None:
        """The newest year first."""
        fresh = self._shown is None or (shown.years, shown.titles) != (
            self._shown.years, self._shown.titles)  # fmt: skip
        self._spec, self._shown = spec, shown
        years = shown.years[::-1]
        with QSignalBlocker(self.table):
            if fresh:
                self.table.clear()
                self.table.setRowCount(len(years))
                self.table.setColumnCount(len(shown.titles))
                self.table.setVerticalHeaderLabels([str(y) for y in years])
                self.table.setHorizontalHeaderLabels(list(shown.titles.values()))
                for row in range(len(years)):
                    for column in range(len(shown.titles)):
                        item = QTableWidgetItem()
                        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                        self.table.setItem(row, column, item)
                self._fit(len(years), len(shown.titles))
            for column, component in enumerate(shown.titles):
                for row in range(len(years)):
                    self._fill(row, column, component)
        self._say("")
        self._enable()

    def _fill(self, row: int, column: int, component: str) -> None:
        """One weight; what is left out muted, what is not as usual bold."""
        shown, item = self._shown, self.table.item(row, column)
        assert shown is not None
        assert item is not None
        at = len(shown.years) - 1 - row
        weight, usual = shown.weights[component][at], shown.usual[component][at]
        item.setText(weight_text(weight))
        font = item.font()
        font.setBold(weight != usual)
        item.setFont(font)
        item.setForeground(self._theme.colour("text" if weight else "muted"))
        said = _("counts fully") if weight == 1 else _("counts {weight}").format(
            weight=weight_text(weight))  # fmt: skip
        text = said if weight else _("left out")
        item.setToolTip(text if weight == usual else _("{what}, not as usual").format(what=text))

    def _fit(self, rows: int, columns: int) -> None:
        head = self.table.horizontalHeader().sizeHint().height()
        self.table.setFixedHeight(head + min(rows, _ROWS) * CONTROL + 6)
        bar = self.table.verticalScrollBar().sizeHint().width() if rows > _ROWS else 0
        side = self.table.verticalHeader().sizeHint().width()
        heads = self.table.horizontalHeader()
        wide = [max(_COLUMN, heads.sectionSizeHint(n) + 8) for n in range(columns)]
        for n, width in enumerate(wide):
            self.table.setColumnWidth(n, width)
        self.table.setMaximumWidth(side + sum(wide) + bar + 6)

    def _enable(self) -> None:
        there = self._shown is not None and bool(self._rows())
        for button in (self.out, self.out_all, self.back):
            button.setEnabled(there)
        moving = self._shown is not None and any(c in self._shown.titles for c in MIGRATION)
        self.out.setVisible(moving)
        shown = self._shown
        self.reset.setEnabled(
            shown is not None and any(not shown.is_usual(c) for c in shown.titles)
        )

    # changing --------------------------------------------------------------------------------

    def _rows(self) -> list[int]:
        return sorted({index.row() for index in self.table.selectedIndexes()})

    def _set(self, components: Sequence[str] | None, weight: float) -> None:
        """The weight of the marked years, of some components or all."""
        shown = self._shown
        assert shown is not None
        rows = self._rows()
        with QSignalBlocker(self.table):
            for column, component in enumerate(shown.titles):
                if components is None or component in components:
                    for row in rows:
                        self._cell(row, column).setText(weight_text(weight))
        self._edited()

    def _reset(self) -> None:
        """As usual, also for components whose years stand under ``all``."""
        self.changed.emit({})

    def _cell(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        assert item is not None
        return item

    def _edited(self, *_what: object) -> None:
        shown, spec = self._shown, self._spec
        assert shown is not None
        assert spec is not None
        try:
            found = self._read()
        except WrongCellError as error:
            self._say(str(error))
            return
        changes = {c: w for c, w in found.items() if w != shown.weights[c]}
        try:
            base_years = with_weights(spec, shown, changes)
        except ValueError as error:
            name = shown.titles[str(error)]
            self._say(_("{component}: at least one year must count.").format(component=name))
            return
        self._say("")
        if changes:
            self.changed.emit(base_years)

    def _read(self) -> dict[str, tuple[float, ...]]:
        """Weights by component, oldest year first. ``WrongCellError`` names the first bad cell."""
        shown, problem = self._shown, ""
        assert shown is not None
        found: dict[str, tuple[float, ...]] = {}
        wrong = QColor(self._theme.tokens.error)
        with QSignalBlocker(self.table):
            for column, (component, title) in enumerate(shown.titles.items()):
                weights = []
                for at, year in enumerate(shown.years):
                    item = self._cell(len(shown.years) - 1 - at, column)
                    try:
                        weights.append(_weight(item.text(), shown.weights[component][at]))
                        item.setForeground(self._theme.colour("text"))
                    except WrongCellError as error:
                        item.setForeground(wrong)
                        place = _("{component} {year}: {reason}").format(
                            component=title, year=year, reason=error
                        )
                        problem = problem or place
                found[component] = tuple(weights)
        if problem:
            raise WrongCellError(problem)
        return found

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Delete leaves the marked cells out."""
        keys = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            marked = self.table.selectedItems()
            if event.key() in keys and marked:
                with QSignalBlocker(self.table):
                    for item in marked:
                        item.setText("0")
                self._edited()
                return True
        return super().eventFilter(watched, event)


def _weight(text: str, before: float) -> float:
    """A typed weight; what is shown of ``before`` means ``before``."""
    if text == weight_text(before):
        return before
    found = number_from(text)
    if found is None:
        return 0.0
    if not 0.0 <= found <= 1.0:
        raise WrongCellError(_("a weight lies between 0 (left out) and 1 (counts fully)"))
    return found


class BaseYearsPage(QWidget):
    """``changed``: entries of a specification by name; ``said`` in words after each showing."""

    changed = Signal(dict)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.base = QComboBox()
        self.base.setAccessibleName(_("Base year"))
        self.period = roomy(QSpinBox())
        self.period.setRange(2, 40)
        self.period.setAccessibleName(_("Years of the past that rates rest on"))
        self.weights = YearWeights(theme)
        self.about = label("", "small")
        self.words = label("", "")
        self.errors: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        for n, (title, widget, entry) in enumerate(
            (
                (_("The forecast starts at the end of"), self.base, "base"),
                (_("Years of the past that rates rest on"), self.period, "base_period"),
            )
        ):
            widget.setMaximumWidth(220)
            grid.addWidget(caption(title), 0, n)
            grid.addWidget(widget, 1, n)
            grid.addWidget(self._error(entry), 2, n)
        grid.setColumnStretch(2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(grid)
        column.addWidget(self.about)
        column.addWidget(self.weights)
        column.addWidget(self._error("base_years"))
        column.addWidget(self.words)
        self.base.activated.connect(lambda: self.changed.emit({"base": self.base.currentData()}))
        self.period.editingFinished.connect(
            lambda: self.changed.emit({"base_period": self.period.value()})
        )
        self.weights.changed.connect(lambda found: self.changed.emit({"base_years": found}))

    def _error(self, entry: str) -> QLabel:
        self.errors[entry] = label("", "error")
        self.errors[entry].hide()
        return self.errors[entry]

    def show_spec(self, spec: ForecastSpec, town: Town | None, years: Sequence[int]) -> None:
        """``years``: all stocks of the data; ``town``: as known at the base."""
        with QSignalBlocker(self.base):
            self.base.clear()
            newest = _("the newest year") + (f" ({years[-1]})" if years else "")
            self.base.addItem(newest, None)
            for year in reversed(years[2:-1]):
                self.base.addItem(str(year), year)
            self.base.setCurrentIndex(max(0, self.base.findData(spec.base)))
        with QSignalBlocker(self.period):
            self.period.setValue(spec.base_period)
        shown = None if town is None else year_table(spec, town)
        there = shown is not None and bool(shown.titles)
        self.weights.setVisible(there)
        self.words.setVisible(there)
        five = spec.age_step == "five"
        self.period.setEnabled(not five)
        if five:
            self.about.setText(_("Steps of five years rest on all stocks of the town alike."))
        elif shown is not None and there:
            self.weights.show_table(spec, shown)
            self.about.setText(
                _("1: the year counts fully, 0.5: half, 0: left out. Usual is to leave 2015/16 and"
                  " 2020 to 2022 out for migration only.")
            )  # fmt: skip
            self.words.setText("\n".join(base_year_words(spec, town)) or usual_words(spec))
        else:
            self.about.setText(_("The rates of this town come from the country, not from years."))

    def title(self, spec: ForecastSpec) -> str:
        """Heading of the section, telling whether anything is not as usual."""
        if spec.base_years:
            return _("Base years and their weights (changed)")
        return _("Base years and their weights")
