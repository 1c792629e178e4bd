"""What the selected areas are: value, rank, difference from the city."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from monitor_app.cartography.mapspec import MapKind, MapSpec
from monitor_app.core.formats import THIN_SPACE, format_number, format_value
from monitor_app.core.i18n import _
from monitor_app.core.selection import Selection, SelectionChange
from monitor_app.core.status import Status
from monitor_app.ui.tabledata import ranks
from monitor_app.ui.tablemodel import status_text
from monitor_app.ui.theme import Theme

#: While areas are being selected one by one, nothing is computed for so long.
_WAIT_MS = 150
#: More selected areas than this are summed up in words.
MOST = 6


class AreaProfile(QWidget):
    """One block per selected area, the first selected first; below them the value of all taken
    together (``together_wanted``: their keys; ``show_together`` answers) and the way to the whole
    profile (``profile_wanted``)."""

    profile_wanted = Signal()
    together_wanted = Signal(tuple)

    def __init__(self, theme: Theme, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._selection = selection
        self._spec: MapSpec | None = None
        self._rate = False
        self._ranks = np.empty(0)
        self._places: dict[str, int] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 12, 0, 0)
        self._column.setSpacing(4)
        self.heading = QLabel(_("Selection"))
        self.heading.setProperty("role", "heading")
        self.blocks = QGridLayout()
        self.blocks.setHorizontalSpacing(12)
        self.blocks.setVerticalSpacing(0)
        self.blocks.setColumnStretch(0, 1)
        self.more = QLabel()
        self.more.setProperty("role", "small")
        self.more.setWordWrap(True)
        self.together = QLabel()
        self.together.setWordWrap(True)
        self.together.setTextFormat(Qt.TextFormat.PlainText)
        self.together.setStyleSheet("font-weight: 600")
        self.together.hide()
        self._keys: tuple[str, ...] = ()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT_MS)
        self._soon.timeout.connect(self._ask)
        self._column.addWidget(self.heading)
        self._column.addLayout(self.blocks)
        self._column.addWidget(self.more)
        self._column.addWidget(self.together)
        self.open = QPushButton(_("Open profile"))
        self.open.setProperty("role", "link")
        self.open.setToolTip(_("Key figures, pyramid, time lines and neighbours of the area"))
        self.open.clicked.connect(self.profile_wanted)
        self._column.addWidget(self.open, 0, Qt.AlignmentFlag.AlignLeft)
        self._unsubscribe = selection.subscribe(self._selection_changed)
        self.hide()

    def show_map(self, spec: MapSpec, rate: bool) -> None:
        """Show values of a map; ``rate``: values that can be held against the city's."""
        self._spec = spec
        self._rate = rate
        self._ranks = ranks(spec.values, spec.status)
        self._places = {key: i for i, key in enumerate(spec.keys)}
        self._fill()

    def _selection_changed(self, change: SelectionChange) -> None:
        if change.added or change.removed:
            self._fill()

    def _fill(self) -> None:
        while self.blocks.count():
            item = self.blocks.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        spec = self._spec
        chosen = [k for k in self._selection.keys if k in self._places]
        self._keys = tuple(chosen)
        self.together.hide()
        # Of changes, deviations and types nothing can be taken together.
        plain = spec is not None and spec.kind in (MapKind.VALUE, MapKind.THRESHOLD)
        if plain and len(chosen) > 1:
            self._soon.start()
        else:
            self._soon.stop()
        self.setVisible(bool(chosen) and spec is not None)
        if spec is None:
            return
        for row, key in enumerate(chosen[:MOST]):
            self._add(spec, self._places[key], 2 * row)
        rest = len(chosen) - MOST
        self.more.setText(_("and {count} more").format(count=format_number(rest)))
        self.more.setVisible(rest > 0)

    def _ask(self) -> None:
        self.together_wanted.emit(self._keys)

    def show_together(self, keys: tuple[str, ...], value: str, note: str = "") -> None:
        """What areas are together; nothing where others are selected by now."""
        if keys != self._keys or len(keys) < 2:
            return
        text = _("Together: {value}").format(value=value.replace(THIN_SPACE, " "))
        self.together.setText("\n".join(t for t in (text, note) if t))
        self.together.show()

    def _add(self, spec: MapSpec, place: int, row: int) -> None:
        status = int(spec.status[place])
        value = float(spec.values[place])
        name = QLabel(spec.names[place])
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setWordWrap(True)
        shown = QLabel(
            format_value(value, status, spec.precision, spec.unit, signed=spec.signed).replace(
                THIN_SPACE, " "
            )
        )
        shown.setStyleSheet("font-weight: 600")
        shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.blocks.addWidget(name, row, 0)
        self.blocks.addWidget(shown, row, 1)
        words = []
        if np.isfinite(self._ranks[place]):
            counted = int(np.isfinite(self._ranks).sum())
            words.append(
                _("rank {rank} of {count}").format(
                    rank=format_number(self._ranks[place]), count=format_number(counted)
                )
            )
            if spec.city_value is not None and self._rate:
                gap = format_number(value - spec.city_value, spec.precision, signed=True)
                words.append(_("{gap} against the city").format(gap=gap))
        elif status >= Status.MISSING:
            words.append(status_text(status) or "")
        note = QLabel(" · ".join(words))
        note.setProperty("role", "small")
        note.setWordWrap(True)
        self.blocks.addWidget(note, row + 1, 0, 1, 2)

    def shutdown(self) -> None:
        self._soon.stop()
        self._unsubscribe()
        self._unsubscribe = lambda: None
