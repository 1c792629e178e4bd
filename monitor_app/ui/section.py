"""A part of a panel that can be folded away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from monitor_app.ui.theme import Theme


class Section(QWidget):
    """A heading that is a button, and below it ``body`` while it is open."""

    toggled = Signal(bool)

    def __init__(
        self, theme: Theme, title: str, body: QWidget, *, folded: bool = False,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.body = body
        line = QFrame()
        line.setProperty("role", "line")
        self.button = QToolButton()
        self.button.setProperty("role", "section")
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setChecked(not folded)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (line, self.button, body):
            column.addWidget(widget)
        self.button.toggled.connect(self._fold)
        self._fold(not folded)

    def _fold(self, opened: bool) -> None:
        self.button.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.body.setVisible(opened)
        self.toggled.emit(opened)
