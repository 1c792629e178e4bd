"""Step “results”: fan, age structure, components, scenarios and years of a stored forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from matplotlib.figure import Figure
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.forecastcharts import (
    components_of,
    fan_of_areas,
    fan_of_scenarios,
    pyramid_of,
)
from monitor_app.app.forecastexport import compare, year_table
from monitor_app.app.forecastresults import Results
from monitor_app.cartography.chartframe import LIGHT, ChartTheme
from monitor_app.cartography.fancharts import draw_ahead_pyramid, draw_fan
from monitor_app.cartography.fanspec import FanSpec, indexed, reading
from monitor_app.cartography.profilecharts import draw_components
from monitor_app.core.areas import CITY
from monitor_app.core.formats import collation_key, format_date
from monitor_app.core.i18n import _
from monitor_app.ui.forecastchart import FigureView
from monitor_app.ui.forecastparts import EDGE, caption, label, scrolling
from monitor_app.ui.forecastviews import ResultTable, scenario_rows, year_rows
from monitor_app.ui.icons import icon
from monitor_app.ui.theme import Theme

Draw = Callable[[Figure, ChartTheme], Any]


class ResultStep(QWidget):
    """``units_chosen``: keys of areas (empty: the whole town); ``map_wanted``: scenario and day;
    ``chart_wanted``: title and function that draws; ``tables_wanted``."""

    units_chosen = Signal(tuple)
    map_wanted = Signal(str, object)
    chart_wanted = Signal(str, object)
    tables_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.results: Results | None = None
        self.level = CITY
        self.units: tuple[str, ...] = ()
        self.scenario = QComboBox()
        self.area = QComboBox()
        self.group = QComboBox()
        self.year = QComboBox()
        self.share = QCheckBox(_("in per cent"))
        self.index = QCheckBox(_("as an index"))
        self.index.setToolTip(_("Base year = 100: areas of different size compare"))
        self.reading = label("", "small")
        self.to_map = QPushButton(_("Show on the map"))
        self.to_map.setProperty("role", "primary")
        self.save_chart = QToolButton()
        self.save_tables = QToolButton()
        self.fan = FigureView(theme, _("Course of the population with probable ranges"))
        self.pyramid = FigureView(theme, _("Population pyramid now and then"))
        self.components = FigureView(theme, _("Components of change by year"))
        self.scenarios = ResultTable(theme, _("Scenarios side by side"))
        self.table = ResultTable(theme, _("People by area and year"))
        self.words = QFormLayout()
        self.tabs = QTabWidget()
        self.stack = QStackedWidget()
        self.nothing = label(_("There are no results yet"), "heading")
        self.empty = label()
        self.compute = QPushButton(_("Compute the forecast"))
        self.outdated = label("", "error")
        self.outdated.hide()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        full = QWidget()
        full.setProperty("role", "panel")
        column = QVBoxLayout(full)
        column.setContentsMargins(EDGE, 12, EDGE, 12)
        column.setSpacing(8)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        for n, (title, widget, share) in enumerate(
            (
                (_("Scenario"), self.scenario, 3), (_("Area"), self.area, 3),
                (_("Ages"), self.group, 2), (_("Year"), self.year, 2),
            )
        ):  # fmt: skip
            widget.setAccessibleName(title)
            widget.setMinimumWidth(128)
            grid.addWidget(caption(title), 0, n)
            grid.addWidget(widget, 1, n)
            grid.setColumnStretch(n, share)
        corner = QWidget()
        files = QHBoxLayout(corner)
        files.setContentsMargins(0, 0, 0, 4)
        for button, text in (
            (self.save_chart, _("Chart …")), (self.save_tables, _("Tables …")),
        ):  # fmt: skip
            button.setText(text)
            button.setProperty("role", "flat")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            files.addWidget(button)
        self.tabs.setCornerWidget(corner)
        self.save_chart.setToolTip(_("Save the chart as PDF, SVG or PNG"))
        self.save_tables.setToolTip(_("Save the tables as an Excel workbook or CSV"))
        grid.addWidget(self.to_map, 1, 4)
        column.addLayout(grid)
        column.addWidget(self.outdated)
        ages = QWidget()
        ages.setProperty("role", "panel")
        inside = QVBoxLayout(ages)
        inside.setContentsMargins(0, 4, 0, 0)
        inside.addWidget(self.pyramid, 1)
        inside.addWidget(self.share)
        course = QWidget()
        course.setProperty("role", "panel")
        below = QVBoxLayout(course)
        below.setContentsMargins(0, 4, 0, 0)
        below.addWidget(self.fan, 1)
        line = QHBoxLayout()
        line.addWidget(self.index)
        line.addSpacing(12)
        line.addWidget(self.reading, 1)
        below.addLayout(line)
        assumed = QWidget()
        lines = QVBoxLayout(assumed)
        lines.setContentsMargins(0, 12, 0, 0)
        lines.addLayout(self.words)
        lines.addStretch(1)
        self.words.setHorizontalSpacing(24)
        self.words.setVerticalSpacing(8)
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        for page, title in (
            (course, _("Course")), (ages, _("Age structure")),
            (self.components, _("Components")),
            (self.scenarios, _("Scenarios")), (self.table, _("Areas and years")),
            (scrolling(assumed), _("Assumptions")),
        ):  # fmt: skip
            self.tabs.addTab(page, title)
        column.addWidget(self.tabs, 1)
        nothing = QWidget()
        nothing.setProperty("role", "panel")
        other = QVBoxLayout(nothing)
        other.setContentsMargins(EDGE * 2, EDGE * 2, EDGE * 2, EDGE * 2)
        other.setSpacing(12)
        other.addWidget(self.nothing)
        other.addWidget(self.empty)
        row = QHBoxLayout()
        row.addWidget(self.compute)
        row.addStretch(1)
        other.addLayout(row)
        other.addStretch(1)
        self.stack.addWidget(full)
        self.stack.addWidget(nothing)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)
        self.draw_icons()

    def draw_icons(self) -> None:
        self.save_chart.setIcon(icon("chart", self._theme))
        self.save_tables.setIcon(icon("table", self._theme))

    def _connect(self) -> None:
        self.scenario.activated.connect(self.show_all)
        self.group.activated.connect(self.show_all)
        self.year.activated.connect(self.show_all)
        self.share.toggled.connect(self.show_all)
        self.index.toggled.connect(self.show_all)
        self.area.activated.connect(self._choose_area)
        self.tabs.currentChanged.connect(self._tab)
        self.fan.day_chosen.connect(self._choose_day)
        for table in (self.table, self.scenarios):
            table.units_chosen.connect(self.units_chosen)
        self.to_map.clicked.connect(
            lambda: self.map_wanted.emit(self.scenario.currentData(), self.day())
        )
        self.save_chart.clicked.connect(self._save_chart)
        self.save_tables.clicked.connect(self.tables_wanted)

    # showing ---------------------------------------------------------------------------------

    def show_nothing(self, text: str, title: str = "") -> None:
        """``title`` where it is not merely that nothing was computed yet."""
        self.results = None
        self.nothing.setText(title or _("There are no results yet"))
        self.empty.setText(text)
        self.stack.setCurrentIndex(1)

    def show_words(self, words: Sequence[tuple[str, str]]) -> None:
        """Heading and text of everything that was assumed."""
        while self.words.rowCount():
            self.words.removeRow(0)
        for heading, text in words:
            self.words.addRow(label(heading, "muted"), label(text))

    def show_results(self, results: Results, level: str, units: tuple[str, ...]) -> None:
        """``level``: the shown one, where results know it; ``units``: selected areas."""
        fresh = self.results is None or self.results is not results
        self.results = results
        self.stack.setCurrentIndex(0)
        if fresh:
            self._offer(results)
        self.show_selection(level, units)

    def _offer(self, results: Results) -> None:
        chosen, group = self.scenario.currentData(), max(self.group.currentIndex(), 0)
        year = self.year.currentData()
        for box in (self.scenario, self.group, self.year):
            box.clear()
        for scenario in results.scenarios:
            self.scenario.addItem(scenario.label, scenario.key)
            self.scenario.setItemData(
                self.scenario.count() - 1, scenario.note, Qt.ItemDataRole.ToolTipRole
            )
        keys = [s.key for s in results.scenarios]
        self.scenario.setCurrentIndex(keys.index(chosen if chosen in keys else results.main.key))
        self.group.addItems(results.group_names())
        self.group.setCurrentIndex(min(group, self.group.count() - 1))
        for known in results.years:
            self.year.addItem(format_date(results.day(known)), known)
        at = self.year.findData(year)
        self.year.setCurrentIndex(at if at >= 0 else self.year.count() - 1)

    def show_selection(self, level: str, units: tuple[str, ...]) -> None:
        """Follow the shown level and the selected areas."""
        results = self.results
        if results is None:
            return
        known = {lv.key for lv in results.levels}
        self.level = level if level in known else results.levels[-1].key
        own = results.level(self.level)
        self.units = tuple(u for u in units if u in own.units)
        with QSignalBlocker(self.area):
            self.area.clear()
            self.area.addItem(_("Town as a whole"), CITY)
            if self.level != CITY:
                order = sorted(own.units, key=lambda u: collation_key(own.names.get(u, u) or u))
                for unit in order:
                    self.area.addItem(own.names.get(unit, unit), unit)
            if len(self.units) > 1:
                self.area.addItem(_("{count} selected areas").format(count=len(self.units)), None)
                self.area.setCurrentIndex(self.area.count() - 1)
            else:
                wanted = self.units[0] if self.units else CITY
                self.area.setCurrentIndex(max(0, self.area.findData(wanted)))
        self.show_all()

    def place(self) -> tuple[str, str]:
        """Level and area that charts of one area show."""
        if self.units and self.level != CITY:
            return self.level, self.units[-1]
        return CITY, CITY

    def day(self) -> date | None:
        if self.results is None or self.year.currentData() is None:
            return None
        return self.results.day(self.year.currentData())

    def chart(self) -> tuple[str, Draw, tuple[date, ...]] | None:
        """Title, drawing and dates of the chart of the open tab; None for tables."""
        results = self.results
        if results is None:
            return None
        scenario, year = self.scenario.currentData(), self.year.currentData()
        level, unit = self.place()
        at = self.tabs.currentIndex()
        if at == 0:
            spec = self._fan_spec(results, scenario, year)
            return spec.title, lambda f, t: draw_fan(f, spec, t), spec.dates
        if at == 1:
            ages = pyramid_of(results, scenario, level, unit, year, share=self.share.isChecked())
            return ages.pyramid.title, lambda f, t: draw_ahead_pyramid(f, ages, t), ()
        if at == 2:
            parts = components_of(results, scenario, level, unit)
            return parts.title, lambda f, t: draw_components(f, parts, t), ()
        return None

    def _fan_spec(self, results: Results, scenario: str, year: int) -> FanSpec:
        """Several selected areas side by side, else all scenarios of one."""
        group = self.group.currentIndex()
        if len(self.units) > 1 and self.level != CITY:
            spec = fan_of_areas(results, scenario, self.level, self.units, group, year)
        else:
            keys = [scenario, *(s.key for s in results.scenarios if s.key != scenario)]
            spec = fan_of_scenarios(results, *self.place(), group, keys, year)
        return indexed(spec) if self.index.isChecked() else spec

    def _tab(self) -> None:
        self.show_all()

    def show_all(self) -> None:
        """Whatever is seen now, anew."""
        results = self.results
        if results is None:
            return
        at, chart = self.tabs.currentIndex(), self.chart()
        self.save_chart.setEnabled(chart is not None)
        self.group.setEnabled(at not in (1, 2, 5))
        self.year.setEnabled(at not in (2, 5))
        if chart is not None:
            title, draw, dates = chart
            (self.fan, self.pyramid, self.components)[at].show_chart(draw, dates, title)
            if at == 0:
                spec = self._fan_spec(results, self.scenario.currentData(), self.year.currentData())
                self.reading.setText("   ".join(reading(spec)))
            return
        scenario, group = self.scenario.currentData(), self.group.currentIndex()
        if at == 3:
            rows = compare(results, self.level, self.year.currentData(), group)
            if self.level != CITY:
                rows = (*compare(results, CITY, self.year.currentData(), group), *rows)
            self.scenarios.show_data(scenario_rows(results, rows, self.day()), self.units)
        elif at == 4:
            found = year_table(results, scenario, self.level, group)
            self.table.show_data(year_rows(found), self.units)

    # choosing --------------------------------------------------------------------------------

    def _choose_area(self) -> None:
        key = self.area.currentData()
        if key is not None:
            self.units_chosen.emit(() if key == CITY else (key,))

    def _choose_day(self, day: date) -> None:
        if self.results is None:
            return
        days = [self.results.day(y) for y in self.results.years]
        if day in days:
            self.year.setCurrentIndex(days.index(day))
            self.show_all()

    def _save_chart(self) -> None:
        chart = self.chart()
        if chart is not None:
            title, draw, _dates = chart
            self.chart_wanted.emit(title, lambda figure: draw(figure, LIGHT))

    def shutdown(self) -> None:
        for view in (self.fan, self.pyramid, self.components):
            view.shutdown()
