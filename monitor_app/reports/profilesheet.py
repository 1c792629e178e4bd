"""The profile of an area on one page A4: PDF (tagged, searchable), SVG or PNG.

It says what the panel of the window says: both draw the same ``AreaProfile``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D

from monitor_app.cartography.alttext import cited
from monitor_app.cartography.charts import draw_pyramid, draw_time_line
from monitor_app.cartography.chartspec import Role, TimeLineSpec
from monitor_app.cartography.draw import compound_path, thinned
from monitor_app.cartography.figures import (
    INK,
    PT_PER_MM,
    QUIET,
    RULE,
    Sheet,
    balanced,
    shorten,
    text_width,
    wrap,
)
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.formats import THIN_SPACE, format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.reports.page import (
    DPI,
    SUBTITLE,
    Orientation,
    SheetLayout,
    foot,
    page_language,
    replace_file,
)
from monitor_app.reports.page import SMALL as FOOT
from monitor_app.reports.profilesheet_chart import Region
from monitor_app.reports.profilesheet_spec import AreaProfile, Change, KeyFigure
from monitor_app.reports.profilesheet_words import profile_words
from monitor_app.reports.svg import with_description
from monitor_app.reports.tagging import tagged

#: Colours of the map of the place; the area must be told from the town in grey print too.
TOWN, TOWN_LINE, HERE, HERE_LINE = "#e6e6e6", "#ffffff", "#0b5cad", "#0a2f57"
TITLE, LEAD, BODY, HEAD = 20.0, 15.0, 8.5, 7.2
LOCATOR = (58.0, 46.0)
CHARTS = 70.0
MOST_CHARTS = 104.0
NEIGHBOURS = 10
ROW = 4.9
#: Right edges of the columns of the table as shares of its width; the name has what is left.
COLUMNS = (0.5, 0.595, 0.735, 0.87, 1.0)


def compose_profile(profile: AreaProfile, layout: SheetLayout | None = None) -> Sheet:
    """Lay out the page (always upright A4)."""
    layout = replace(layout or SheetLayout(), orientation=Orientation.PORTRAIT, paper="A4")
    sheet = Sheet(*layout.size)
    margin = layout.margin
    wide = sheet.width - 2 * margin
    top = _head(sheet, profile, margin, wide)
    bottom = _foot(sheet, profile, layout, margin, wide)
    near = _neighbour_rows(profile)
    more = 4.0 if len(profile.neighbours) > NEIGHBOURS else 0.0
    needed = (2.0 + ROW * (1 + len(near)) + more) if near else 0.0
    charts = CHARTS if profile.pyramid is not None or profile.lines else 0.0
    room = bottom - top - needed - charts - 3.0
    top = _figures(sheet, profile, margin, top, wide, room)
    if charts:
        height = min(bottom - needed - top - 3.0, MOST_CHARTS)
        _charts(sheet, profile, margin, top + 3.0, wide, height)
        top += 3.0 + height
    if near:
        _neighbours(sheet, profile, near, margin, top + 2.0, wide)
    return sheet


def write_profile(
    profile: AreaProfile, path: str | os.PathLike[str], layout: SheetLayout | None = None
) -> Path:
    """Write one page; the ending decides: ``.pdf``, ``.svg`` or ``.png``. ``UserError`` for other
    endings and where the file cannot be written."""
    target = Path(path)
    ending = target.suffix.lower()
    if ending == ".pdf":
        return write_profiles([profile], target, layout)
    if ending not in (".svg", ".png"):
        raise _wrong_ending(target)
    figure = compose_profile(profile, layout).figure
    title, words = profile.name, profile_words(profile)
    out = BytesIO()
    if ending == ".svg":
        figure.savefig(out, format="svg", metadata={"Date": None})
        data = with_description(out.getvalue(), title, words, page_language())
    else:
        texts = {"Title": title, "Description": words}
        figure.savefig(out, format="png", dpi=DPI, metadata=texts)
        data = out.getvalue()
    replace_file(target, data)
    return target


def write_profiles(
    profiles: Sequence[AreaProfile],
    path: str | os.PathLike[str],
    layout: SheetLayout | None = None,
    progress: Progress | None = None,
) -> Path:
    """Several profiles as one PDF, a page each, tagged and with bookmarks."""
    target = Path(path)
    if target.suffix.lower() != ".pdf":
        raise _wrong_ending(target)
    if not profiles:
        raise fail("profile.none", _("There is no area to make a profile of."))
    office = layout.office if layout is not None else ""
    first = profiles[0]
    title = first.name if len(profiles) == 1 else f"{first.city}: {first.level_name}"
    out = BytesIO()
    about = {"Title": title, "Author": office or None, "Creator": "monitor-app"}
    with PdfPages(out, metadata=about) as pages:
        for i, profile in enumerate(profiles):
            if progress is not None:
                progress.step(i / len(profiles), profile.name)
            pages.savefig(compose_profile(profile, layout).figure)
    words = [profile_words(p) for p in profiles]
    data = tagged(out.getvalue(), title, words, page_language())
    replace_file(target, data)
    return target


def _wrong_ending(target: Path) -> Exception:
    return fail(
        "page.format",
        _("The page cannot be written as “{ending}”.").format(ending=target.suffix),
        file=target.name,
        repair=_("Choose a file name that ends with .pdf, .svg or .png."),
    )


# head and foot ---------------------------------------------------------------------------------


def _head(sheet: Sheet, profile: AreaProfile, margin: float, wide: float) -> float:
    """Name, place and the three leading numbers beside a small map of the town."""
    room = wide - LOCATOR[0] - 8.0
    _locator(sheet, profile, margin + wide - LOCATOR[0], margin - 2.0)
    size = TITLE
    lines = wrap(profile.name, room, size, "bold")
    if len(lines) > 1:
        size = 15.0
        lines = shorten(balanced(profile.name, room, size, "bold"), 3)
    top = sheet.paragraph(margin, margin - 2.0, lines, size, face="bold", leading=1.2)
    under = [f"{profile.city} · {profile.place}"]
    if profile.usual_day is not None:
        under.append(_("As of {date}").format(date=format_date(profile.usual_day)))
    for text in under:
        lines = shorten(wrap(text, room, SUBTITLE), 2)
        top = sheet.paragraph(margin, top + 0.4, lines, SUBTITLE, colour=QUIET)
    top = max(top + 5.0, margin + 20.0)
    _leading(sheet, profile, margin, top, room)
    return margin + LOCATOR[1] + 1.0


def _leading(sheet: Sheet, profile: AreaProfile, left: float, top: float, room: float) -> None:
    """The first three figures in large print."""
    shown = profile.figures[:3]
    width = room / 3
    for i, figure in enumerate(shown):
        at = left + i * width
        size = LEAD
        while text_width(figure.text, size, "bold") > width - 3.0 and size > 8:
            size -= 0.5
        sheet.text(at, top, figure.text, size, face="bold", colour=HERE_LINE)
        lines = shorten(wrap(figure.short_name, width - 4.0, HEAD), 3)
        sheet.paragraph(at, top + 7.2, lines, HEAD, colour=QUIET, leading=1.25)


def _locator(sheet: Sheet, profile: AreaProfile, left: float, top: float) -> None:
    """Where the area lies in the town."""
    shapes = profile.shapes
    extent = shapes.extent
    if extent is None:
        return
    width, height = LOCATOR
    axes = sheet.axes(left, top, width, height)
    west, south, east, north = extent
    metres = max((east - west) / (width - 2), (north - south) / (height - 2), 1e-9)
    x, y = (west + east) / 2, (south + north) / 2
    axes.set_xlim(x - metres * width / 2, x + metres * width / 2)
    axes.set_ylim(y - metres * height / 2, y + metres * height / 2)
    draw_place(axes, shapes, profile.key, metres / PT_PER_MM)


def draw_place(axes: Any, shapes: AreaShapes, key: str, point: float) -> None:
    """The town in grey, the area in blue; a small one also in a ring, so that it is found."""
    polygons = thinned(shapes, point)
    here = np.array([k == key for k in shapes.keys])
    quiet = [compound_path(p) for p in polygons[~here]]
    axes.add_collection(
        PathCollection(quiet, facecolors=TOWN, edgecolors=TOWN_LINE, linewidths=0.4), autolim=False
    )
    axes.add_collection(
        PathCollection(
            [compound_path(p) for p in polygons[here]],
            facecolors=HERE, edgecolors=HERE_LINE, linewidths=0.8, zorder=3,
        ),
        autolim=False,
    )  # fmt: skip
    box = shapes.bounds[here]
    if not len(box) or not np.isfinite(box).all():
        return
    west, south, east, north = box[:, 0].min(), box[:, 1].min(), box[:, 2].max(), box[:, 3].max()
    reach = max(east - west, north - south) / 2
    if reach < 7 * point:
        angle = np.linspace(0, 2 * np.pi, 60)
        ring = np.column_stack([np.cos(angle), np.sin(angle)]) * max(2.2 * reach, 8 * point)
        ring += [(west + east) / 2, (south + north) / 2]
        axes.add_collection(
            LineCollection([ring], colors=HERE_LINE, linewidths=1.2, zorder=4), autolim=False
        )


def _foot(
    sheet: Sheet, profile: AreaProfile, layout: SheetLayout, margin: float, wide: float
) -> float:
    left: list[str] = []
    if profile.sources:
        left += shorten(wrap(cited("; ".join(profile.sources)), wide * 0.62, FOOT), 4)
    ranks = _("Rank 1: highest value") if profile.figures else ""
    signs = " · ".join(t for t in (ranks, _signs(profile)) if t)
    for note in (*profile.notes, signs, layout.note):
        left += shorten(wrap(note, wide * 0.62, FOOT), 2)
    right = [(line, "bold") for line in wrap(layout.office, wide * 0.34, FOOT, "bold")]
    return foot(sheet, left, right, layout, margin, wide)


def _signs(profile: AreaProfile) -> str:
    """What the signs in the table mean, those that occur."""
    return " · ".join(dict.fromkeys(sign for f in profile.figures for sign in f.signs))


# the table -------------------------------------------------------------------------------------


def _figures(
    sheet: Sheet, profile: AreaProfile, left: float, top: float, wide: float, room: float
) -> float:
    """Key figures, a fine line between topics; rows come closer where there are many. Returns
    where the next part may begin."""
    rows = list(profile.figures)
    if not rows:
        text = _("No key figure can be computed on this level.")
        return sheet.paragraph(left, top + 2, [text], BODY, colour=QUIET) + 4
    head = 4.6
    step = min(5.6, max(4.1, (room - head) / len(rows)))
    heads = (_("Value"), _("Rank"), _("City"), _("Previous date"), _("Five years"))
    sheet.text(left, top, _("Key figure"), HEAD, face="bold", colour=QUIET)
    for text, share in zip(heads, COLUMNS, strict=True):
        sheet.text(left + share * wide, top, text, HEAD, face="bold", colour=QUIET, align="right")
    top += head
    _rule(sheet, left, top - 0.6, wide, "#555555")
    for i, figure in enumerate(rows):
        if i and figure.topic != rows[i - 1].topic:
            _rule(sheet, left, top - 0.1, wide, "#d5d5d5")
        _figure(sheet, profile, figure, left, top, wide)
        top += step
    _rule(sheet, left, top - 0.1, wide)
    return top


def _figure(
    sheet: Sheet, profile: AreaProfile, figure: KeyFigure, left: float, top: float, wide: float
) -> None:
    small = HEAD
    cells = (
        (figure.text, BODY, "bold", INK),
        (figure.rank_text, small, "regular", INK),
        (figure.city_text, BODY, "regular", INK),
        (_change(figure.previous), BODY, "regular", INK),
        (_change(figure.five_years), BODY, "regular", INK),
    )
    for (text, size, face, colour), share in zip(cells, COLUMNS, strict=True):
        down = (BODY - size) / PT_PER_MM  # one baseline for all sizes
        sheet.text(
            left + share * wide, top + down, text, size, face=face, colour=colour, align="right"
        )
    day = profile.day_beside(figure) + ("*" if figure.remark else "")
    day_room = text_width(day, 6.2) + 2.0 if day else 0.0
    room = COLUMNS[0] * wide - text_width(figure.text, BODY, "bold") - 4.0 - day_room
    size = BODY
    while size > 7.0 and text_width(figure.short_name, size) > room:
        size -= 0.25
    name = cut(figure.short_name, room, size)
    sheet.text(left, top + (BODY - size) / PT_PER_MM, name, size)
    if day:
        at = left + text_width(name, size) + 1.6
        sheet.text(at, top + (BODY - 6.2) / PT_PER_MM, day, 6.2, colour=QUIET)


def _change(change: Change | None) -> str:
    if change is None:
        return "–"
    return change.text + ("*" if change.reform else "")


def _rule(sheet: Sheet, left: float, top: float, width: float, colour: str = RULE) -> None:
    """A thin line straight on the page: axes of its own for each would take longer to draw than
    all words."""
    y = 1 - top / sheet.height
    ends = (left / sheet.width, (left + width) / sheet.width)
    sheet.figure.add_artist(
        Line2D(ends, (y, y), color=colour, linewidth=0.5, solid_capstyle="butt")
    )


def cut(text: str, room: float, size: float, face: str = "regular") -> str:
    """Text cut to ``room`` millimetres, with an ellipsis."""
    while text_width(text, size, face) > room and len(text) > 2:
        text = text[:-2].rstrip(" (,") + "…"
    return text


# charts and neighbours -------------------------------------------------------------------------


def _charts(
    sheet: Sheet, profile: AreaProfile, left: float, top: float, wide: float, height: float
) -> None:
    """Pyramid to the left, time lines to the right; either takes all where the other is not."""
    gap = 5.0
    lines = profile.lines
    across, room = left, wide
    if profile.pyramid is not None:
        width = wide * 0.42 if lines else wide * 0.6
        # The axis of the chart, not the room left of it, stands below the table.
        draw_pyramid(Region(sheet, left - 2.5, top, width, height).figure, profile.pyramid)
        across, room = left + width + gap, wide - width - gap
    if not lines:
        return
    columns = 1 if len(lines) == 1 or (profile.pyramid and len(lines) == 2) else 2
    rows = -(-len(lines) // columns)
    width = (room - 4.0 * (columns - 1)) / columns
    tall = (height - 5.0) / rows
    for i, line in enumerate(lines):
        row, column = divmod(i, columns)
        _line(sheet, line, across + column * (width + 4.0), top + row * tall, width, tall - 1.5)
    if any(one.role is Role.CITY for line in lines for one in line.lines):
        key = _("Blue: {name} · black: {city} · grey: range of all areas")
    else:
        key = _("Blue: {name}")
    key = key.format(name=profile.name, city=profile.city)
    sheet.text(across, top + height - 4.0, cut(key, room, 6.4), 6.4, colour=QUIET)


def _line(
    sheet: Sheet, line: TimeLineSpec, left: float, top: float, width: float, height: float
) -> None:
    """One time line with a small heading; the lines are told apart by colour, once for all."""
    unit = f" ({line.unit})" if line.unit else ""
    heads = shorten(wrap(line.title.split(" (")[0] + unit, width, HEAD, "bold"), 2)
    below = sheet.paragraph(left, top, heads, HEAD, face="bold", leading=1.2)
    # Days of reforms stand in the notes: words on so small a chart would cover its lines.
    lines = tuple(replace(one, label="") for one in line.lines)
    plain = replace(line, title="", unit="", lines=lines, breaks=())
    part = Region(sheet, left - 2.0, below - 2.0, width + 2.0, height - (below - top) + 2.0)
    draw_time_line(part.figure, plain)


def _neighbour_rows(profile: AreaProfile) -> list[tuple[str, tuple[str, ...]]]:
    """The area itself, then its neighbours; what is too much for the page is counted."""
    if not profile.neighbours:
        return []
    rows = [(profile.name, profile.own)]
    rows += [(n.name, n.values) for n in profile.neighbours[:NEIGHBOURS]]
    return rows


def _neighbours(
    sheet: Sheet,
    profile: AreaProfile,
    rows: Sequence[tuple[str, tuple[str, ...]]],
    left: float,
    top: float,
    wide: float,
) -> None:
    title = _("Neighbours")
    sheet.text(left, top, title, HEAD, face="bold", colour=QUIET)
    width = wide * 0.255
    edges = [wide - (len(profile.columns) - 1 - i) * width for i in range(len(profile.columns))]
    for name, edge in zip(profile.columns, edges, strict=True):
        text = cut(name.split(" (")[0], width - 1.5, HEAD, "bold")
        sheet.text(left + edge, top, text, HEAD, face="bold", colour=QUIET, align="right")
    top += 4.6
    _rule(sheet, left, top - 0.6, wide, "#555555")
    for i, (name, values) in enumerate(rows):
        face = "bold" if i == 0 else "regular"
        room = (edges[0] - width if edges else wide) - 2.0
        sheet.text(left, top, cut(name, room, BODY, face), BODY, face=face)
        for text, edge in zip(values, edges, strict=True):
            sheet.text(left + edge, top, text, BODY, face=face, align="right")
        top += ROW - 0.4
    _rule(sheet, left, top - 0.4, wide)
    rest = len(profile.neighbours) - NEIGHBOURS
    if rest > 0:
        text = _("The {count} with the longest common border; {rest} more.").format(
            count=format_number(NEIGHBOURS), rest=format_number(rest)
        )
        sheet.text(left, top, text, 6.4, colour=QUIET)


def file_stem(profile: AreaProfile) -> str:
    """A file name for a profile: key and name, without signs that file systems refuse."""
    name = "".join(c if c.isalnum() or c in "-_ " else "-" for c in profile.name).strip()
    return f"{profile.key}_{name}".replace(" ", "-").replace(THIN_SPACE, "-")
