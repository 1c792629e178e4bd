"""Line icons from ``resources/icons``, tinted with the colours of the theme."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from monitor_app.core.resources import resource_path
from monitor_app.ui.theme import Theme

#: The drawings use this ink; it is replaced by the token.
_INK = "#000000"
_SCALES = (1, 2, 3)


def icon(name: str, theme: Theme, token: str = "text", size: int = 20) -> QIcon:
    """The icon ``resources/icons/<name>.svg`` in the colour of a token, grey where disabled."""
    source = resource_path("icons", f"{name}.svg").read_text(encoding="utf-8")
    result = QIcon()
    for mode, colour in (
        (QIcon.Mode.Normal, getattr(theme.tokens, token)),
        (QIcon.Mode.Disabled, theme.tokens.border),
    ):
        renderer = QSvgRenderer(QByteArray(source.replace(_INK, colour).encode()))
        for scale in _SCALES:
            image = QImage(size * scale, size * scale, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(Qt.GlobalColor.transparent)
            painter = QPainter(image)
            renderer.render(painter, QRectF(0, 0, size * scale, size * scale))
            painter.end()
            pixmap = QPixmap.fromImage(image)
            pixmap.setDevicePixelRatio(scale)
            result.addPixmap(pixmap, mode)
    return result
