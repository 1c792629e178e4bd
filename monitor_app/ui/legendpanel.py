"""The legend is the control: classes with counts, and below them how they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from monitor_app.cartography.classify import MAX_CLASSES, Method, method_name
from monitor_app.cartography.legend import legend_entries, legend_title
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.palettes import all_palettes
from monitor_app.core.formats import THIN_SPACE, format_number, format_value
from monitor_app.core.i18n import _
from monitor_app.ui.swatches import ramp_icon, swatch_image
from monitor_app.ui.theme import Theme

_SAMPLE = QSize(28, 18)
_RAMP = QSize(84, 14)


@dataclass(frozen=True)
class ClassChoice:
    """What the panel shows as chosen; ``palette`` empty: the indicator's own. ``relative`` is
    None where no two dates are compared."""

    method: str
    k: int
    whole_series: bool
    palette: str
    breaks: tuple[float, ...] = ()
    relative: bool | None = None


def parse_breaks(text: str) -> tuple[float, ...] | None:
    """Class limits as typed, ``18,0; 24,5``; None where a part is no number."""
    found: list[float] = []
    for part in text.replace("−", "-").split(";"):
        if part.strip():
            try:
                found.append(float(part.strip().replace(".", "").replace(",", ".")))
            except ValueError:
                return None
    return tuple(sorted(set(found)))


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
        entries = legend_entries(spec)
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
    """Title, legend, city value, and the choices about classes and colours. ``changed`` tells
    the fields of the view that are to change, by name."""

    changed = Signal(dict)

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
        self.unit = self._label("small")
        self.rows = LegendRows()
        self.city = QLabel()
        self.city.setWordWrap(True)
        for widget in (self.title, self.subtitle, self.unit, self.rows, self.city):
            self._column.addWidget(widget)
        self._column.addWidget(self._line())
        self._build_balance()
        self._build_choices()
        self.hint = self._label("small")
        self._column.addWidget(self.hint)
        self.extra = QVBoxLayout()
        self._column.addLayout(self.extra)
        self._column.addStretch(1)

    @staticmethod
    def _label(role: str) -> QLabel:
        label = QLabel()
        label.setProperty("role", role)
        label.setWordWrap(True)
        return label

    @staticmethod
    def _line() -> QFrame:
        line = QFrame()
        line.setProperty("role", "line")
        return line

    def _build_balance(self) -> None:
        self.balance = QWidget()
        row = QHBoxLayout(self.balance)
        row.setContentsMargins(0, 0, 0, 0)
        self.absolute = QRadioButton(_("Difference"))
        self.relative = QRadioButton(_("Change in %"))
        for button in (self.absolute, self.relative):
            row.addWidget(button)
        row.addStretch(1)
        self.relative.toggled.connect(
            lambda on: self.changed.emit({"change": "relative" if on else "absolute"})
        )
        self._column.addWidget(self.balance)
        self.balance.hide()

    def _build_choices(self) -> None:
        self.method = QComboBox()
        for method in Method:
            self.method.addItem(method_name(method), method.value)
        self.count = QSpinBox()
        self.count.setRange(2, MAX_CLASSES)
        self.count.lineEdit().setTextMargins(8, 0, 0, 0)
        self.palette_ = QComboBox()
        self.palette_.setIconSize(_RAMP)
        self.palette_.addItem(_("As the indicator says"), "")
        for palette in all_palettes():
            ramp = ramp_icon(palette.colours(5), _RAMP, self.devicePixelRatioF())
            self.palette_.addItem(ramp, palette.title, palette.id)
        self.breaks = QLineEdit()
        self.breaks.setPlaceholderText("18,0; 24,5; 30")
        self.whole = QRadioButton(_("same for all dates"))
        self.each = QRadioButton(_("anew for each date"))
        form = QVBoxLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(4)
        names = (
            (_("Classes by"), self.method),
            (_("Number"), self.count),
            (_("Limits"), self.breaks),
            (_("Colours"), self.palette_),
        )
        self._captions: dict[QWidget, QLabel] = {}
        for name, widget in names:
            caption = QLabel(name)
            caption.setProperty("role", "small")
            caption.setBuddy(widget)
            widget.setAccessibleName(name)
            widget.setMinimumWidth(60)
            self._captions[widget] = caption
            form.addWidget(caption)
            form.addWidget(widget)
        self._column.addLayout(form)
        caption = QLabel(_("Class limits"))
        caption.setProperty("role", "small")
        self.series = QWidget()
        inner = QVBoxLayout(self.series)
        inner.setContentsMargins(0, 4, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(caption)
        inner.addWidget(self.whole)
        inner.addWidget(self.each)
        self._column.addWidget(self.series)
        self.method.activated.connect(
            lambda: self.changed.emit({"method": self.method.currentData()})
        )
        self.count.valueChanged.connect(lambda k: self.changed.emit({"k": k}))
        self.palette_.activated.connect(
            lambda: self.changed.emit({"palette": self.palette_.currentData()})
        )
        self.whole.toggled.connect(lambda on: self.changed.emit({"whole_series": on}))
        self.breaks.editingFinished.connect(self._breaks_typed)

    def _breaks_typed(self) -> None:
        found = parse_breaks(self.breaks.text())
        if found is None:
            self.hint.setText(_("Please enter numbers, separated by semicolons."))
        elif self.breaks.isModified():
            self.breaks.setModified(False)
            self.changed.emit({"breaks": found})

    def show_map(self, spec: MapSpec, choice: ClassChoice) -> None:
        """Show a map and what is chosen for it."""
        self.title.setText(spec.title)
        self.subtitle.setText(
            _("{level}, as of {day}").format(level=spec.level_name, day=spec.date_text)
            if spec.base_day is None
            else _("{level}, change {days}").format(level=spec.level_name, days=spec.date_text)
        )
        self.unit.setText(legend_title(spec))
        self.rows.show_spec(spec)
        if spec.city_value is None:
            self.city.setText(_("City: no data"))
        else:
            value = format_value(spec.city_value, 0, spec.precision, spec.unit, signed=spec.signed)
            self.city.setText(_("City: {value}").format(value=value.replace(THIN_SPACE, " ")))
        self._show_choice(choice)
        real = spec.classification.k
        fewer = 0 < real < choice.k and choice.method != Method.MANUAL
        self.hint.setText(
            _("The values allow only {count} classes.").format(count=real) if fewer else ""
        )
        self.hint.setVisible(bool(self.hint.text()))

    def _show_choice(self, choice: ClassChoice) -> None:
        watched: Sequence[QWidget] = (
            self.method, self.count, self.palette_, self.whole, self.each,
            self.absolute, self.relative, self.breaks,
        )  # fmt: skip
        blocks = [QSignalBlocker(w) for w in watched]
        self.method.setCurrentIndex(max(0, self.method.findData(choice.method)))
        self.count.setValue(choice.k)
        self.palette_.setCurrentIndex(max(0, self.palette_.findData(choice.palette)))
        (self.whole if choice.whole_series else self.each).setChecked(True)
        manual = choice.method == Method.MANUAL
        if not self.breaks.hasFocus():
            self.breaks.setText(
                "; ".join(format_number(b, _decimals(b), grouping=False) for b in choice.breaks)
            )
            self.breaks.setModified(False)
        for widget, there in (
            (self.breaks, manual),
            (self.count, not manual and choice.method not in (Method.HEAD_TAIL, Method.BOX_PLOT)),
        ):
            widget.setVisible(there)
            self._captions[widget].setVisible(there)
        compared = choice.relative is not None
        self.balance.setVisible(compared)
        self.series.setVisible(not manual and not compared)
        (self.relative if choice.relative else self.absolute).setChecked(True)
        for block in blocks:
            block.unblock()


def _decimals(value: float) -> int:
    """Decimals that write a class limit without loss, six at most."""
    for decimals in range(6):
        if round(value, decimals) == value:
            return decimals
    return 6
