"""What the index says about the selected area: rank, sentence, and what each indicator adds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.indicators.robustness import Robustness, sentence
from monitor_app.indicators.whatif import ranks
from monitor_app.ui.whatifscene import Scene


class AreaPanel(QWidget):
    """Empty until an area is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.name = QLabel()
        self.name.setProperty("role", "heading")
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence = QLabel()
        self.extra = QLabel()
        self.extra.setProperty("role", "small")
        self.classed = QLabel()
        self.classed.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self.name, self.sentence, self.classed, self.extra):
            label.setWordWrap(True)
            column.addWidget(label)
        self.parts = QGridLayout()
        self.parts.setHorizontalSpacing(12)
        self.parts.setVerticalSpacing(4)
        self.parts.setColumnStretch(0, 1)
        column.addLayout(self.parts)
        self._cells: list[tuple[QLabel, QLabel]] = []

    def clear(self) -> None:
        self.name.setText(_("No area selected"))
        self.sentence.setText(_("Click an area on the map or in the ranking."))
        self.extra.hide()
        self.classed.hide()
        self._fill(())

    def show_area(
        self,
        scene: Scene,
        weights: Sequence[float],
        key: str,
        names: Sequence[str],
        robust: Robustness | None,
        meaning: str,
        reason: str,
        classed: str = "",
    ) -> None:
        """``names``: the indicators as shown; ``reason``: why there is no value, if so;
        ``classed``: the class and how certain it is."""
        prepared = scene.prepared
        title = dict(zip(scene.spec.keys, scene.spec.names, strict=True)).get(key, key)
        self.name.setText(title)
        if key not in prepared.areas:
            self.clear()
            self.name.setText(title)
            self.sentence.setText(_("The index does not know this area."))
            return
        self.classed.setText(classed)
        self.classed.setVisible(bool(classed))
        i = prepared.areas.index(key)
        places = ranks(prepared.index(weights))
        rank, count = int(places[i]), int((places > 0).sum())
        if robust is not None:
            self.sentence.setText(sentence(robust, key, meaning))
            low, high = robust.left_out_range(i)
            text = _("Without one of the indicators: rank {low} to {high}.")
            self.extra.setText(text.format(low=low, high=high))
            self.extra.setVisible(low > 0)
        else:
            plain = _("Rank {rank} of {count}.").format(rank=rank, count=format_number(count))
            self.sentence.setText(plain if rank else _("No rank.") + " " + reason)
            self.extra.setText(_("How firm this rank is, the check of robustness tells."))
            self.extra.setVisible(bool(rank))
        share = prepared.shares(weights)
        rows = []
        for j, name in enumerate(names):
            if not share[j]:
                continue
            if not prepared.present[i, j]:
                rows.append((name, _("missing")))
            elif not prepared.geometric:
                value = float(prepared.matrix[i, j])
                part = format_number(value * float(share[j]), 2, signed=True)
                rows.append((name, part))
            else:
                rows.append((name, format_number(float(np.exp(prepared.matrix[i, j])), 1)))
        self._fill(rows)

    def _fill(self, rows: Sequence[tuple[str, str]]) -> None:
        while len(self._cells) < len(rows):
            cells = (QLabel(), QLabel())
            cells[0].setWordWrap(True)
            cells[0].setTextFormat(Qt.TextFormat.PlainText)
            cells[1].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, cell in enumerate(cells):
                cell.setProperty("role", "small")
                self.parts.addWidget(cell, len(self._cells), column)
            self._cells.append(cells)
        for n, cells in enumerate(self._cells):
            for cell in cells:
                cell.setVisible(n < len(rows))
            if n < len(rows):
                cells[0].setText(rows[n][0])
                cells[1].setText(rows[n][1])
