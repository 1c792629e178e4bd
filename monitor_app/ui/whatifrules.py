"""The rules of an index as one sees them: weighting, normalisation, aggregation."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.formats import collation_key
from monitor_app.core.i18n import _
from monitor_app.indicators.normalise import Normalisation
from monitor_app.indicators.weightings import Weighting


def normalisation_name(kind: Normalisation) -> str:
    return {
        Normalisation.ZSCORE: _("z-scores"),
        Normalisation.ZSCORE_WEIGHTED: _("z-scores, weighted by inhabitants"),
        Normalisation.MINMAX: _("minimum to maximum (0 to 100)"),
        Normalisation.RANK: _("ranks (0 to 100)"),
        Normalisation.PERCENTILE: _("percentiles (0 to 100)"),
    }[kind]


def new_id(name: str, taken: Collection[str]) -> str:
    """An id made of a name, different from those that are taken."""
    folded = collation_key(name)[0]
    base = re.sub(r"[^a-z0-9]+", "_", folded).strip("_")[:50]
    if not base or not base[0].isalpha():
        base = f"g_{base}".rstrip("_")
    found, number = base, 2
    while found in taken:
        found, number = f"{base}_{number}", number + 1
    return found


class RulesPanel(QWidget):
    """How values become comparable and are put together. ``changed``: fields by name."""

    changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(8)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.normalisation = QComboBox()
        for kind in Normalisation:
            self.normalisation.addItem(normalisation_name(kind), kind.value)
        self.aggregation = QComboBox()
        self.aggregation.addItem(_("weighted mean"), "arithmetic")
        self.aggregation.addItem(_("geometric mean (no offsetting)"), "geometric")
        self.meaning = QComboBox()
        self.meaning.addItem(_("burden"), "burden")
        self.meaning.addItem(_("good quality of life"), "quality")
        self.missing = QCheckBox(_("index also where an indicator is missing"))
        for title, box in (
            (_("Made comparable by"), self.normalisation),
            (_("Put together by"), self.aggregation),
            (_("A high index means"), self.meaning),
        ):
            box.setAccessibleName(title)
            box.setMinimumWidth(60)
            caption = QLabel(title)
            caption.setProperty("role", "small")
            form.addRow(caption, box)
        form.addRow(self.missing)
        self.normalisation.activated.connect(self._normalise)
        self.aggregation.activated.connect(self._aggregate)
        self.meaning.activated.connect(
            lambda: self.changed.emit({"meaning": self.meaning.currentData()})
        )
        self.missing.toggled.connect(
            lambda on: self.changed.emit({"missing": "renormalise" if on else "missing"})
        )

    def _normalise(self) -> None:
        kind = Normalisation(self.normalisation.currentData())
        changes: dict[str, object] = {"normalisation": kind}
        if not kind.bounded:
            changes["aggregation"] = "arithmetic"
        self.changed.emit(changes)

    def _aggregate(self) -> None:
        """The geometric mean takes no negative values: z-scores give way to min–max."""
        kind = self.aggregation.currentData()
        changes: dict[str, object] = {"aggregation": kind}
        if kind == "geometric":
            if not Normalisation(self.normalisation.currentData()).bounded:
                changes["normalisation"] = Normalisation.MINMAX
            changes["restandardise"] = False
        self.changed.emit(changes)

    def show_weighting(self, weighting: Weighting) -> None:
        pairs = (
            (self.normalisation, weighting.normalisation.value),
            (self.aggregation, weighting.aggregation),
            (self.meaning, weighting.meaning),
        )
        for box, value in pairs:
            box.setCurrentIndex(max(0, box.findData(value)))
        block = QSignalBlocker(self.missing)
        self.missing.setChecked(weighting.missing == "renormalise")
        block.unblock()


class WeightingBar(QWidget):
    """Which weighting is shown, and keeping it under a name.

    ``chosen``: id; ``keep``: name; ``drop``; ``compare``: id or nothing.
    """

    chosen = Signal(str)
    keep = Signal(str)
    drop = Signal()
    compare = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.box = QComboBox()
        self.other = QComboBox()
        self.name = QLineEdit()
        self.name.setPlaceholderText(_("Name of the weighting"))
        self.save = QPushButton(_("Keep in the project"))
        self.delete = QPushButton(_("Remove from the project"))
        self.delete.setProperty("role", "link")
        for title, widget in (
            (_("Weighting"), self.box),
            (_("Compare with"), self.other),
            (_("Keep under the name"), self.name),
        ):
            widget.setMinimumWidth(60)
            widget.setAccessibleName(title)
            caption = QLabel(title)
            caption.setProperty("role", "small")
            caption.setBuddy(widget)
            column.addWidget(caption)
            column.addWidget(widget)
        column.addWidget(self.save, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.delete, 0, Qt.AlignmentFlag.AlignLeft)
        self.box.activated.connect(lambda: self.chosen.emit(self.box.currentData()))
        self.other.activated.connect(lambda: self.compare.emit(self.other.currentData()))
        self.save.clicked.connect(self._keep)
        self.name.returnPressed.connect(self._keep)
        self.name.textChanged.connect(self._enable)
        self.delete.clicked.connect(self.drop)
        self._writable = True

    def _keep(self) -> None:
        if self.save.isEnabled():
            self.keep.emit(self.name.text().strip())

    def _enable(self) -> None:
        self.save.setEnabled(self._writable and bool(self.name.text().strip()))

    def show_choices(
        self, known: Sequence[Weighting], current: Weighting, compared: str, own: Collection[str],
        writable: bool,
    ) -> None:  # fmt: skip
        """``own``: ids that the project keeps; ``current`` may be none of the known."""
        self._writable = writable
        self.box.clear()
        if current.id not in {w.id for w in known}:
            self.box.addItem(current.name.shown, current.id)
        for weighting in known:
            mark = _("{name} (project)") if weighting.id in own else "{name}"
            self.box.addItem(mark.format(name=weighting.name.shown), weighting.id)
        self.box.addItem(_("New index"), "")
        self.box.setCurrentIndex(max(0, self.box.findData(current.id)))
        self.other.clear()
        self.other.addItem(_("nothing"), "")
        for weighting in known:
            if weighting.id != current.id:
                self.other.addItem(weighting.name.shown, weighting.id)
        self.other.setCurrentIndex(max(0, self.other.findData(compared)))
        self.delete.setVisible(current.id in own)
        self.delete.setEnabled(writable)
        self._enable()
