"""The map workspace: map in the middle, legend at the right, linked charts and table below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, cast

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from monitor_app.cartography.decor import fitted_symbols
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.ownbreaks import with_breaks
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection, SelectionChange
from monitor_app.core.values import IndicatorTable
from monitor_app.ui.attributetable import AttributePanel
from monitor_app.ui.banners import Banners
from monitor_app.ui.classcontrols import ClassChoice
from monitor_app.ui.kindchooser import KindChoice
from monitor_app.ui.layercontrols import LayerChoice
from monitor_app.ui.legendpanel import LegendPanel
from monitor_app.ui.mapview import MapView
from monitor_app.ui.profile import AreaProfile
from monitor_app.ui.rankingview import RankingView
from monitor_app.ui.tablemodel import RowFilter, TableData
from monitor_app.ui.theme import CONTROL, Theme
from monitor_app.ui.timelineview import TimeLineView
from monitor_app.ui.timeslider import TimeSlider


class Panel(Protocol):
    """A widget below the map that shows the same picture in its own way."""

    def show_picture(self, picture: Picture) -> None: ...

    def clear(self) -> None: ...

    def set_kept(self, keys: frozenset[str] | None) -> None:
        """Let all areas but these fade (a filter)."""

    def shutdown(self) -> None:
        """End threads and subscriptions."""


@dataclass(frozen=True, eq=False)
class Picture:
    """Everything the workspace shows at one moment."""

    spec: MapSpec
    shapes: AreaShapes
    table: IndicatorTable
    rows: TableData
    choice: ClassChoice
    days: tuple[date, ...]
    forecast_from: date | None = None
    rate: bool = True  # whether values of areas can be held against the city's
    kind: KindChoice = field(default_factory=KindChoice)
    layers: LayerChoice = field(default_factory=LayerChoice)


class MapPage(QMainWindow):
    """Shows pictures; tells what the user wants to be changed (``changed``: fields of the view
    by name)."""

    changed = Signal(dict)
    import_wanted = Signal()

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Widget)
        self._theme = theme
        self._selection = selection
        self._picture: Picture | None = None
        self._panels: list[Panel] = []
        self.map = MapView(theme, selection)
        self.slider = TimeSlider(theme)
        self.banners = Banners(theme, self.map)
        self.legend = LegendPanel(theme)
        self.profile = AreaProfile(theme, selection)
        self.legend.extra.addWidget(self.profile)
        self.table = AttributePanel(theme, selection)
        self.ranking = RankingView(theme, selection)
        self.lines = TimeLineView(theme, selection)
        self.empty = QPushButton(_("Import files …"), self.map)
        self.empty.setProperty("role", "primary")
        self.empty.clicked.connect(self.import_wanted)
        self._lay_out()
        self.slider.moved.connect(self._day_moved)
        self.slider.compared.connect(self._base_moved)
        self.map.stepped.connect(self.step)
        self.legend.changed.connect(self.changed)
        self.legend.previewed.connect(self._preview)
        self.map.drawn.connect(self._fit_key)
        self.lines.day_chosen.connect(self._day_clicked)
        self.table.filtered.connect(self._filtered)
        self._unsubscribe = selection.subscribe(self._selection_changed)
        self.setFocusProxy(self.map)
        self._default_state = self.saveState()

    def _lay_out(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.map, 1)
        column.addWidget(self.slider)
        self.setCentralWidget(centre)
        self.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.docks: dict[str, QDockWidget] = {}
        right, bottom = (
            Qt.DockWidgetArea.RightDockWidgetArea,
            Qt.DockWidgetArea.BottomDockWidgetArea,
        )
        for name, title, widget, area in (
            ("legend", _("Legend"), self.legend, right),
            ("ranking", _("Ranking"), self.ranking, bottom),
            ("lines", _("Time line"), self.lines, bottom),
            ("table", _("Table"), self.table, bottom),
        ):
            self._dock(name, title, widget, area)
        self.tabifyDockWidget(self.docks["ranking"], self.docks["lines"])
        self.tabifyDockWidget(self.docks["lines"], self.docks["table"])
        self.docks["ranking"].raise_()
        self.resizeDocks([self.docks["legend"]], [304], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["ranking"]], [232], Qt.Orientation.Vertical)

    def _dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(widget)
        dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable)
        dock.setTitleBarWidget(QWidget())  # the tab or the panel's own heading names it
        self.addDockWidget(area, dock)
        self.docks[name] = dock
        return dock

    def add_panel(self, name: str, title: str, panel: Panel) -> None:
        """One more linked panel (a widget) among the tabs below the map, before the table."""
        dock = self._dock(name, title, cast(QWidget, panel), Qt.DockWidgetArea.BottomDockWidgetArea)
        tabs = [n for n in self.docks if n not in ("legend", "table", name)]
        self.tabifyDockWidget(self.docks[tabs[-1]], dock)
        self.tabifyDockWidget(dock, self.docks["table"])
        self.docks["ranking"].raise_()
        self._panels.append(panel)
        self._default_state = self.saveState()

    # showing -----------------------------------------------------------------------------

    def show_picture(self, picture: Picture) -> None:
        self._picture = picture
        spec = picture.spec
        base = spec.base_day
        self.map.set_map(spec, picture.shapes)
        self.legend.show_map(spec, picture.choice, picture.kind, picture.layers)
        self.table.set_table(picture.rows)
        self.ranking.set_map(spec, picture.rate)
        names = dict(zip(spec.keys, spec.names, strict=True))
        self.lines.show_table(picture.table, names, spec, picture.rate)
        self.profile.show_map(spec, picture.rate)
        for panel in self._panels:
            panel.show_picture(picture)
        index = picture.days.index(spec.day) if spec.day in picture.days else 0
        axis = self.slider.axis
        if (axis.dates, axis.forecast_from) != (picture.days, picture.forecast_from):
            self.slider.set_dates(picture.days, index, picture.forecast_from)
        elif axis.index != index:
            axis.set_index(index)
        axis.set_breaks(picture.table.breaks)
        axis.set_other(picture.days.index(base) if base in picture.days else None)
        self._keep_filter()
        self._balance_banner()
        self.banners.tell(spec.date_text)
        self.legend.inside.show()
        self.empty.hide()
        self.slider.setVisible(True)

    def show_nothing(self, text: str) -> None:
        """No map yet: say what to do next."""
        self._picture = None
        self.slider.stop()
        self.map.empty_text = text
        self.map.set_map(None, None)
        self.ranking.set_map(None)
        self.lines.clear()
        for panel in self._panels:
            panel.clear()
        self.table.set_table(TableData())
        self.legend.inside.hide()
        self.empty.setVisible(bool(text))
        self.empty.adjustSize()
        self._place_empty()
        self.slider.setVisible(False)
        self.banners.drop("balance")
        self.banners.tell("")

    def _place_empty(self) -> None:
        """The way out of an empty map stands below the words about it."""
        room = self.map.size()
        self.empty.move((room.width() - self.empty.width()) // 2, room.height() // 2 + 3 * CONTROL)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._place_empty)

    # legend ------------------------------------------------------------------------------

    def _preview(self, breaks: tuple[float, ...]) -> None:
        """Class limits that are being dragged: only map and legend follow the hand."""
        if self._picture is None:
            return
        spec = with_breaks(self._picture.spec, breaks)
        self.map.set_map(spec, self._picture.shapes)
        self.legend.show_preview(spec)

    def _fit_key(self) -> None:
        """Circles in the legend are as large as those on the map, which the zoom may shrink."""
        picture = self._picture
        if picture is not None and picture.spec.layers.symbols is not None:
            scale = self.map.view.scale
            self.legend.key.set_map(fitted_symbols(picture.spec, picture.shapes, 1 / scale))

    @property
    def picture(self) -> Picture | None:
        return self._picture

    # time --------------------------------------------------------------------------------

    def _day_moved(self, index: int) -> None:
        picture = self._picture
        if picture is None or picture.days[index] == picture.spec.day:
            return
        changes: dict[str, object] = {"day": picture.days[index]}
        base = picture.spec.base_day
        if base is not None and base >= picture.days[index]:
            if index == 0:
                self.slider.axis.set_index(picture.days.index(base) + 1)
                return
            changes["compare_to"] = picture.days[index - 1]
        self.changed.emit(changes)

    def _base_moved(self, index: int) -> None:
        picture = self._picture
        if picture is None or picture.days[index] == picture.spec.base_day:
            return
        at = picture.days.index(picture.spec.day) if picture.spec.day in picture.days else 0
        if index >= at:
            self.slider.axis.set_other(max(0, at - 1))
        else:
            self.changed.emit({"compare_to": picture.days[index]})

    def _day_clicked(self, day: date) -> None:
        if self._picture is not None and day in self._picture.days:
            self.slider.axis.set_index(self._picture.days.index(day))

    def step(self, count: int) -> None:
        """Go some dates on (or back)."""
        self.slider.axis.set_index(self.slider.axis.index + count)

    def toggle_balance(self) -> None:
        """Begin or end comparing with an earlier date (the first one to begin with)."""
        picture = self._picture
        if picture is None:
            return
        if picture.spec.base_day is not None:
            self.end_balance()
        elif len(picture.days) > 1:
            day = picture.spec.day
            if day == picture.days[0]:
                day = picture.days[-1]
            self.changed.emit({"compare_to": picture.days[0], "day": day})

    def end_balance(self) -> None:
        self.slider.axis.set_other(None)
        self.changed.emit({"compare_to": None})

    def _balance_banner(self) -> None:
        spec = self._picture.spec if self._picture is not None else None
        if spec is None or spec.base_day is None:
            self.banners.drop("balance")
            return
        self.banners.put("balance", "balance", _("Comparison of two dates"), self.end_balance)

    # filter and selection ------------------------------------------------------------------

    def _filtered(self, row_filter: RowFilter) -> None:
        if not row_filter.active:
            self.banners.drop("filter")
        else:
            text = _("Filter active: {text}").format(text=self.table.filter.text().strip())
            self.banners.put("filter", "filter", text, self.table.clear_filter)
        self._keep_filter()

    def _keep_filter(self) -> None:
        model = self.table.model
        kept = None
        if model.rowCount() != len(model.table.keys):
            kept = frozenset(model.keys)
        self.map.set_kept(kept)
        self.ranking.set_kept(kept)
        for panel in self._panels:
            panel.set_kept(kept)

    def _selection_changed(self, change: SelectionChange) -> None:
        if not (change.added or change.removed):
            return
        count = len(self._selection.keys)
        if count == 0:
            self.banners.drop("selection")
        else:
            text = (
                _("1 area selected")
                if count == 1
                else _("{count} areas selected").format(count=count)
            )
            self.banners.put("selection", "done", text, self._selection.clear)

    def select_all(self) -> None:
        """All areas, or all that the filter leaves."""
        self._selection.set(self.table.model.keys)

    def invert_selection(self) -> None:
        chosen = set(self._selection.keys)
        self._selection.set(k for k in self.table.model.keys if k not in chosen)

    # panels ------------------------------------------------------------------------------

    def raise_dock(self, name: str) -> None:
        self.docks[name].show()
        self.docks[name].raise_()

    def reset_layout(self) -> None:
        self.restoreState(self._default_state)
        self.resizeDocks([self.docks["legend"]], [304], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["ranking"]], [232], Qt.Orientation.Vertical)
        self.docks["ranking"].raise_()

    def tools(self) -> Sequence[QWidget]:
        """Widgets that are switched off while the project changes."""
        return (self.slider, self.legend)

    def shutdown(self) -> None:
        """End threads and subscriptions."""
        self.slider.stop()
        self._unsubscribe()
        self._unsubscribe = lambda: None
        for part in (self.map, self.table, self.ranking, self.lines, self.profile, *self._panels):
            part.shutdown()
