"""Scenarios of a forecast: a name, an assumption in words, factors by component and year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTabBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.forecastspecs import builds, part_names, scenario_name, scenario_words
from monitor_app.core.i18n import _
from monitor_app.forecast.spec import ForecastSpec, Scenario
from monitor_app.ui.forecastparts import FactorPlot, caption, label, roomy
from monitor_app.ui.forecasttable import WrongCellError, share_from, share_text
from monitor_app.ui.theme import CONTROL, Theme
from monitor_app.ui.whatifrules import new_id


class ScenarioEditor(QWidget):
    """Edits the scenarios of a specification. ``changed``: all scenarios as plain values."""

    changed = Signal(list)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._spec: ForecastSpec | None = None
        self._first = 0
        self._planned, self._idle = False, frozenset[str]()
        self._knots: set[int] = set()
        self.tabs = QTabBar()
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setAccessibleName(_("Scenarios"))
        self.add = QPushButton(_("Add scenario"))
        self.copy = QPushButton(_("Duplicate"))
        self.remove = QPushButton(_("Remove"))
        self.name = QLineEdit()
        self.note = QLineEdit()
        self.note.setPlaceholderText(_("Why these numbers? Printed with the result."))
        self.housing = QCheckBox(_("with housing projects"))
        self.words = label("", "small")
        self.table = QTableWidget(len(part_names()), 0)
        self.message = QLabel()
        self.message.setProperty("role", "error")
        self.message.setWordWrap(True)
        self.message.hide()
        self.year = roomy(QSpinBox())
        self.year.setAccessibleName(_("Year from which other factors hold"))
        self.step = QPushButton(_("Other factors from this year on"))
        self.plot = FactorPlot(theme, _("Factors over the years"))
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.tabs)
        row.addStretch(1)
        for button in (self.add, self.copy, self.remove):
            row.addWidget(button)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        for n, (title, widget) in enumerate(
            ((_("Name of the scenario"), self.name), (_("Assumption in words"), self.note))
        ):
            grid.addWidget(caption(title), 0, n)
            grid.addWidget(widget, 1, n)
            widget.setAccessibleName(title)
        grid.addWidget(self.housing, 1, 2)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 4)
        table = self.table
        table.setAccessibleName(_("Factors by component and year"))
        table.setVerticalHeaderLabels(list(part_names().values()))
        table.verticalHeader().setDefaultSectionSize(CONTROL + 2)
        table.verticalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.horizontalHeader().setDefaultSectionSize(92)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        table.setFixedHeight(CONTROL + 8 + 6 * (CONTROL + 2) + 16)
        table.setMinimumWidth(380)
        steps = QHBoxLayout()
        steps.setContentsMargins(0, 0, 0, 0)
        steps.addWidget(self.year)
        steps.addWidget(self.step)
        steps.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(table)
        left.addWidget(self.message)
        left.addLayout(steps)
        both = QHBoxLayout()
        both.setSpacing(16)
        both.addLayout(left, 3)
        both.addWidget(self.plot, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addLayout(grid)
        column.addWidget(self.words)
        column.addLayout(both)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._chosen)
        self.add.clicked.connect(lambda: self._new(Scenario(key="x")))
        self.copy.clicked.connect(self._duplicate)
        self.remove.clicked.connect(self._drop)
        self.name.editingFinished.connect(lambda: self._set(label=self.name.text().strip()))
        self.note.editingFinished.connect(lambda: self._set(note=self.note.text().strip()))
        self.housing.clicked.connect(lambda on: self._set(housing=on))
        self.table.itemChanged.connect(self._edited)
        self.step.clicked.connect(self._add_step)

    # showing ---------------------------------------------------------------------------------

    def show_spec(
        self, spec: ForecastSpec, first: int, planned: bool = False,
        idle: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        """``first``: first year of the forecast; ``planned``: the project keeps planned housing;
        ``idle``: components that this town has no rates of."""
        self._planned, self._idle = planned, idle
        at = max(self.tabs.currentIndex(), 0)
        if self._spec is None or self._spec.id != spec.id:
            self._knots.clear()
            middle = [n for n, s in enumerate(spec.scenarios) if s.key == "middle"]
            at = middle[0] if middle else 0
        self._spec, self._first = spec, first
        with QSignalBlocker(self.tabs):
            while self.tabs.count() > len(spec.scenarios):
                self.tabs.removeTab(self.tabs.count() - 1)
            for n, scenario in enumerate(spec.scenarios):
                if n < self.tabs.count():
                    self.tabs.setTabText(n, scenario_name(scenario))
                else:
                    self.tabs.addTab(scenario_name(scenario))
            self.tabs.setCurrentIndex(min(at, len(spec.scenarios) - 1))
        self.remove.setEnabled(len(spec.scenarios) > 1)
        with QSignalBlocker(self.year):
            self.year.setRange(first + 1, max(first + 1, first + spec.years - 1))
        self._show()

    @property
    def scenario(self) -> Scenario | None:
        if self._spec is None or self.tabs.currentIndex() < 0:
            return None
        return self._spec.scenarios[self.tabs.currentIndex()]

    def _chosen(self) -> None:
        self._knots.clear()
        self._show()

    def _show(self) -> None:
        scenario, spec = self.scenario, self._spec
        if scenario is None or spec is None:
            return
        for field, text in ((self.name, scenario_name(scenario)), (self.note, scenario.note)):
            if field.text() != text:
                field.setText(text)
        self.housing.setChecked(scenario.housing)
        self.housing.setVisible(builds(spec, self._planned))
        self.words.setText(scenario_words(spec, scenario, self._planned))
        self._fill(scenario, spec)
        years = range(self._first, self._first + spec.years)
        names = part_names()
        self.plot.show_lines(
            {
                names[c]: [scenario.factor(c, y) for y in years]
                for c in names
                if spec.switched_on(c) and any(scenario.factor(c, y) != 1.0 for y in years)
            },
            tuple(years),
        )

    def columns(self) -> list[int]:
        """Years from which factors hold, the first one always there."""
        found = {self._first, *self._knots}
        if self.scenario is not None:
            for given in self.scenario.factors.values():
                if isinstance(given, dict):
                    found |= set(given)
        return sorted(found)

    def _fill(self, scenario: Scenario, spec: ForecastSpec) -> None:
        years = self.columns()
        muted = QColor(self._theme.tokens.muted)
        with QSignalBlocker(self.table):
            self.table.setColumnCount(len(years))
            self.table.setHorizontalHeaderLabels([_("from {year}").format(year=y) for y in years])
            for row, component in enumerate(part_names()):
                given = scenario.factors.get(component, {})
                if not isinstance(given, dict):
                    given = {self._first: given}
                on = spec.switched_on(component) and component not in self._idle
                for column, year in enumerate(years):
                    text = share_text(given.get(year))
                    if not text and column == 0:
                        text = share_text(1.0)
                    item = QTableWidgetItem(text if on else "–")
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                    if not on:
                        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                        item.setForeground(muted)
                    if component in self._idle:
                        item.setToolTip(
                            _("This town has no rates of it: a factor would do nothing.")
                        )
                    self.table.setItem(row, column, item)
        self.say("")

    # editing ---------------------------------------------------------------------------------

    def _edited(self, _item: QTableWidgetItem) -> None:
        try:
            factors = self._factors()
        except WrongCellError as error:
            self.say(str(error))
            return
        self.say("")
        self._set(factors=factors)

    def _factors(self) -> dict[str, Any]:
        years, found = self.columns(), {}
        assert self.scenario is not None
        for row, (component, name) in enumerate(part_names().items()):
            item = self.table.item(row, 0)
            if item is not None and not item.flags() & Qt.ItemFlag.ItemIsEditable:
                given = self.scenario.factors.get(component)
                if given is not None:
                    found[component] = given
                continue
            path = {}
            for column, year in enumerate(years):
                item = self.table.item(row, column)
                try:
                    value = share_from("" if item is None else item.text())
                except WrongCellError as error:
                    place = _("{component}, {year}: {reason}")
                    raise WrongCellError(
                        place.format(component=name, year=year, reason=error)
                    ) from None
                if value is not None:
                    path[year] = value
            if set(path) <= {self._first}:
                value = path.get(self._first, 1.0)
                if value != 1.0:
                    found[component] = value
            else:
                found[component] = path
        return found

    def _add_step(self) -> None:
        self._knots.add(self.year.value())
        self._show()
        column = self.columns().index(self.year.value())
        self.table.setCurrentCell(0, column)
        self.table.setFocus()

    def _set(self, **changes: Any) -> None:
        scenario = self.scenario
        if scenario is None:
            return
        if changes.get("label") == scenario_name(scenario):
            return
        before = scenario.model_dump(mode="json")
        after = {**before, **changes}
        if {k: _plain(v) for k, v in after.items()} == {k: _plain(v) for k, v in before.items()}:
            self._show()
            return
        rows = self._all()
        rows[self.tabs.currentIndex()] = after
        self.changed.emit(rows)

    def _all(self) -> list[dict[str, Any]]:
        assert self._spec is not None
        return [s.model_dump(mode="json") for s in self._spec.scenarios]

    def _new(self, like: Scenario) -> None:
        if self._spec is None:
            return
        rows = self._all()
        taken = {r["key"] for r in rows}
        name = self._free_name([scenario_name(s) for s in self._spec.scenarios])
        made = {**like.model_dump(mode="json"), "label": name, "key": new_id(name, taken)}
        at = len(rows)
        self.changed.emit([*rows, made])
        self.tabs.setCurrentIndex(min(at, self.tabs.count() - 1))
        self.name.setFocus()
        self.name.selectAll()

    @staticmethod
    def _free_name(taken: Sequence[str]) -> str:
        number = len(taken) + 1
        while (name := _("Scenario {number}").format(number=number)) in taken:
            number += 1
        return name

    def _duplicate(self) -> None:
        if self.scenario is not None:
            self._new(self.scenario)

    def _drop(self) -> None:
        rows = self._all()
        if len(rows) > 1:
            del rows[self.tabs.currentIndex()]
            self.changed.emit(rows)

    def say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))


def _plain(value: Any) -> Any:
    """Factors compare alike whether their years are numbers or texts."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return value
