"""Notices about the project as a whole, below the context bar: read-only, changed by others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from monitor_app.core.i18n import _
from monitor_app.ui.icons import icon
from monitor_app.ui.theme import Theme

#: What a notice offers: the words on the button and what it does.
Offer = tuple[str, Callable[[], object]]


class Notice(QFrame):
    """A sentence and what can be done about it; ``close`` None: it stays as long as it is true."""

    def __init__(
        self, theme: Theme, text: str, offers: Sequence[Offer], close: Callable[[], None] | None
    ) -> None:
        super().__init__()
        self.setProperty("role", "notice")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 12, 4)
        row.setSpacing(8)
        sign = QLabel()
        sign.setPixmap(icon("warning", theme, "on_warning", 18).pixmap(18))
        self.label = QLabel(text)
        self.label.setWordWrap(True)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row.addWidget(sign)
        row.addWidget(self.label, 1)
        self.buttons: list[QPushButton] = []
        for words, call in offers:
            button = QPushButton(words)
            button.clicked.connect(call)
            row.addWidget(button)
            self.buttons.append(button)
        self.end = QToolButton()
        self.end.setProperty("role", "flat")
        self.end.setIcon(icon("close", theme, "on_warning", 14))
        self.end.setToolTip(_("Close this notice"))
        self.end.setAccessibleName(_("Close this notice"))
        self.end.setVisible(close is not None)
        if close is not None:
            self.end.clicked.connect(close)
            row.addWidget(self.end)


class NoticeBar(QWidget):
    """The notices that hold now, one below the other; no room taken where there are none."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: dict[str, Notice] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.hide()

    def put(
        self, name: str, text: str, offers: Sequence[Offer] = (), *, closable: bool = False
    ) -> None:
        """Show the notice ``name``, or replace it where its words changed."""
        old = self._shown.get(name)
        if old is not None and old.label.text() == text:
            return
        self.drop(name)
        close = (lambda: self.drop(name)) if closable else None
        notice = Notice(self._theme, text, offers, close)
        self._shown[name] = notice
        self._column.addWidget(notice)
        self.show()

    def drop(self, name: str) -> None:
        notice = self._shown.pop(name, None)
        if notice is not None:
            self._column.removeWidget(notice)
            notice.hide()
            notice.deleteLater()
        self.setVisible(bool(self._shown))

    def notice(self, name: str) -> Notice | None:
        return self._shown.get(name)
