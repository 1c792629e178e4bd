"""A part of a page that charts can be drawn on as if it were a figure of its own."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox, BboxTransformTo, TransformedBbox

from monitor_app.cartography.figures import MM_PER_INCH, Sheet


class Region:
    """A rectangle of a ``Sheet`` in millimetres from its upper left corner. Takes what charts ask
    of a figure; ``clear`` and the colour of the paper stay those of the page."""

    def __init__(self, sheet: Sheet, left: float, top: float, width: float, height: float) -> None:
        self._sheet = sheet
        self._box = sheet.box(left, top, width, height)
        self._size = (width / MM_PER_INCH, height / MM_PER_INCH)

    @property
    def figure(self) -> Figure:
        """This region under the type that charts are declared for."""
        return cast(Figure, self)

    def clear(self) -> None:
        """The page keeps what stands on it."""

    def set_facecolor(self, _colour: Any) -> None:
        """The paper is the page's."""

    def get_size_inches(self) -> tuple[float, float]:
        return self._size

    def add_axes(self, box: tuple[float, float, float, float], **more: Any) -> Axes:
        left, bottom, width, height = box
        x, y, wide, tall = self._box
        whole = (x + left * wide, y + bottom * tall, width * wide, height * tall)
        return self._sheet.figure.add_axes(whole, **more)

    @cached_property
    def transFigure(self) -> BboxTransformTo:  # noqa: N802 - matplotlib's name
        """From fractions of this region to the screen."""
        box = Bbox.from_bounds(*self._box)
        return BboxTransformTo(TransformedBbox(box, self._sheet.figure.transFigure))

    def text(self, x: float, y: float, text: str, **more: Any) -> Any:
        left, bottom, wide, tall = self._box
        return self._sheet.figure.text(left + x * wide, bottom + y * tall, text, **more)
