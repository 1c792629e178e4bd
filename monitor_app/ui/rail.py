"""Rail at the left: the workspaces that exist, one below the other."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from monitor_app.ui.icons import icon
from monitor_app.ui.theme import Theme


class Rail(QFrame):
    """One checkable button per workspace; ``chosen`` tells its key."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self._theme = theme
        self._pictures: dict[str, str] = {}
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 8, 0, 8)
        self._column.setSpacing(4)
        self._column.addStretch(1)

    def add(self, key: str, picture: str, title: str) -> None:
        button = QToolButton()
        button.setText(title)
        button.setCheckable(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(22, 22))
        button.setFixedWidth(80)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(title)
        button.clicked.connect(lambda: self.chosen.emit(key))
        self._group.addButton(button)
        self._pictures[key] = picture
        self.buttons[key] = button
        self._column.insertWidget(self._column.count() - 1, button)
        self.draw_icons()

    def check(self, key: str) -> None:
        self.buttons[key].setChecked(True)

    def offer(self, key: str, there: bool) -> None:
        """Show a workspace only where there is something in it."""
        self.buttons[key].setVisible(there)

    def draw_icons(self) -> None:
        for key, button in self.buttons.items():
            button.setIcon(icon(self._pictures[key], self._theme, size=22))
