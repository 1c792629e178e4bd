"""The legend is the control: classes with counts, and below them how they are made."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from monitor_app.cartography.legend import EntryKind, legend_entries, legend_title
from monitor_app.cartography.mapspec import MapKind, MapSpec
from monitor_app.core.formats import THIN_SPACE, format_number, format_value
from monitor_app.core.i18n import _
from monitor_app.ui.classcontrols import ClassChoice, ClassControls
from monitor_app.ui.kindchooser import KindChoice, KindChooser
from monitor_app.ui.layercontrols import LayerChoice, LayerControls
from monitor_app.ui.legendkey import LegendKey, LegendSquare, pair_words
from monitor_app.ui.section import Section
from monitor_app.ui.swatches import swatch_image
from monitor_app.ui.theme import Theme

_SAMPLE = QSize(28, 18)


class LegendRows(QWidget):
    """The entries of the legend, drawn as on the page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self.rows: list[tuple[str, int]] = []
        self._cells: list[tuple[QLabel, QLabel, QLabel]] = []

    def show_spec(self, spec: MapSpec) -> None:
        # Classes of two measures stand in a square of their own.
        paired = spec.pair is not None
        entries = [e for e in legend_entries(spec) if not (paired and e.kind is EntryKind.CLASS)]
        self.rows = [(e.label, e.count) for e in entries]
        while len(self._cells) < len(entries):
            row = len(self._cells)
            cells = (QLabel(), QLabel(), QLabel())
            cells[1].setWordWrap(True)
            cells[2].setProperty("role", "muted")
            cells[2].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, cell in enumerate(cells):
                self._grid.addWidget(cell, row, column)
            self._cells.append(cells)
        dpr = self.devicePixelRatioF()
        for i, (sample, label, count) in enumerate(self._cells):
            there = i < len(entries)
            for cell in (sample, label, count):
                cell.setVisible(there)
            if there:
                entry = entries[i]
                sample.setPixmap(QPixmap.fromImage(swatch_image(entry.swatch, _SAMPLE, dpr)))
                label.setText(entry.label)
                count.setText(format_number(entry.count))
                count.setToolTip(_("Number of areas"))


class LegendPanel(QScrollArea):
    """Title, kind of map, legend, city value, and the choices about classes, colours and layers.
    ``changed`` tells the fields of the view that are to change, by name; ``previewed`` the class
    limits while one of them is dragged."""

    changed = Signal(dict)
    previewed = Signal(tuple)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(256)
        self.inside = QWidget()
        self.inside.setProperty("role", "panel")
        self.setWidget(self.inside)
        self._column = QVBoxLayout(self.inside)
        self._column.setContentsMargins(16, 16, 16, 16)
        self._column.setSpacing(8)
        self.title = self._label("heading")
        self.subtitle = self._label("muted")
        self.kinds = KindChooser(theme)
        self.unit = self._label("small")
        self.rows = LegendRows()
        self.square = LegendSquare(theme)
        self.ways = self._label("small")
        self.city = self._label("")
        self.key = LegendKey(theme)
        for widget in (
            self.title, self.subtitle, self.kinds, self.unit, self.square, self.ways, self.rows,
            self.city, self.key,
        ):  # fmt: skip
            self._column.addWidget(widget)
        self.classes = ClassControls(theme)
        self.layers = LayerControls()
        self.class_section = Section(theme, _("Classes and colours"), self.classes)
        self.layer_section = Section(theme, _("On the map"), self.layers)
        self._column.addWidget(self.class_section)
        self._column.addWidget(self.layer_section)
        self._shorten()
        self.extra = QVBoxLayout()
        self._column.addLayout(self.extra)
        self._column.addStretch(1)
        for part in (self.kinds, self.classes, self.layers):
            part.changed.connect(self.changed)
        self.classes.previewed.connect(self.previewed)

    def _shorten(self) -> None:
        """Controls by their short names."""
        classes = self.classes
        self.method, self.count, self.breaks = classes.method, classes.count, classes.breaks
        self.palette_, self.whole, self.each = classes.palette_, classes.whole, classes.each
        self.hint, self.histogram = classes.hint, classes.histogram

    @staticmethod
    def _label(role: str) -> QLabel:
        label = QLabel()
        if role:
            label.setProperty("role", role)
        label.setWordWrap(True)
        return label

    def show_map(
        self,
        spec: MapSpec,
        choice: ClassChoice,
        kind: KindChoice | None = None,
        layers: LayerChoice | None = None,
    ) -> None:
        """Show a map and what is chosen for it."""
        self.title.setText(spec.title)
        self.subtitle.setText(
            _("{level}, as of {day}").format(level=spec.level_name, day=spec.date_text)
            if spec.base_day is None
            else _("{level}, change {days}").format(level=spec.level_name, days=spec.date_text)
        )
        self.unit.setText(legend_title(spec))
        self.unit.setVisible(spec.pair is None)
        self.rows.show_spec(spec)
        self.square.set_map(spec)
        self.ways.setVisible(spec.pair is not None)
        if spec.pair is not None:
            self.ways.setText(pair_words(spec.pair))
        self.key.set_map(spec)
        self._show_city(spec)
        self.classes.show_map(spec, choice)
        self.class_section.setVisible(spec.pair is None and spec.kind is not MapKind.CATEGORIES)
        self.kinds.show_choice(kind or KindChoice())
        self.layers.show_choice(layers or LayerChoice())

    def _show_city(self, spec: MapSpec) -> None:
        def text(value: float, *, signed: bool) -> str:
            shown = format_value(value, 0, spec.precision, spec.unit, signed=signed)
            return shown.replace(THIN_SPACE, " ")

        if spec.kind is MapKind.DEVIATION and spec.reference is not None:
            number = format_number(spec.reference, spec.precision)
            words = _("Measured against: {value}").format(value=number)
        elif spec.pair is not None:
            words = ""
        elif spec.city_value is None:
            words = _("City: no data")
        else:
            words = _("City: {value}").format(value=text(spec.city_value, signed=spec.signed))
        self.city.setText(words)
        self.city.setVisible(bool(words))

    def show_preview(self, spec: MapSpec) -> None:
        """The same map with limits that are being dragged."""
        self.rows.show_spec(spec)
        self.classes.show_preview(spec)
