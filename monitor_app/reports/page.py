"""A map as a page for a council paper: PDF (vector), SVG or PNG (300 dpi).

The page is drawn from the ``MapSpec`` that the screen shows: same classes, colours, patterns.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import Stroke

from monitor_app.cartography.alttext import alt_text, cited
from monitor_app.cartography.decor import draw_layers, fitted_symbols
from monitor_app.cartography.draw import draw_map
from monitor_app.cartography.figures import (
    INK,
    MM_PER_INCH,
    PT_PER_MM,
    QUIET,
    Sheet,
    balanced,
    font,
    shorten,
    text_width,
    wrap,
)
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.causes import cause
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import LANGUAGE, _
from monitor_app.core.issues import fail
from monitor_app.reports.legendbox import LegendBox
from monitor_app.reports.svg import with_description
from monitor_app.reports.tagging import tagged

__all__ = ["DPI", "Orientation", "SheetLayout", "alt_text", "compose", "write_page"]

DPI = 300
A4 = (210.0, 297.0)
A3 = (297.0, 420.0)


class Orientation(StrEnum):
    """How the paper lies."""

    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """What stands around the map. ``office``: who made it; ``printed``: date of printing (today
    where not given); ``watermark``: such as "vorläufig"; ``note``: one more line of text."""

    orientation: Orientation = Orientation.LANDSCAPE
    paper: str = "A4"
    office: str = ""
    printed: date | None = None
    watermark: str = ""
    note: str = ""
    margin: float = 15.0

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in millimetres."""
        short, long = A3 if self.paper == "A3" else A4
        return (short, long) if self.orientation is Orientation.PORTRAIT else (long, short)


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle in millimetres from the upper left corner of the page."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Composition:
    """The page and where its parts are, for tests and for placing more on it."""

    sheet: Sheet
    map: Frame
    legend: Frame
    metres_per_mm: float | None


TITLE, SUBTITLE, SMALL = 18.0, 10.5, 7.5


def compose(spec: MapSpec, shapes: AreaShapes, layout: SheetLayout) -> Composition:
    """Lay out one page. The legend has a room of its own and never lies on the map."""
    sheet = Sheet(*layout.size)
    margin = layout.margin
    wide = sheet.width - 2 * margin
    top = heading(sheet, spec, margin, wide)
    bottom = footer(sheet, spec, layout, margin, wide)
    box = LegendBox(spec)
    if layout.orientation is Orientation.LANDSCAPE:
        legend_width, gap = 64.0, 7.0
        room = Frame(margin, top, wide - legend_width - gap, bottom - top)
        beside = Frame(sheet.width - margin - legend_width, top, legend_width, bottom - top)
        metres = _draw(_map_axes(sheet, room), spec, shapes, room)
        used = LegendBox(_as_drawn(spec, shapes, metres)).draw(
            sheet, beside.left, beside.top, beside.width, metres
        )
        legend = Frame(beside.left, beside.top, beside.width, used)
    else:
        needed = box.height_in_columns(wide)
        room = Frame(margin, top, wide, bottom - top - needed - 6)
        metres = _draw(_map_axes(sheet, room), spec, shapes, room)
        legend_top = bottom - needed
        box = LegendBox(_as_drawn(spec, shapes, metres))
        box.draw_in_columns(sheet, margin, legend_top, wide, metres)
        legend = Frame(margin, legend_top, wide, needed)
    if layout.watermark:
        _watermark(sheet, room, layout.watermark)
    return Composition(sheet, room, legend, metres)


def _as_drawn(spec: MapSpec, shapes: AreaShapes, metres: float | None) -> MapSpec:
    """The map as ``_draw`` drew it, for its legend."""
    return spec if metres is None else fitted_symbols(spec, shapes, metres * MM_PER_INCH / 96)


def _draw(axes: Any, spec: MapSpec, shapes: AreaShapes, room: Frame) -> float | None:
    metres = draw_map(axes, spec, shapes, room.width, room.height)
    if metres is not None and spec.layers:
        draw_layers(axes, spec, shapes, metres * MM_PER_INCH / 96)
    return metres


def write_page(
    spec: MapSpec, shapes: AreaShapes, layout: SheetLayout, path: str | os.PathLike[str]
) -> Path:
    """Write the page; the ending of ``path`` decides: ``.pdf``, ``.svg`` or ``.png``. An existing
    file is replaced at the end only. Raises UserError for other endings and where the file cannot
    be written."""
    return write_composition(compose(spec, shapes, layout), spec, layout, path)


def write_composition(
    page: Composition, spec: MapSpec, layout: SheetLayout, path: str | os.PathLike[str]
) -> Path:
    """Write a page that was laid out; ``spec`` gives title and alternative text."""
    target = Path(path)
    writers: dict[str, Callable[[Composition, MapSpec, SheetLayout], bytes]] = {
        ".pdf": _pdf,
        ".svg": _svg,
        ".png": _png,
    }
    writer = writers.get(target.suffix.lower())
    if writer is None:
        raise fail(
            "page.format",
            _("The page cannot be written as “{ending}”.").format(ending=target.suffix),
            file=target.name,
            repair=_("Choose a file name that ends with .pdf, .svg or .png."),
        )
    data = writer(page, spec, layout)
    replace_file(target, data)
    return target


def heading(sheet: Sheet, spec: MapSpec, margin: float, wide: float) -> float:
    """Title and subtitle; returns where the map may begin."""
    size = TITLE
    lines = wrap(spec.title, wide, size, "bold")
    if len(lines) > 1:
        size = 15.0
        lines = shorten(balanced(spec.title, wide, size, "bold"), 3)
    top = sheet.paragraph(margin, margin - 2, lines, size, face="bold", leading=1.22)
    under = shorten(wrap(spec.subtitle or default_subtitle(spec), wide, SUBTITLE), 3)
    top = sheet.paragraph(margin, top + 0.6, under, SUBTITLE, colour=QUIET)
    return top + 4.5


def default_subtitle(spec: MapSpec) -> str:
    """What the map shows, where and when, where nobody wrote a subtitle."""
    when = spec.date_text
    if when and spec.base_day is not None:
        when = _("change {dates}").format(dates=when)
    elif when and not spec.period:
        when = _("as of {date}").format(date=when)
    where = _("by {level}").format(level=spec.level_name) if spec.level_name else ""
    return " · ".join(part for part in (where, when) if part)


def footer(sheet: Sheet, spec: MapSpec, layout: SheetLayout, margin: float, wide: float) -> float:
    """Source, dates and office; returns where the map must end."""
    right: list[tuple[str, str]] = []
    if layout.office:
        right += [(line, "bold") for line in wrap(layout.office, wide * 0.36, SMALL, "bold")]
    if spec.date_text:
        right.append((_("Date of data: {date}").format(date=spec.date_text), "regular"))
    left: list[str] = []
    if spec.source:
        left += shorten(wrap(cited(spec.source), wide * 0.58, SMALL), 4)
    for text in (spec.note, layout.note):
        left += shorten(wrap(text, wide * 0.58, SMALL), 2)
    return foot(sheet, left, right, layout, margin, wide)


def foot(
    sheet: Sheet,
    left: Sequence[str],
    right: Sequence[tuple[str, str]],
    layout: SheetLayout,
    margin: float,
    wide: float,
) -> float:
    """Small print below a line: wrapped lines on the left; lines with their face on the right, and
    below them the day of printing. Returns where the page above must end."""
    step = SMALL * 1.35 / PT_PER_MM
    printed = format_date(layout.printed or date.today())
    right = [*right, (_("Printed: {date}").format(date=printed), "regular")]
    rows = max(len(left), len(right))
    top = sheet.height - margin + 3 - rows * step
    sheet.rule(margin, top - 2.2, wide)
    sheet.paragraph(margin, top, left, SMALL, colour=QUIET, leading=1.35)
    for i, (line, face) in enumerate(right):
        colour = INK if face == "bold" else QUIET
        sheet.text(
            margin + wide, top + i * step, line, SMALL, face=face, colour=colour, align="right"
        )
    return top - 6.0


def _map_axes(sheet: Sheet, room: Frame) -> Any:
    return sheet.axes(room.left, room.top, room.width, room.height)


def _watermark(sheet: Sheet, room: Frame, text: str) -> None:
    """Large letters across the map, dark with a light rim: readable on every class colour, and
    colours and borders stay readable under them."""
    for colour, rim, strength in (("#ffffff", 3.0, 0.35), ("#000000", 0.0, 0.2)):
        sheet.figure.text(
            (room.left + room.width / 2) / sheet.width,
            1 - (room.top + room.height / 2) / sheet.height,
            text,
            fontproperties=_watermark_font(text, room),
            color=colour,
            alpha=strength,
            ha="center",
            va="center",
            rotation=28,
            parse_math=False,
            path_effects=[Stroke(linewidth=rim, foreground=colour)] if rim else None,
            zorder=20,
        )


def _watermark_font(text: str, room: Frame) -> FontProperties:
    width = text_width(text, 60, "bold")
    return font(min(90.0, 60 * 0.8 * min(room.width, room.height * 1.6) / max(width, 1)), "bold")


def page_svg(spec: MapSpec, shapes: AreaShapes, layout: SheetLayout) -> bytes:
    """The page as SVG, for the clipboard."""
    return _svg(compose(spec, shapes, layout), spec, layout)


def _pdf(page: Composition, spec: MapSpec, layout: SheetLayout) -> bytes:
    out = BytesIO()
    title = spec.title or _("Map")
    page.sheet.figure.savefig(
        out,
        format="pdf",
        metadata={"Title": title, "Author": layout.office or None, "Creator": "monitor-app"},
    )
    return tagged(out.getvalue(), title, [alt_text(spec)], page_language())


def _svg(page: Composition, spec: MapSpec, _layout: SheetLayout) -> bytes:
    out = BytesIO()
    page.sheet.figure.savefig(out, format="svg", metadata={"Date": None})
    return with_description(out.getvalue(), spec.title or _("Map"), alt_text(spec), page_language())


def _png(page: Composition, spec: MapSpec, layout: SheetLayout) -> bytes:
    out = BytesIO()
    page.sheet.figure.savefig(
        out,
        format="png",
        dpi=DPI,
        metadata={"Title": spec.title, "Description": alt_text(spec), "Author": layout.office},
    )
    return out.getvalue()


def page_language() -> str:
    return {"de": "de-DE", "en": "en"}[LANGUAGE.code]


def replace_file(target: Path, data: bytes) -> None:
    """Write beside the target and move into place, so that a failure leaves the old file."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".page-", suffix=target.suffix)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            temporary.chmod(0o644)
            temporary.replace(target)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise fail(
            "page.not_written",
            _("The file could not be written: {reason}").format(reason=cause(error)),
            file=target.name,
            repair=_("Close the file in other programs or choose another folder."),
        ) from error
