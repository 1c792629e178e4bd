"""The indicators of an index: one block each with direction, slider and share of the weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.ui.icons import icon
from monitor_app.ui.theme import Theme

MOST = 100


@dataclass(frozen=True)
class Item:
    """``raises``: a high value raises the index. ``weight`` in points of the slider.
    ``missing``: the data that it cannot be computed without."""

    indicator: str
    name: str
    weight: float
    raises: bool
    note: str = ""
    missing: str = ""


class WeightRow(QWidget):
    """One indicator."""

    moved = Signal(int)
    released = Signal()
    turned = Signal(bool)
    removed = Signal()

    def __init__(self, theme: Theme, item: Item, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        self.name = QLabel(item.name)
        if item.missing:
            self.name.setText(_("{name} – no data").format(name=item.name))
            self.name.setProperty("role", "error")
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setWordWrap(True)
        self.name.setToolTip(item.missing or item.note or item.name)
        self.share = QLabel()
        self.share.setMinimumWidth(52)
        self.share.setStyleSheet("font-weight: 600")
        self.share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, MOST)
        self.slider.setPageStep(10)
        self.slider.setMinimumHeight(28)
        self.slider.setValue(round(item.weight))
        self.slider.setAccessibleName(_("Weight of {name}").format(name=item.name))
        self.raises = QCheckBox(_("a high value raises the index"))
        self.raises.setChecked(item.raises)
        self.raises.setProperty("role", "small")
        self.remove = QToolButton()
        self.remove.setProperty("role", "flat")
        self.remove.setIcon(icon("close", theme))
        self.remove.setToolTip(_("Remove {name} from the index").format(name=item.name))
        self.remove.setAccessibleName(self.remove.toolTip())
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        grid.addWidget(self.name, 0, 0)
        grid.addWidget(self.remove, 0, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.slider, 1, 0)
        grid.addWidget(self.share, 1, 1)
        grid.addWidget(self.raises, 2, 0, 1, 2)
        self.slider.valueChanged.connect(self.moved)
        self.slider.valueChanged.connect(self._moved_by_key)
        self.slider.sliderReleased.connect(self.released)
        self.raises.toggled.connect(self.turned)
        self.remove.clicked.connect(self.removed)

    def _moved_by_key(self) -> None:
        if not self.slider.isSliderDown():
            self.released.emit()

    def show_share(self, share: float) -> None:
        text = f"{format_number(100 * share, 0 if share in (0, 1) else 1)} %"
        self.share.setText(text)
        self.slider.setToolTip(_("Share of the index: {share}").format(share=text))


class WeightRows(QWidget):
    """All indicators of the index.

    ``moved``: weights changed, at every step of a drag; ``settled``: the hand let go; ``turned``:
    indicator and direction; ``removed``: indicator.
    """

    moved = Signal()
    settled = Signal()
    turned = Signal(str, bool)
    removed = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows: list[WeightRow] = []
        self.weights: list[float] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    @property
    def dragging(self) -> bool:
        return any(row.slider.isSliderDown() for row in self.rows)

    def set_items(self, items: Sequence[Item]) -> None:
        """Replace the rows; where the same indicators stay, only their values change."""
        if [r.item.indicator for r in self.rows] == [i.indicator for i in items]:
            self.weights = [i.weight for i in items]
            for row, item in zip(self.rows, items, strict=True):
                blocks = [QSignalBlocker(row.slider), QSignalBlocker(row.raises)]
                row.slider.setValue(round(item.weight))
                row.raises.setChecked(item.raises)
                for block in blocks:
                    block.unblock()
        else:
            for row in self.rows:
                row.hide()
                self._column.removeWidget(row)
                row.deleteLater()
            self.weights = [i.weight for i in items]
            self.rows = [self._row(n, item) for n, item in enumerate(items)]
        for row in self.rows:
            row.remove.setEnabled(len(items) > 1)
        self._show_shares()

    def _row(self, n: int, item: Item) -> WeightRow:
        row = WeightRow(self._theme, item)
        row.moved.connect(lambda value: self._take(n, value))
        row.released.connect(self.settled)
        row.turned.connect(lambda on: self.turned.emit(item.indicator, on))
        row.removed.connect(lambda: self.removed.emit(item.indicator))
        self._column.addWidget(row)
        return row

    def _take(self, n: int, value: int) -> None:
        self.weights[n] = float(value)
        self._show_shares()
        self.moved.emit()

    def _show_shares(self) -> None:
        total = sum(self.weights)
        for row, weight in zip(self.rows, self.weights, strict=True):
            row.show_share(weight / total if total > 0 else 0.0)
