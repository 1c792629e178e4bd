"""The line below the housing projects that says what is built anyway."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.ui.forecastexpert import error_label
from monitor_app.ui.forecastparts import caption, label, roomy

_ALL = "all"


class UsualHousing(QWidget):
    """``changed``: the entries ``usual_housing`` and ``housing_shortfall``."""

    changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec: ForecastSpec | None = None
        self.way = QComboBox()
        self.number = roomy(QSpinBox())
        self.less = QCheckBox(_("fewer than usual take people away"))
        self.error = error_label()
        title = _("Building that is usual anyway")
        self.way.setAccessibleName(title)
        self.number.setAccessibleName(_("Usual dwellings a year"))
        self.number.setRange(0, 1_000_000)
        self.number.setSuffix(_(" dwellings"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(caption(title))
        column.addWidget(
            label(
                _("Who moved into new dwellings in the base years is in the rates already. So that"
                  " nobody counts twice, count only completions beyond the usual."), "small",
            )
        )  # fmt: skip
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.way)
        row.addWidget(self.number)
        row.addWidget(self.less)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.error)
        self.way.activated.connect(self._choose)
        self.number.editingFinished.connect(self._count)
        self.less.clicked.connect(lambda on: self.changed.emit({"housing_shortfall": on}))

    def show_spec(self, spec: ForecastSpec) -> None:
        self._spec = spec
        given = spec.usual_housing
        self.way.clear()
        self.way.addItem(_("every planned dwelling counts"), "none")
        self.way.addItem(_("usual as completed in the base years"), "completions")
        self.way.addItem(_("usual in the town, a year:"), _ALL)
        at = 0
        if isinstance(given, str):
            at = self.way.findData(given)
        elif set(given) == {_ALL}:
            at = self.way.findData(_ALL)
        elif given:
            # Numbers by area come from a file; they stay until something else is chosen.
            text = _("usual by area, {number} dwellings a year")
            self.way.addItem(text.format(number=format_number(sum(given.values()))), "areas")
            at = self.way.count() - 1
        self.way.setCurrentIndex(at)
        whole = not isinstance(given, str) and set(given) == {_ALL}
        with QSignalBlocker(self.number):
            self.number.setValue(round(given[_ALL]) if isinstance(given, dict) and whole else 0)
        self.number.setVisible(whole)
        self.less.setVisible(at > 0)
        self.less.setChecked(spec.housing_shortfall)

    def say(self, text: str) -> None:
        self.error.setText(text)
        self.error.setVisible(bool(text))

    def _choose(self) -> None:
        way = self.way.currentData()
        if way == "areas":
            return
        entry: str | dict[str, float] = {_ALL: float(self.number.value())} if way == _ALL else way
        changes: dict[str, object] = {"usual_housing": entry}
        if way == "none":
            changes["housing_shortfall"] = False
        self.changed.emit(changes)

    def _count(self) -> None:
        assert self._spec is not None
        wanted = {_ALL: float(self.number.value())}
        if self.way.currentData() == _ALL and self._spec.usual_housing != wanted:
            self.changed.emit({"usual_housing": wanted})
