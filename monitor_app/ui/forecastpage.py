"""The forecast workspace: steps at the left that stay visible, the open step at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.i18n import _
from monitor_app.ui.forecastassume import AssumeStep
from monitor_app.ui.forecastdata import DataStep
from monitor_app.ui.forecastparts import caption, label, line
from monitor_app.ui.forecastresult import ResultStep
from monitor_app.ui.forecastrun import RunStep
from monitor_app.ui.theme import Theme

DATA, RATES, ASSUME, RUN, RESULT, BACKTEST = (
    "data", "rates", "assume", "run", "result", "backtest",
)  # fmt: skip


class ForecastPage(QWidget):
    """Only widgets; ``forecastroom.ForecastRoom`` moves them. ``appeared``: the page came into
    view; ``step_chosen``: key of a step."""

    appeared = Signal()
    step_chosen = Signal(str)
    forecast_chosen = Signal(str)

    def __init__(
        self, theme: Theme, rates: QWidget | None = None, backtest: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._theme = theme
        self.rates, self.backtest = rates, backtest
        self.box = QWidget()
        self.choice = QComboBox()
        self.new = QPushButton(_("New"))
        self.remove = QPushButton(_("Delete"))
        self.data = DataStep(theme)
        self.assume = AssumeStep(theme)
        self.run = RunStep(theme)
        self.result = ResultStep(theme)
        self.stack = QStackedWidget()
        self.buttons: dict[str, QPushButton] = {}
        self.states: dict[str, QWidget] = {}
        self._group = QButtonGroup(self)
        self._steps = QVBoxLayout()
        self._lay_out()
        self.choice.activated.connect(lambda: self.forecast_chosen.emit(self.choice.currentData()))

    def _lay_out(self) -> None:
        side = QFrame()
        side.setProperty("role", "panel")
        side.setFixedWidth(236)
        column = QVBoxLayout(side)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(6)
        top = QVBoxLayout(self.box)
        top.setContentsMargins(0, 0, 0, 0)
        top.setSpacing(6)
        top.addWidget(caption(_("Forecast")))
        self.choice.setAccessibleName(_("Forecast"))
        top.addWidget(self.choice)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.new)
        row.addWidget(self.remove)
        self.new.setToolTip(_("Begin another forecast beside the ones that exist"))
        self.remove.setToolTip(_("Delete this forecast and its results"))
        top.addLayout(row)
        column.addWidget(self.box)
        column.addSpacing(6)
        column.addWidget(line())
        column.addSpacing(6)
        self._steps.setSpacing(2)
        column.addLayout(self._steps)
        column.addStretch(1)
        for key, title, page in (
            (DATA, _("Data"), self.data), (RATES, _("Rates"), self.rates),
            (ASSUME, _("Assumptions"), self.assume), (RUN, _("Computation"), self.run),
            (RESULT, _("Results"), self.result), (BACKTEST, _("Looking back"), self.backtest),
        ):  # fmt: skip
            if page is not None:
                self.add_step(key, title, page)
        both = QHBoxLayout(self)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(1)
        both.addWidget(side)
        both.addWidget(self.stack, 1)
        self.setFocusProxy(self.buttons[DATA])
        self.buttons[DATA].setChecked(True)

    def add_step(self, key: str, title: str, page: QWidget) -> None:
        """One more step below the others."""
        number = len(self.buttons) + 1
        button = QPushButton(f"{number}   {title}")
        button.setProperty("role", "step")
        button.setCheckable(True)
        button.setAccessibleName(title)
        button.clicked.connect(lambda: self.step_chosen.emit(key))
        state = label("", "small")
        state.setContentsMargins(28, 0, 0, 4)
        state.hide()
        self._group.addButton(button)
        self._steps.addWidget(button)
        self._steps.addWidget(state)
        self.buttons[key] = button
        self.states[key] = state
        self.stack.addWidget(page)

    def show_step(self, key: str) -> None:
        self.buttons[key].setChecked(True)
        self.setFocusProxy(self.buttons[key])
        if self.isVisible():
            self.buttons[key].setFocus()
        self.stack.setCurrentIndex(list(self.buttons).index(key))

    @property
    def step(self) -> str:
        return list(self.buttons)[self.stack.currentIndex()]

    def show_forecasts(self, names: Sequence[tuple[str, str]], current: str) -> None:
        with QSignalBlocker(self.choice):
            self.choice.clear()
            for key, name in names:
                self.choice.addItem(name, key)
            self.choice.setCurrentIndex(max(0, self.choice.findData(current)))

    def say(self, key: str, text: str) -> None:
        """How far a step is, in a line below its button."""
        state = self.states[key]
        state.setText(text)
        state.setVisible(bool(text))
        self.buttons[key].setAccessibleDescription(text)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.appeared.emit()

    def shutdown(self) -> None:
        self.result.shutdown()
        self.data.shutdown()
