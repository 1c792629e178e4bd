"""Steps of age, and trends of rates that go on with damping."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.forecasting_run import method_of
from monitor_app.app.forecasting_town import Town
from monitor_app.app.forecasting_trends import USUAL_MORTALITY, offered, pace
from monitor_app.app.forecasting_words import pace_words
from monitor_app.app.forecastspecs import DRAWS, part_names
from monitor_app.core.i18n import _
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.ui.forecastparts import caption, label, roomy

#: Share of a pace that is left a year later where a trend is switched on.
USUAL = 0.8
_STEP = 5


class TrendsPage(QWidget):
    """``changed``: entries of a specification by name."""

    changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec: ForecastSpec | None = None
        self._measured: tuple[object, ...] = ()
        self.step = QComboBox()
        self.step.setAccessibleName(_("Steps of age"))
        self.step.addItem(_("in single years of age"), "single")
        self.step.addItem(_("in steps of five years, in the age groups as they are"), "five")
        self.about = label("", "small")
        self.boxes: dict[str, QCheckBox] = {}
        self.kept: dict[str, QSpinBox] = {}
        self.paces: dict[str, QLabel] = {}
        self.errors: dict[str, QLabel] = {}
        for entry in ("age_step", "trends"):
            self.errors[entry] = label("", "error")
            self.errors[entry].hide()
        self._lay_out()
        self.step.activated.connect(self._choose_step)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.addWidget(caption(_("Steps of age")))
        row.addWidget(self.step)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.about)
        column.addWidget(self.errors["age_step"])
        self.trends = QWidget()
        grid = QGridLayout(self.trends)
        grid.setContentsMargins(0, 8, 0, 0)
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(4)
        for n, text in enumerate(
            (_("Trend goes on"), _("measured in the base years"), _("left of the pace each year"))
        ):
            grid.addWidget(caption(text), 0, n)
        for at, (key, name) in enumerate(part_names().items()):
            if key == "naturalisation":
                continue
            box, spin = QCheckBox(name), roomy(QSpinBox())
            spin.setRange(0, 100)
            spin.setSingleStep(5)
            spin.setSuffix(" %")
            spin.setMaximumWidth(120)
            spin.setAccessibleName(
                _("{component}: left of the pace each year").format(component=name)
            )
            self.boxes[key], self.kept[key], self.paces[key] = box, spin, QLabel()
            for n, widget in enumerate((box, self.paces[key], spin)):
                grid.addWidget(widget, at + 1, n)
            box.clicked.connect(self._changed)
            spin.editingFinished.connect(self._changed)
        grid.setColumnStretch(3, 1)
        self.trends.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column.addWidget(self.trends)
        column.addWidget(self.errors["trends"])
        self.help = label(
            _("100 per cent: the trend goes on for ever; 80: it has lost half of its pace after"
              " three years; 0: it ends after the first. Without a tick rates stay as they are,"
              " mortality follows the country and keeps 90 per cent."),
            "small",
        )  # fmt: skip
        column.addWidget(self.help)
        column.addStretch(1)

    def show_spec(self, spec: ForecastSpec, town: Town | None) -> None:
        """``town``: as known at the base; without one nothing can be measured."""
        self._spec = spec
        five = spec.age_step == "five"
        self.step.setCurrentIndex(self.step.findData(spec.age_step))
        if five:
            text = _("No age is estimated. Years between the steps are not forecast, and there are"
                     " no draws.")  # fmt: skip
        elif town is not None and town.estimated_ages:
            text = _("The data know age groups only: single years are estimated, and the results"
                     " say so.")  # fmt: skip
        else:
            text = _("The data know single years of age.")
        self.about.setText(text)
        known = () if town is None else offered(town)
        for widget in (self.trends, self.help):
            widget.setVisible(bool(known))
        if town is not None and known:
            self._measure(spec, town)
        for key, box in self.boxes.items():
            on = key in spec.trends
            for widget in (box, self.kept[key], self.paces[key]):
                widget.setVisible(key in known or on)
            box.setChecked(on)
            usual = USUAL_MORTALITY if key == "deaths" else USUAL
            with QSignalBlocker(self.kept[key]):
                self.kept[key].setValue(round(100 * (spec.trends[key] if on else usual)))  # type: ignore[index]
            self.kept[key].setEnabled(on)

    def _measure(self, spec: ForecastSpec, town: Town) -> None:
        """The pace of each component; only where it may be another than before."""
        now = (town, spec.base_years, spec.base_period)
        if self._measured and self._measured[0] is town and self._measured[1:] == now[1:]:
            return
        self._measured = now
        method, years = method_of(spec), town.years[1:]
        for key in offered(town):
            events = {"moves": "moves_out"}.get(key, key)
            found = pace(town, key, method.trend_weights(events, years))
            text = pace_words(found)
            if key == "deaths":
                text = _("{pace} (of the country)").format(pace=text)
            self.paces[key].setText(text)

    def show_errors(self, found: dict[str, str]) -> None:
        for entry, where in self.errors.items():
            where.setText(found.get(entry, ""))
            where.setVisible(bool(where.text()))

    def _changed(self) -> None:
        if self._spec is None:
            return
        trends = {k: self.kept[k].value() / 100 for k, box in self.boxes.items() if box.isChecked()}
        if trends != self._spec.trends:
            self.changed.emit({"trends": trends})

    def _choose_step(self) -> None:
        """Steps of five years need a horizon of whole steps, and know no draws."""
        spec, step = self._spec, self.step.currentData()
        if spec is None or step == spec.age_step:
            return
        if step == "five":
            years = -(-spec.years // _STEP) * _STEP
            self.changed.emit({"age_step": step, "years": years, "draws": 0, "combination": {}})
        else:
            self.changed.emit({"age_step": step, "draws": spec.draws or DRAWS[1]})
