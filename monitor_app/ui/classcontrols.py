"""How classes are made: histogram with limits, method, number, palette, dates they hold for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from monitor_app.cartography.classify import MAX_CLASSES, Method, method_name
from monitor_app.cartography.mapspec import MapKind, MapSpec
from monitor_app.cartography.ownbreaks import can_have_own_breaks
from monitor_app.cartography.palettes import all_palettes, check_colours
from monitor_app.core.formats import format_number, parse_number
from monitor_app.core.i18n import _
from monitor_app.core.status import has_value
from monitor_app.ui.breakhistogram import BreakHistogram
from monitor_app.ui.swatches import ramp_icon
from monitor_app.ui.theme import Theme

_RAMP = QSize(84, 14)


@dataclass(frozen=True)
class ClassChoice:
    """What the panel shows as chosen; ``palette`` empty: the indicator's own. ``relative`` is
    None where no two dates are compared. ``zeros``: a value of zero has a look of its own."""

    method: str
    k: int
    whole_series: bool
    palette: str
    breaks: tuple[float, ...] = ()
    relative: bool | None = None
    zeros: bool = False


def parse_breaks(text: str) -> tuple[float, ...] | None:
    """Class limits as typed, ``18,0; 24,5``; None where a part is no number."""
    try:
        found = {parse_number(part) for part in text.split(";") if part.strip()}
    except ValueError:
        return None
    return tuple(sorted(found))


class ClassControls(QWidget):
    """``changed`` tells the fields of the view that are to change, ``previewed`` the limits while
    one of them is dragged."""

    changed = Signal(dict)
    previewed = Signal(tuple)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.histogram = BreakHistogram(theme)
        self.histogram.setToolTip(_("Drag a limit; double click to add or to take one away"))
        self._column.addWidget(self.histogram)
        self._build_form()
        self._build_series()
        self.hint = self._small()
        self.warnings = self._small()
        self._column.addWidget(self.hint)
        self._column.addWidget(self.warnings)
        self._connect()

    @staticmethod
    def _small() -> QLabel:
        label = QLabel()
        label.setProperty("role", "small")
        label.setWordWrap(True)
        label.hide()
        return label

    def _build_form(self) -> None:
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
            warnings = check_colours(palette.colours(5))
            words = " ".join(issue.message for issue in warnings)
            self.palette_.setItemData(
                self.palette_.count() - 1,
                words or _("Told apart by colour-blind readers and in grey print"),
                Qt.ItemDataRole.ToolTipRole,
            )
        self.breaks = QLineEdit()
        self.breaks.setPlaceholderText("18,0; 24,5; 30")
        form = QGridLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(4)
        form.setColumnStretch(1, 1)
        names = (
            (_("Classes by"), self.method),
            (_("Number"), self.count),
            (_("Limits"), self.breaks),
            (_("Colours"), self.palette_),
        )
        self._captions: dict[QWidget, QLabel] = {}
        for row, (name, widget) in enumerate(names):
            caption = QLabel(name)
            caption.setProperty("role", "small")
            caption.setBuddy(widget)
            widget.setAccessibleName(name)
            widget.setMinimumWidth(60)
            if isinstance(widget, QComboBox):
                policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
                widget.setSizeAdjustPolicy(policy)
            self._captions[widget] = caption
            if isinstance(widget, QSpinBox):
                form.addWidget(caption, 2 * row, 0)
                form.addWidget(widget, 2 * row, 1)
            else:  # long words need the whole width
                form.addWidget(caption, 2 * row, 0, 1, 2)
                form.addWidget(widget, 2 * row + 1, 0, 1, 2)
        self._column.addLayout(form)

    def _build_series(self) -> None:
        self.whole = QRadioButton(_("same for all dates"))
        self.each = QRadioButton(_("anew for each date"))
        caption = QLabel(_("Class limits"))
        caption.setProperty("role", "small")
        self.series = QWidget()
        inner = QVBoxLayout(self.series)
        inner.setContentsMargins(0, 4, 0, 0)
        inner.setSpacing(0)
        for widget in (caption, self.whole, self.each):
            inner.addWidget(widget)
        self._column.addWidget(self.series)
        self.zeros = QCheckBox(_("Show zero apart from the classes"))
        self._column.addWidget(self.zeros)

    def _connect(self) -> None:
        self.method.activated.connect(
            lambda: self.changed.emit({"method": self.method.currentData()})
        )
        self.count.valueChanged.connect(lambda k: self.changed.emit({"k": k}))
        self.palette_.activated.connect(
            lambda: self.changed.emit({"palette": self.palette_.currentData()})
        )
        self.whole.toggled.connect(lambda on: self.changed.emit({"whole_series": on}))
        self.zeros.toggled.connect(lambda on: self.changed.emit({"zeros": on}))
        self.breaks.editingFinished.connect(self._breaks_typed)
        self.histogram.previewed.connect(self.previewed)
        self.histogram.chosen.connect(
            lambda found: self.changed.emit({"method": Method.MANUAL.value, "breaks": found})
        )

    def _breaks_typed(self) -> None:
        found = parse_breaks(self.breaks.text())
        if found is None:
            self._say(self.hint, _("Please enter numbers, separated by semicolons."))
        elif len(found) >= MAX_CLASSES:
            text = _("At most {count} limits, please.").format(count=MAX_CLASSES - 1)
            self._say(self.hint, text)
        elif self.breaks.isModified():
            self.breaks.setModified(False)
            self.changed.emit({"breaks": found})

    @staticmethod
    def _say(label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))

    def show_map(self, spec: MapSpec, choice: ClassChoice) -> None:
        """Show what classes a map has and what was chosen for them."""
        own = can_have_own_breaks(spec)
        self.histogram.set_map(spec)
        self._show_choice(choice)
        classed = own or (spec.pair is None and not spec.classification.names)
        for widget in (self.method, self.palette_):
            widget.setVisible(classed)
            self._captions[widget].setVisible(classed)
        if not classed:
            for control in (self.count, self.breaks):
                control.setVisible(False)
                self._captions[control].setVisible(False)
            self.series.setVisible(False)
        some = bool(((spec.values == 0) & has_value(spec.status)).any())
        self.zeros.setVisible(spec.kind is MapKind.VALUE and (some or choice.zeros))
        real = spec.classification.k
        fewer = classed and 0 < real < choice.k and choice.method != Method.MANUAL
        self._say(
            self.hint,
            _("The values allow only {count} classes.").format(count=real) if fewer else "",
        )
        self.show_colours(spec)

    def show_preview(self, spec: MapSpec) -> None:
        """Show the classes of a map whose limits are being dragged."""
        self.histogram.set_map(spec)
        self.breaks.setText(typed_breaks(spec.classification.breaks))
        self.show_colours(spec)

    def show_colours(self, spec: MapSpec) -> None:
        """Warn where readers could not tell the classes apart."""
        few = 1 < len(spec.class_colours) <= MAX_CLASSES and spec.pair is None
        found = check_colours(spec.class_colours) if few else ()
        words = [f"▲ {issue.message}" for issue in found]
        if words:
            words.append(found[0].repair or "")
        self._say(self.warnings, "\n".join(words))

    def _show_choice(self, choice: ClassChoice) -> None:
        watched: Sequence[QWidget] = (
            self.method, self.count, self.palette_, self.whole, self.each, self.breaks, self.zeros,
        )  # fmt: skip
        blocks = [QSignalBlocker(w) for w in watched]
        self.method.setCurrentIndex(max(0, self.method.findData(choice.method)))
        self.count.setValue(choice.k)
        self.palette_.setCurrentIndex(max(0, self.palette_.findData(choice.palette)))
        (self.whole if choice.whole_series else self.each).setChecked(True)
        self.zeros.setChecked(choice.zeros)
        manual = choice.method == Method.MANUAL
        if not (self.breaks.hasFocus() and self.breaks.isModified()):
            self.breaks.setText(typed_breaks(choice.breaks))
            self.breaks.setModified(False)
        without = (Method.HEAD_TAIL, Method.BOX_PLOT, Method.UNCLASSED)
        for widget, there in (
            (self.breaks, manual),
            (self.count, not manual and choice.method not in without),
        ):
            widget.setVisible(there)
            self._captions[widget].setVisible(there)
        self.series.setVisible(not manual and choice.relative is None)
        for block in blocks:
            block.unblock()


def typed_breaks(breaks: Sequence[float]) -> str:
    """Limits as a user would type them."""
    return "; ".join(format_number(b, _decimals(b), grouping=False) for b in breaks)


def _decimals(value: float) -> int:
    """Decimals that write a class limit without loss, six at most."""
    for decimals in range(6):
        if round(value, decimals) == value:
            return decimals
    return 6
