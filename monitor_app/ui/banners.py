"""Banners above the map: each says what narrows the view and can be closed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from monitor_app.core.i18n import _
from monitor_app.ui.icons import icon
from monitor_app.ui.mapfurniture import INK
from monitor_app.ui.theme import HEADING, Theme


class Banner(QFrame):
    """One line with an icon, a text and a button that ends what it tells of."""

    def __init__(
        self, theme: Theme, picture: str, text: str, close: Callable[[], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "banner")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(8)
        sign = QLabel()
        sign.setPixmap(icon(picture, theme, "on_warning", 16).pixmap(16))
        self.label = QLabel(text)
        self.button = QToolButton()
        self.button.setProperty("role", "flat")
        self.button.setIcon(icon("close", theme, "on_warning", 14))
        self.button.setToolTip(_("End this"))
        self.button.setAccessibleName(_("End: {what}").format(what=text))
        self.button.clicked.connect(close)
        for widget in (sign, self.label, self.button):
            row.addWidget(widget)


class Banners(QWidget):
    """The date and a row of banners over the upper left of the map: appearing or going, they
    do not push the map about."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: dict[str, Banner] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self.day = QLabel()
        self.day.setObjectName("mapDay")
        self.day.setStyleSheet(
            f"QLabel#mapDay {{ background: rgba(255, 255, 255, 215); color: {INK};"
            f" border-radius: 6px; padding: 4px 8px; font-size: {HEADING}px; font-weight: 600; }}"
        )
        self._row.addWidget(self.day)
        self.move(12, 12)
        self.tell("")

    def tell(self, day: str) -> None:
        """Show the date of the map, large."""
        self.day.setText(day)
        self.day.setVisible(bool(day))
        self._fit()

    def _fit(self) -> None:
        self.setVisible(bool(self._shown) or bool(self.day.text()))
        self.adjustSize()
        self.resize(self.sizeHint())

    def put(self, name: str, picture: str, text: str, close: Callable[[], None]) -> None:
        """Show or replace the banner ``name``."""
        old = self._shown.get(name)
        if old is not None and old.label.text() == text:
            return
        self.drop(name)
        banner = Banner(self._theme, picture, text, close, self)
        self._shown[name] = banner
        self._row.addWidget(banner)
        banner.show()
        self._fit()

    def drop(self, name: str) -> None:
        banner = self._shown.pop(name, None)
        if banner is not None:
            self._row.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
        self._fit()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._shown)

    def banner(self, name: str) -> Banner | None:
        return self._shown.get(name)
