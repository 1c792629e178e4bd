"""How a map shows its values: one list of kinds, and what some of them need to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from monitor_app.app.mapkinds import WITH_TARGET, Kind, kind_name
from monitor_app.core.formats import format_number, parse_number
from monitor_app.core.i18n import _
from monitor_app.ui.chooser import Topic, TreeChooser
from monitor_app.ui.theme import Theme

#: Maps of the change between two dates, which a view keeps as a second date.
CHANGE, CHANGE_RELATIVE = "change_absolute", "change_relative"


@dataclass(frozen=True)
class KindChoice:
    """What is chosen. ``kind``: of ``Kind``, or one of the changes; ``target`` with its ``unit``;
    ``second``: id of the other indicator; ``refused``: why another kind is shown instead;
    ``dates``: whether there are two dates to compare."""

    kind: str = Kind.VALUE.value
    target: float | None = None
    unit: str = ""
    second: str = ""
    refused: str = ""
    dates: bool = True


class KindChooser(QWidget):
    """``changed`` tells ``show`` (a kind), ``target`` or ``second``."""

    changed = Signal(dict)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = QComboBox()
        self.kind.setAccessibleName(_("Kind of map"))
        self.kind.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.kind.addItem(kind_name(Kind.VALUE), Kind.VALUE.value)
        self.kind.addItem(_("Change (absolute)"), CHANGE)
        self.kind.addItem(_("Change in %"), CHANGE_RELATIVE)
        for kind in Kind:
            if kind is not Kind.VALUE:
                self.kind.addItem(kind_name(kind), kind.value)
        caption = QLabel(_("Kind of map"))
        caption.setProperty("role", "small")
        caption.setBuddy(self.kind)
        self.target = QLineEdit()
        self.target.setAccessibleName(_("Target"))
        self.unit = QLabel()
        self.target_row = QWidget()
        row = QHBoxLayout(self.target_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (QLabel(_("Target")), self.target, self.unit):
            row.addWidget(widget, 1 if widget is self.target else 0)
        self.second = TreeChooser(theme, _("Choose the second indicator"))
        self.note = QLabel()
        self.note.setProperty("role", "error")
        self.note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        parts: tuple[QWidget, ...] = (caption, self.kind, self.target_row, self.second, self.note)
        for part in parts:
            column.addWidget(part)
        self.kind.activated.connect(lambda: self.changed.emit({"show": self.kind.currentData()}))
        self.target.editingFinished.connect(self._target_typed)
        self.second.chosen.connect(lambda chosen: self.changed.emit({"second": chosen}))
        self.show_choice(KindChoice())

    def set_topics(self, topics: Sequence[Topic]) -> None:
        """Indicators that can be the second one."""
        self.second.set_topics(topics)

    def show_choice(self, choice: KindChoice) -> None:
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(max(0, self.kind.findData(choice.kind)))
        model = self.kind.model()
        for name in (CHANGE, CHANGE_RELATIVE):
            item = model.item(self.kind.findData(name))
            item.setEnabled(choice.dates)
        self.target_row.setVisible(choice.kind in [k.value for k in WITH_TARGET])
        if not self.target.hasFocus() or not self.target.isModified():
            self.target.setText(_typed(choice.target))
            self.target.setModified(False)
        self.unit.setText(choice.unit)
        self.second.setVisible(choice.kind == Kind.BIVARIATE)
        self.second.set_current(choice.second)
        self.tell(choice.refused)

    def tell(self, text: str) -> None:
        """Say why something cannot be shown; empty: nothing is wrong."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _target_typed(self) -> None:
        if not self.target.isModified():
            return
        try:
            value = parse_number(self.target.text())
        except ValueError:
            self.tell(_("Please enter a number, such as 25,5."))
            return
        self.target.setModified(False)
        self.changed.emit({"target": value})


def _typed(value: float | None) -> str:
    """A number as a user would type it."""
    if value is None:
        return ""
    decimals = next((d for d in range(6) if round(value, d) == value), 6)
    return format_number(value, decimals, grouping=False)
