"""What lies over the map: labels, facilities, circles, water and green, carried values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QVBoxLayout, QWidget

from monitor_app.app.maplayers import BOTH, NAMES, NO_LABELS, VALUES
from monitor_app.core.i18n import _


@dataclass(frozen=True)
class LayerChoice:
    """What is chosen and what there is. ``points``: entry of ``ViewState.points`` and title;
    ``symbols``: id and name of counts; ``backdrops``: whether the project has water or green;
    ``reform``: what territorial reforms mean for the values (empty: none in the series)."""

    labels: str = NO_LABELS
    point: str = ""
    points: tuple[tuple[str, str], ...] = ()
    symbol: str = ""
    symbols: tuple[tuple[str, str], ...] = ()
    background: bool = True
    backdrops: bool = False
    carried: bool = False
    reform: str = ""


class LayerControls(QWidget):
    """``changed`` tells fields of the view by name."""

    changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._captions: dict[QWidget, QLabel] = {}
        self.labels = self._list(_("Labels"))
        for data, text in (
            (NO_LABELS, _("none")),
            (NAMES, _("Names")),
            (VALUES, _("Values")),
            (BOTH, _("Names and values")),
        ):
            self.labels.addItem(text, data)
        self.points = self._list(_("Facilities"))
        self.symbols = self._list(_("Circles for"))
        self.background = QCheckBox(_("Water and green areas"))
        self.carried = QCheckBox(_("Carry earlier values"))
        self.carried.setToolTip(_("Carry earlier values to the present areas"))
        self.reform = QLabel()
        self.reform.setProperty("role", "small")
        self.reform.setWordWrap(True)
        for widget in (self.background, self.carried, self.reform):
            self._column.addWidget(widget)
        self.labels.activated.connect(lambda: self._tell(labels=self.labels.currentData()))
        self.points.activated.connect(self._points_chosen)
        self.symbols.activated.connect(lambda: self._tell(symbols=self.symbols.currentData()))
        self.background.toggled.connect(lambda on: self._tell(background=on))
        self.carried.toggled.connect(lambda on: self._tell(carried=on))
        self._shown: tuple[object, ...] = ()

    def _list(self, name: str) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(name)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        caption = QLabel(name)
        caption.setProperty("role", "small")
        caption.setBuddy(made)
        self._captions[made] = caption
        self._column.addWidget(caption)
        self._column.addWidget(made)
        return made

    def _tell(self, **changes: object) -> None:
        self.changed.emit(changes)

    def _points_chosen(self) -> None:
        entry = self.points.currentData()
        self._tell(points=(entry,) if entry else ())

    def show_choice(self, choice: LayerChoice) -> None:
        watched = (self.labels, self.points, self.symbols, self.background, self.carried)
        blocks = [QSignalBlocker(w) for w in watched]
        if (choice.points, choice.symbols) != self._shown:
            self._shown = (choice.points, choice.symbols)
            _fill(self.points, choice.points)
            _fill(self.symbols, choice.symbols)
        self.labels.setCurrentIndex(max(0, self.labels.findData(choice.labels)))
        self.points.setCurrentIndex(max(0, self.points.findData(choice.point)))
        self.symbols.setCurrentIndex(max(0, self.symbols.findData(choice.symbol)))
        self.background.setChecked(choice.background)
        self.carried.setChecked(choice.carried)
        self.reform.setText(choice.reform)
        there: Sequence[tuple[QWidget, bool]] = (
            (self.points, bool(choice.points)),
            (self.symbols, bool(choice.symbols)),
            (self.background, choice.backdrops),
            (self.carried, bool(choice.reform)),
            (self.reform, bool(choice.reform)),
        )
        for widget, shown in there:
            widget.setVisible(shown)
            if widget in self._captions:
                self._captions[widget].setVisible(shown)
        for block in blocks:
            block.unblock()


def _fill(box: QComboBox, entries: Sequence[tuple[str, str]]) -> None:
    box.clear()
    box.addItem(_("none"), "")
    for data, text in entries:
        box.addItem(text, data)
