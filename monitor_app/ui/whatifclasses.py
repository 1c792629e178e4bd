"""Classes of an index in the what-if workspace: their rules, and types as map and legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QComboBox, QFormLayout, QGridLayout, QLabel, QSpinBox, QWidget

from monitor_app.app.classes import class_names, type_colours, type_name, types_of
from monitor_app.app.weighting import ComputedIndex
from monitor_app.cartography.kinds import category_spec
from monitor_app.cartography.legend import EntryKind, legend_entries
from monitor_app.cartography.looks import Swatch
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.indicators.normalise import Normalisation
from monitor_app.indicators.weightings import Weighting, shipped_weightings
from monitor_app.indicators.whatif import Prepared, class_index
from monitor_app.ui.swatches import swatch_image
from monitor_app.ui.whatifscene import Scene

_SAMPLE = QSize(26, 20)


@dataclass(frozen=True, eq=False)
class TypeScene:
    """What types are made of at one date. ``changes``: the dynamics, None without; ``own``: they
    have weights of their own instead of those of the sliders."""

    scene: Scene
    weighting: Weighting
    changes: Prepared | None
    own: tuple[float, ...] | None

    def numbers(
        self, weights: Sequence[float]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """Class numbers of status and dynamics per area of the index, −1 without."""
        assert self.weighting.classes is not None
        status = class_index(self.scene.prepared.index(weights), self.weighting.classes.limits)
        ways = self.weighting.changes()
        if self.changes is None or ways is None or ways.classes is None:
            return status, None
        index = self.changes.index(self.own or weights)
        return status, class_index(index, ways.classes.limits)

    def types(self, weights: Sequence[float]) -> list[str | None]:
        """Type per area of the index."""
        return types_of(self.weighting, *self.numbers(weights))

    def by_area(self, weights: Sequence[float]) -> dict[str, str]:
        pairs = zip(self.scene.prepared.areas, self.types(weights), strict=True)
        return {key: name for key, name in pairs if name is not None}

    def frame(self, shown: MapSpec, weights: Sequence[float]) -> MapSpec:
        """The map of the types; ``shown`` is that of the index for the same weights."""
        found = self.by_area(weights)
        names = [found.get(key) for key in shown.keys]
        colours = type_colours(self.weighting)
        if self.changes is None:
            colours = {n: c for n, c in colours.items() if n in class_names(self.weighting.classes)}
        return category_spec(shown, names, colours or None)


def type_scene(scene: Scene, index: ComputedIndex, day: date) -> TypeScene | None:
    """None for an index without classes."""
    weighting, changes = index.weighting, index.changes
    if weighting.classes is None:
        return None
    if changes is None or changes.weighting.classes is None or day not in changes.dates:
        # The status stands alone: its types and colours are those of a weighting without dynamics.
        return TypeScene(scene, weighting.model_copy(update={"dynamics": None}), None, None)
    own = weighting.dynamics.components if weighting.dynamics is not None else ()
    return TypeScene(
        scene, weighting, changes.composite.at(day), tuple(c.weight for c in own) or None
    )


class TypeLegend(QWidget):
    """Status by dynamics as a table of colours, with the number of areas in each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(4)
        self.counts: dict[str, int] = {}
        self._cells: list[QWidget] = []
        self.setAccessibleName(_("Legend: status and dynamics"))

    def show_types(self, weighting: Weighting, spec: MapSpec) -> None:
        """``spec``: a map of the types of the weighting."""
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.hide()
            cell.deleteLater()
        self._cells = []
        self.counts = dict(zip(spec.classification.names, spec.classification.counts, strict=True))
        colours = dict(zip(spec.classification.names, spec.class_colours, strict=True))
        changes = weighting.changes()
        rows = class_names(weighting.classes)
        ways = class_names(changes.classes) if changes is not None else ("",)
        self._put(0, 0, _("Status"), "muted")
        if ways != ("",):
            for column, way in enumerate(ways):
                self._put(0, 1 + column, way, "small", Qt.AlignmentFlag.AlignHCenter)
        for row, status in enumerate(rows):
            self._put(1 + row, 0, status, "small")
            for column, way in enumerate(ways):
                self._sample(1 + row, 1 + column, type_name(status, way), colours)
        self._grid.setColumnStretch(0, 1)
        states = [e for e in legend_entries(spec) if e.kind is EntryKind.STATE]
        missing = len(spec.keys) - sum(self.counts.values()) - sum(e.count for e in states)
        if missing:
            text = _("without a class: {count}").format(count=format_number(missing))
            self._put(len(rows) + 1, 0, text, "muted", span=1 + len(ways))
        for n, entry in enumerate(states):
            row = len(rows) + 2 + n
            self._put(row, 0, entry.label, "small", span=len(ways))
            self._cell(row, len(ways), entry.swatch, entry.count, entry.label)

    def _put(
        self,
        row: int,
        column: int,
        text: str,
        role: str,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        span: int = 1,
    ) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", role)
        label.setTextFormat(Qt.TextFormat.PlainText)
        self._grid.addWidget(label, row, column, 1, span, align | Qt.AlignmentFlag.AlignVCenter)
        self._cells.append(label)
        return label

    def _sample(self, row: int, column: int, name: str, colours: dict[str, str]) -> None:
        """Empty types stay visible as such."""
        swatch = Swatch(colours.get(name, "#ffffff"))
        self._cell(row, column, swatch, self.counts.get(name, 0), name)

    def _cell(self, row: int, column: int, swatch: Swatch, count: int, name: str) -> None:
        """A sample, and beside it how many areas look like it."""
        cell = QWidget(self)
        inside = QGridLayout(cell)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(3)
        sample, number = QLabel(), QLabel(format_number(count) if count else "–")
        picture = swatch_image(swatch, _SAMPLE, self.devicePixelRatioF())
        sample.setPixmap(QPixmap.fromImage(picture))
        number.setProperty("role", "muted")
        number.setMinimumWidth(14)
        inside.addWidget(sample, 0, 0)
        inside.addWidget(number, 0, 1)
        tip = _("{name}: {count} areas").format(name=name, count=format_number(count))
        cell.setToolTip(tip)
        cell.setAccessibleName(tip)
        self._grid.addWidget(cell, row, column, Qt.AlignmentFlag.AlignHCenter)
        self._cells.append(cell)


@lru_cache(maxsize=1)
def _pattern() -> Weighting:
    """The preset whose limits are offered for indices of one's own."""
    return next(w for w in shipped_weightings() if w.id == "berlin_mss")


class ClassPanel(QWidget):
    """Rules of classes: fixed limits, base of the dynamics, least inhabitants, frozen scales.
    ``changed``: fields of the weighting by name."""

    changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(8)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.classes = QComboBox()
        self.classes.addItem(_("equally many areas in each"), False)
        self.classes.addItem(_("fixed: high, middle, low, very low"), True)
        self.classes.setItemData(
            1, _("Limits at −1, +1 and +1.5 standard deviations"), Qt.ItemDataRole.ToolTipRole
        )
        self.since = QComboBox()
        self.frozen = QComboBox()
        self.least = QSpinBox()
        self.least.setRange(0, 100_000)
        self.least.setSingleStep(50)
        self.least.setSpecialValueText(_("no minimum"))
        self.least.setSuffix(" " + _("inhabitants"))
        self.least.setKeyboardTracking(False)
        self.least.setGroupSeparatorShown(True)
        self.least.lineEdit().setTextMargins(8, 0, 0, 0)
        for title, box in (
            (_("Classes"), self.classes),
            (_("Dynamics: change since"), self.since),
            (_("Leave out areas below"), self.least),
            (_("Scales"), self.frozen),
        ):
            box.setAccessibleName(title)
            box.setMinimumWidth(60)
            caption = QLabel(title)
            caption.setProperty("role", "small")
            form.addRow(caption, box)
        self.classes.activated.connect(self._choose_classes)
        self.since.activated.connect(self._choose_base)
        self.frozen.activated.connect(
            lambda: self.changed.emit({"base_date": self.frozen.currentData()})
        )
        self.least.valueChanged.connect(
            lambda value: self.changed.emit({"minimum_inhabitants": float(value)})
        )
        self._weighting: Weighting | None = None

    def _choose_classes(self) -> None:
        if not self.classes.currentData():
            self.changed.emit({"classes": None, "dynamics": None})
            return
        changes: dict[str, Any] = {"classes": _pattern().classes, "restandardise": True}
        kind = self._weighting.normalisation if self._weighting is not None else None
        if kind is None or kind.bounded:
            changes |= {"normalisation": Normalisation.ZSCORE, "aggregation": "arithmetic"}
        self.changed.emit(changes)

    def _choose_base(self) -> None:
        years = self.since.currentData()
        if not years:
            self.changed.emit({"dynamics": None})
            return
        own = self._weighting.dynamics if self._weighting is not None else None
        dynamics = own or _pattern().dynamics
        assert dynamics is not None
        self.changed.emit({"dynamics": {**dynamics.model_dump(), "years": years}})

    def show_weighting(self, weighting: Weighting, days: Sequence[date], day: date | None) -> None:
        """``days``: dates of the index, ``day`` the one shown (None: there is no index)."""
        self._weighting = weighting
        blocks = [QSignalBlocker(w) for w in (self.classes, self.since, self.frozen, self.least)]
        fixed = weighting.classes is not None
        self.classes.setCurrentIndex(1 if fixed else 0)
        self.since.clear()
        self.since.addItem(_("no dynamics"), 0)
        for base in reversed(days):
            if day is not None and base < day and (base.month, base.day) == (day.month, day.day):
                self._add_base(day.year - base.year, base)
        years = 0 if weighting.dynamics is None else weighting.dynamics.years
        if years and self.since.findData(years) < 0:
            self._add_base(years, None)
        self.since.setCurrentIndex(max(0, self.since.findData(years)))
        self.since.setEnabled(fixed)
        self.since.setToolTip("" if fixed else _("Dynamics need fixed classes."))
        self.frozen.clear()
        self.frozen.addItem(_("of each date"), None)
        for base in days:
            self.frozen.addItem(_("frozen at {day}").format(day=format_date(base)), base)
        if weighting.base_date is not None and weighting.base_date not in days:
            self.frozen.addItem(
                _("frozen at {day}").format(day=format_date(weighting.base_date)),
                weighting.base_date,
            )
        # findData compares through Qt's variants, which know no Python dates.
        places = [self.frozen.itemData(i) for i in range(self.frozen.count())]
        self.frozen.setCurrentIndex(places.index(weighting.base_date))
        self.least.setValue(round(weighting.minimum_inhabitants))
        for block in blocks:
            block.unblock()

    def _add_base(self, years: int, base: date | None) -> None:
        text = (
            _("{years} years before")
            if base is None
            else _("{day} (1 year)") if years == 1 else _("{day} ({years} years)")
        )  # fmt: skip
        day = "" if base is None else format_date(base)
        self.since.addItem(text.format(day=day, years=years), years)
