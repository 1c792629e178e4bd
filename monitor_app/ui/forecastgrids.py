"""Two grids of the forecast workspace: base years by component, types of areas by component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.forecastspecs import part_names, usual_years
from monitor_app.core.i18n import _
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.ui.theme import CONTROL


class BaseYears(QTableWidget):
    """A tick for each component and year whose events count. ``changed``: component -> years; a
    row that is as usual is left out."""

    changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 0, parent)
        self._rows = [*part_names()]
        self._years: tuple[int, ...] = ()
        self._spec: ForecastSpec | None = None
        self.setAccessibleName(_("Base years by component"))
        self.setTabKeyNavigation(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setDefaultSectionSize(52)
        self.verticalHeader().setDefaultSectionSize(CONTROL)
        self.setFixedHeight((len(self._rows) + 1) * CONTROL + 22)
        self.itemChanged.connect(self._edited)

    def show_spec(self, spec: ForecastSpec, years: Sequence[int]) -> None:
        """``years`` of events that are known."""
        self._spec, self._years = spec, tuple(years)
        weights = spec.weights()
        with QSignalBlocker(self):
            self.setRowCount(len(self._rows))
            self.setColumnCount(len(years))
            self.setVerticalHeaderLabels(list(part_names().values()))
            self.setHorizontalHeaderLabels([str(y) for y in years])
            for row, component in enumerate(self._rows):
                given = weights.get(component) or dict.fromkeys(self._usual(component), 1.0)
                for column, year in enumerate(years):
                    item = QTableWidgetItem()
                    on = given.get(year, 0.0) > 0
                    item.setFlags(
                        Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable
                        | Qt.ItemFlag.ItemIsSelectable
                    )  # fmt: skip
                    item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
                    self.setItem(row, column, item)
        if years:
            newest = self.item(0, len(years) - 1)
            if newest is not None:
                self.scrollToItem(newest)

    def _checked(self, row: int, column: int) -> bool:
        item = self.item(row, column)
        return item is not None and item.checkState() is Qt.CheckState.Checked

    def _usual(self, component: str) -> list[int]:
        """Years that count where none are chosen."""
        if self._spec is None:
            return []
        return usual_years(self._spec, component, self._years)

    def _edited(self, _item: QTableWidgetItem) -> None:
        found: dict[str, list[int] | dict[int, float]] = {}
        weights = {} if self._spec is None else self._spec.weights()
        if self._spec is not None and "all" in self._spec.base_years:
            found["all"] = self._spec.base_years["all"]
        for row, component in enumerate(self._rows):
            years = [year for column, year in enumerate(self._years) if self._checked(row, column)]
            given = weights.get(component, {})
            if years == self._usual(component):
                continue
            if years and any(given.get(y, 1.0) not in (0.0, 1.0) for y in years):
                found[component] = {y: given.get(y) or 1.0 for y in years}  # weights stay
            elif years:
                found[component] = years
        self.changed.emit(found)


class TypeGrid(QWidget):
    """Name of the type of each area, one column per component; an empty column has no types.
    ``changed`` only where each column is empty or complete."""

    changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = tuple(k for k in part_names() if k != "naturalisation")
        self._areas: tuple[str, ...] = ()
        self.table = QTableWidget(0, len(self._parts))
        self.table.setAccessibleName(_("Types of areas by component"))
        self.table.setTabKeyNavigation(False)
        self.table.setFixedHeight(CONTROL * 8)
        self.table.verticalHeader().setDefaultSectionSize(CONTROL)
        self.table.horizontalHeader().setDefaultSectionSize(150)
        self.message = QLabel()
        self.message.setProperty("role", "error")
        self.message.setWordWrap(True)
        self.message.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        column.addWidget(self.message)
        self.table.itemChanged.connect(self._edited)

    def show_types(
        self, types: Mapping[str, Mapping[str, str]], areas: Sequence[tuple[str, str]]
    ) -> None:
        names = part_names()
        keys = tuple(key for key, _name in areas)
        if keys == self._areas and types == self._read():
            return
        self._areas = keys
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(areas))
            self.table.setHorizontalHeaderLabels([names[p] for p in self._parts])
            self.table.setVerticalHeaderLabels([name for _key, name in areas])
            for row, key in enumerate(keys):
                for column, part in enumerate(self._parts):
                    text = types.get(part, {}).get(key, "")
                    self.table.setItem(row, column, QTableWidgetItem(text))
        self._say("")

    def _read(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for column, part in enumerate(self._parts):
            for row, key in enumerate(self._areas):
                item = self.table.item(row, column)
                text = "" if item is None else item.text().strip()
                if text:
                    found.setdefault(part, {})[key] = text
        return found

    def _edited(self, _item: QTableWidgetItem) -> None:
        found, names = self._read(), part_names()
        gaps = [names[p] for p, of in found.items() if len(of) < len(self._areas)]
        if gaps:
            self._say(
                _("Name a type for every area: {components}").format(components=", ".join(gaps))
            )
            return
        self._say("")
        self.changed.emit(found or {})

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))
