"""Samples of fills for legends and colour choosers, drawn from cartography's own patterns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap

from monitor_app.cartography.colour import mix
from monitor_app.cartography.looks import Pattern, Swatch
from monitor_app.cartography.paint import INK_LEVELS, pattern_tile

_EDGE = "#7c8794"


def swatch_image(swatch: Swatch, size: QSize, dpr: float) -> QImage:
    """A framed sample of ``size`` logical pixels."""
    width, height = round(size.width() * dpr), round(size.height() * dpr)
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(swatch.colour))
    if swatch.pattern is not Pattern.NONE:
        tile = pattern_tile((swatch.pattern, swatch.spacing, swatch.width), dpr)
        inks = [
            QColor(mix(swatch.colour, swatch.ink, swatch.opacity * level / INK_LEVELS)).rgb()
            for level in range(INK_LEVELS + 1)
        ]
        repeats = (-(-height // tile.shape[0]), -(-width // tile.shape[1]))
        levels = np.tile(tile, repeats)[:height, :width]
        for y, x in zip(*np.nonzero(levels), strict=True):
            image.setPixel(int(x), int(y), inks[levels[y, x]])
    painter = QPainter(image)
    painter.setPen(QColor(_EDGE))
    painter.drawRect(0, 0, width - 1, height - 1)
    painter.end()
    image.setDevicePixelRatio(dpr)
    return image


def ramp_icon(colours: Sequence[str], size: QSize, dpr: float) -> QIcon:
    """All colours of a palette side by side."""
    image = QImage(size * dpr, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    count = max(len(colours), 1)
    for i, colour in enumerate(colours):
        left = round(i * image.width() / count)
        right = round((i + 1) * image.width() / count)
        painter.fillRect(left, 0, right - left, image.height(), QColor(colour))
    painter.end()
    image.setDevicePixelRatio(dpr)
    return QIcon(QPixmap.fromImage(image))
