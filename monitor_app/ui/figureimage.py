"""A matplotlib figure as a picture of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure_image(figure: Figure, ratio: float = 1.0) -> QImage:
    """*Slow*; may run in any thread. ``ratio``: pixels of the figure per pixel of the window. In
    the format of the screen: another one would be converted at every repaint."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    data = bytes(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    width, height = canvas.get_width_height()
    drawn = QImage(data, width, height, width * 4, QImage.Format.Format_RGBA8888)
    image = drawn.convertToFormat(QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    return image
