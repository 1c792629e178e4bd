"""Figures on paper: matplotlib without pyplot, lengths in millimetres, our own font."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from monitor_app.cartography.fonts import FAMILY, font_path

MM_PER_INCH = 25.4
PT_PER_MM = 72 / MM_PER_INCH
#: Points per CSS pixel: screen looks carry over to paper at this size.
PT_PER_PX = 0.75

INK = "#1a1a1a"
QUIET = "#555555"
RULE = "#b5b5b5"


@cache
def configure() -> None:
    """Settings that every export needs; made once, so that threads never see them change."""
    mpl.rcParams["pdf.fonttype"] = 42  # TrueType, searchable, not outlines
    mpl.rcParams["svg.fonttype"] = "none"  # text stays text
    mpl.rcParams["svg.hashsalt"] = "monitor-app"
    mpl.rcParams["path.simplify"] = False  # shared borders must stay shared


@cache
def font(size: float, face: str = "regular") -> FontProperties:
    """The shipped font in a size (pt), by path; name and weight are for SVG readers."""
    return FontProperties(
        family=FAMILY,
        fname=str(font_path(face)),
        size=size,
        weight="bold" if face == "bold" else "normal",
        style="italic" if face == "italic" else "normal",
    )


def text_width(text: str, size: float, face: str = "regular") -> float:
    """Width of one line in millimetres."""
    width, _height, _descent = text_to_path.get_text_width_height_descent(
        text, font(size, face), ismath=False
    )
    return float(width) / PT_PER_MM


def wrap(text: str, width: float, size: float, face: str = "regular") -> list[str]:
    """Lines no wider than ``width`` millimetres; words longer than a line are broken."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if text_width(longer, size, face) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            line = word
            while text_width(line, size, face) > width and len(line) > 1:
                cut = len(line) - 1
                while cut > 1 and text_width(line[:cut] + "-", size, face) > width:
                    cut -= 1
                lines.append(line[:cut] + ("" if line[cut - 1] in "-–/" else "-"))
                line = line[cut:]
        if line:
            lines.append(line)
    return lines


def balanced(text: str, width: float, size: float, face: str = "regular") -> list[str]:
    """As few lines as ``wrap`` makes, but of similar length: no lonely last word."""
    lines = wrap(text, width, size, face)
    for share in (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6):
        narrower = wrap(text, width * share, size, face)
        if len(narrower) > len(lines):
            break
        lines = narrower
    return lines


def shorten(lines: Sequence[str], most: int) -> list[str]:
    """At most ``most`` lines; an ellipsis tells that there was more."""
    kept = list(lines[:most])
    if len(lines) > most and kept:
        kept[-1] = kept[-1].rstrip(" .,;") + " …"
    return kept


class Sheet:
    """A page of paper. Positions in millimetres from the upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        configure()
        self.width = width
        self.height = height
        self.figure = Figure(
            figsize=(width / MM_PER_INCH, height / MM_PER_INCH), facecolor="#ffffff"
        )

    def box(
        self, left: float, top: float, width: float, height: float
    ) -> tuple[float, float, float, float]:
        """A rectangle in figure fractions (left, bottom, width, height)."""
        return (
            left / self.width,
            1 - (top + height) / self.height,
            width / self.width,
            height / self.height,
        )

    def axes(self, left: float, top: float, width: float, height: float) -> Any:
        """Axes without frame or ticks that fill a rectangle."""
        axes = self.figure.add_axes(self.box(left, top, width, height))
        axes.set_axis_off()
        return axes

    def text(
        self,
        left: float,
        top: float,
        text: str,
        size: float,
        *,
        face: str = "regular",
        colour: str = INK,
        align: str = "left",
        **more: Any,
    ) -> None:
        """One line whose baseline lies ``size`` points below ``top``. Never read as formula."""
        baseline = top + size / PT_PER_MM
        self.figure.text(
            left / self.width,
            1 - baseline / self.height,
            text,
            fontproperties=font(size, face),
            color=colour,
            ha=align,
            va="baseline",
            parse_math=False,
            **more,
        )

    def paragraph(
        self,
        left: float,
        top: float,
        lines: Sequence[str],
        size: float,
        *,
        face: str = "regular",
        colour: str = INK,
        leading: float = 1.3,
        align: str = "left",
    ) -> float:
        """Several lines; returns where the next thing may begin."""
        step = size * leading / PT_PER_MM
        for line in lines:
            self.text(left, top, line, size, face=face, colour=colour, align=align)
            top += step
        return top

    def rule(self, left: float, top: float, width: float, colour: str = RULE) -> None:
        """A thin horizontal line."""
        axes = self.axes(left, top - 0.5, width, 1.0)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.plot([0, 1], [0.5, 0.5], color=colour, linewidth=0.5, solid_capstyle="butt")
