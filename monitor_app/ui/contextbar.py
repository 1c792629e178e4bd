"""One line that is always there: project, level, indicator, date, search."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.ui.chooser import Topic, TreeChooser
from monitor_app.ui.icons import icon
from monitor_app.ui.theme import Theme


class ContextBar(QFrame):
    """What is looked at. Signals tell what the user chose; setters do not signal."""

    level_chosen = Signal(str)
    indicator_chosen = Signal(str)
    day_chosen = Signal(object)
    scenario_chosen = Signal(str)
    search_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("contextBar")
        self.project = QLabel()
        self.project.setStyleSheet("font-weight: 600; font-size: 15px")
        self.project.setTextFormat(Qt.TextFormat.PlainText)
        self.level = QComboBox()
        self.level.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.indicator = TreeChooser(theme, _("Choose an indicator"))
        self.day = QComboBox()
        self.day.setMinimumWidth(140)
        self.scenario = QComboBox()
        self.scenario.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.search = QPushButton(_("Search"))
        self.search.setToolTip(_("Find command, indicator or area (Ctrl+K)"))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self.project)
        row.addSpacing(16)
        for name, widget in (
            (_("Indicator"), self.indicator),
            (_("Level"), self.level),
            (_("As of"), self.day),
            (_("Forecast"), self.scenario),
        ):
            caption = QLabel(name)
            caption.setProperty("role", "muted")
            if widget is self.scenario:
                self._scenario_caption = caption
            caption.setBuddy(widget)
            row.addWidget(caption)
            row.addWidget(widget)
            row.addSpacing(8)
        self.level.setAccessibleName(_("Level"))
        self.day.setAccessibleName(_("As of"))
        self.scenario.setAccessibleName(_("Forecast"))
        self.set_scenarios((), "")
        row.addStretch(1)
        row.addWidget(self.search)
        self.level.activated.connect(lambda: self.level_chosen.emit(self.level.currentData()))
        self.day.activated.connect(lambda: self.day_chosen.emit(self.day.currentData()))
        self.scenario.activated.connect(
            lambda: self.scenario_chosen.emit(self.scenario.currentData())
        )
        self.indicator.chosen.connect(self.indicator_chosen)
        self.search.clicked.connect(self.search_wanted)
        self.draw_icons()

    def set_project(self, name: str, dirty: bool, read_only: bool) -> None:
        """Name of the project; a dot for unsaved changes, words for reading only."""
        text = f"{name} •" if dirty else name
        if read_only:
            text = _("{name} (read only)").format(name=name)
        self.project.setText(text)
        self.project.setToolTip(_("There are unsaved changes") if dirty else "")

    def set_levels(self, levels: Sequence[tuple[str, str]], current: str) -> None:
        with QSignalBlocker(self.level):
            self.level.clear()
            for key, name in levels:
                self.level.addItem(name, key)
            self.level.setCurrentIndex(self.level.findData(current))
        self.level.setEnabled(bool(levels))

    def set_topics(self, topics: Sequence[Topic], current: str) -> None:
        self.indicator.set_topics(topics)
        self.indicator.set_current(current)
        self.indicator.setEnabled(bool(topics))

    def set_days(self, days: Sequence[date], current: date | None) -> None:
        with QSignalBlocker(self.day):
            newest_first = list(reversed(days))
            if [self.day.itemData(i) for i in range(self.day.count())] != newest_first:
                self.day.clear()
                for day in newest_first:
                    self.day.addItem(format_date(day), day)
            # findData compares Python objects by identity: equal dates would not be found.
            self.day.setCurrentIndex(newest_first.index(current) if current in newest_first else -1)
        self.day.setEnabled(bool(days))

    def set_scenarios(self, scenarios: Sequence[tuple[str, str, str]], current: str) -> None:
        """Forecasts (key, name, assumptions) that series can go on with; nothing to choose where
        there are none."""
        with QSignalBlocker(self.scenario):
            self.scenario.clear()
            self.scenario.addItem(_("none"), "")
            for key, name, note in scenarios:
                self.scenario.addItem(name, key)
                if note:
                    last = self.scenario.count() - 1
                    self.scenario.setItemData(last, note, Qt.ItemDataRole.ToolTipRole)
            self.scenario.setCurrentIndex(max(0, self.scenario.findData(current)))
        for widget in (self.scenario, self._scenario_caption):
            widget.setVisible(bool(scenarios))

    def draw_icons(self) -> None:
        self.search.setIcon(icon("search", self._theme, size=16))
