"""Several maps at once: small multiples on one page, and a moving picture of a series."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from monitor_app.cartography.decor import draw_layers
from monitor_app.cartography.draw import draw_map
from monitor_app.cartography.figures import (
    MM_PER_INCH,
    PT_PER_MM,
    QUIET,
    Sheet,
    shorten,
    text_width,
    wrap,
)
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.causes import cause
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.reports.legendbox import LegendBox
from monitor_app.reports.page import (
    Composition,
    Frame,
    Orientation,
    SheetLayout,
    compose,
    footer,
    heading,
    write_composition,
)

CAPTION = 9.0
GAP = 5.0
#: Height of a legend of its own below a map.
STRIP = 11.0
#: Colours of a moving picture that are meant as paper.
NEARLY_WHITE = 246
MOST = 24


def compose_multiples(
    specs: Sequence[MapSpec],
    shapes: Sequence[AreaShapes],
    layout: SheetLayout,
    *,
    title: str = "",
    captions: Sequence[str] = (),
    progress: Progress | None = None,
) -> Composition:
    """Maps side by side under one legend. Give them shared breaks (``shared_specs``, or breaks of
    the whole series). Maps in different units (several indicators) have a small legend of their
    own each. UserError where classes differ in one unit, or for more than 24 maps."""
    if not specs or len(specs) != len(shapes):
        raise ValueError("one set of shapes per map is needed")
    first = specs[0]
    alike = _alike(specs)
    if len(specs) > MOST:
        raise fail(
            "multiples.many",
            _("{count} maps are more than a page can hold.").format(count=len(specs)),
            repair=_("Choose up to {most} dates.").format(most=MOST),
        )
    sheet = Sheet(*layout.size)
    margin = layout.margin
    wide = sheet.width - 2 * margin
    named = _named(specs, title or first.title)
    top = heading(sheet, named, margin, wide)
    bottom = footer(sheet, named, layout, margin, wide)
    landscape = layout.orientation is Orientation.LANDSCAPE
    texts = list(captions) or [s.date_text or s.title for s in specs]
    if not alike:
        room = Frame(margin, top, wide, bottom - top)
        metres = _draw_grid(sheet, specs, shapes, texts, room, own=True, progress=progress)
        return Composition(sheet, room, Frame(margin, bottom, wide, 0.0), metres)
    box = LegendBox(_pooled(specs), counts=False)  # areas of all dates added up are no number
    needed = 0.0 if landscape else box.height_in_columns(wide) + 6
    width = wide - (64.0 + 7.0 if landscape else 0)
    room = Frame(margin, top, width, bottom - top - needed)
    metres = _draw_grid(sheet, specs, shapes, texts, room, progress=progress)
    if landscape:
        legend = Frame(sheet.width - margin - 64, top, 64, bottom - top)
        box.draw(sheet, legend.left, legend.top, legend.width, metres)
    else:
        legend = Frame(margin, bottom - needed + 6, wide, needed - 6)
        box.draw_in_columns(sheet, legend.left, legend.top, legend.width, metres)
    return Composition(sheet, room, legend, metres)


def _alike(specs: Sequence[MapSpec]) -> bool:
    """Whether one legend explains all maps. UserError where maps of one measure differ."""
    first = specs[0]
    same = all(
        s.classification.breaks == first.classification.breaks
        and s.class_colours == first.class_colours
        and s.unit == first.unit
        for s in specs
    )
    if not same and len({s.indicator for s in specs}) == 1:
        raise fail(
            "multiples.classes",
            _("Maps side by side need the same classes."),
            repair=_("Choose classes that hold for the whole series."),
        )
    return same


def _named(specs: Sequence[MapSpec], title: str) -> MapSpec:
    """What heading and foot are made of: the first map without its date, all sources, and the
    note only where all maps share it."""
    first = specs[0]
    sources = "; ".join(dict.fromkeys(s.source for s in specs if s.source))
    note = first.note if len({s.note for s in specs}) == 1 else ""
    return replace(first, title=title, day=None, base_day=None, source=sources, note=note)


def _pooled(specs: Sequence[MapSpec]) -> MapSpec:
    """One map with the areas of all, so that the legend names every state."""
    first = specs[0]
    values = np.concatenate([s.values for s in specs])
    status = np.concatenate([s.status for s in specs])
    return replace(
        first, keys=tuple(k for s in specs for k in s.keys),
        names=tuple(n for s in specs for n in s.names), values=values, status=status,
        classification=first.classification.apply(values, status), city_value=None,
    )  # fmt: skip


def _draw_grid(
    sheet: Sheet,
    specs: Sequence[MapSpec],
    shapes: Sequence[AreaShapes],
    captions: Sequence[str],
    room: Frame,
    *,
    own: bool = False,
    progress: Progress | None = None,
) -> float | None:
    """Maps row by row, as many columns as give the largest ones; ``own``: with a legend below
    each."""
    n = len(specs)
    extent = shapes[0].extent
    ratio = 1.0
    if extent is not None and extent[3] > extent[1]:
        ratio = (extent[2] - extent[0]) / (extent[3] - extent[1])
    before = CAPTION * (2.8 if own else 1.5) / PT_PER_MM
    head = before + (STRIP if own else 0)

    def scale(columns: int) -> float:
        rows = math.ceil(n / columns)
        width = (room.width - GAP * (columns - 1)) / columns
        height = (room.height - GAP * (rows - 1)) / rows - head
        return min(width, height * ratio)

    columns = max(range(1, n + 1), key=scale)
    rows = math.ceil(n / columns)
    width = (room.width - GAP * (columns - 1)) / columns
    height = (room.height - GAP * (rows - 1)) / rows - head
    if own:  # the legend stands right below the map, not at the foot of a tall cell
        height = min(height, width / ratio + 2.0)
    metres: float | None = None
    for i, (spec, drawn) in enumerate(zip(specs, shapes, strict=True)):
        row, column = divmod(i, columns)
        left = room.left + column * (width + GAP)
        top = room.top + row * (height + head + GAP)
        lines = shorten(wrap(captions[i], width, CAPTION, "bold"), 2 if own else 1)
        sheet.paragraph(left, top, lines, CAPTION, face="bold")

        if progress is not None:
            progress.step(i / n, captions[i])
        axes = sheet.axes(left, top + before, width, height)
        # Lines as wide as on a whole page would hide small areas.
        share = min(max(width / 170, 0.35), 1.0)
        thin = tuple(replace(b, width=b.width * share) for b in spec.borders)
        metres = draw_map(axes, replace(spec, borders=thin), drawn, width, height)
        if own:
            _strip(sheet, spec, left, top + before + height, width)
        if metres is not None and spec.layers:
            draw_layers(axes, spec, drawn, metres * MM_PER_INCH / 96)
    return metres


def _strip(sheet: Sheet, spec: MapSpec, left: float, top: float, width: float) -> None:
    """A legend in one line: fields of colour with the limits between them below, and the unit."""
    found, colours = spec.classification, spec.class_colours
    if not colours:
        return
    room = min(width, 80.0)
    step = room / len(colours)
    axes = sheet.axes(left, top + 1.6, room, 3.0)
    axes.set_xlim(0, len(colours))
    axes.set_ylim(0, 1)
    for i, colour in enumerate(colours):
        axes.add_patch(
            Rectangle((i, 0), 1, 1, facecolor=colour, edgecolor="#8a8a8a", linewidth=0.3)
        )
    limits = [found.lower, *found.breaks, found.upper]
    texts = [format_number(v, found.precision, signed=spec.signed) for v in limits]
    size = 6.4
    widest = max(text_width(t, size) for t in texts)
    every = max(1, math.ceil((widest + 1.0) / step))
    for i, text in enumerate(texts[: len(colours) + 1]):
        if i % every:
            continue
        align = "left" if i == 0 else "right" if i == len(colours) else "center"
        sheet.text(left + i * step, top + 5.0, text, size, colour=QUIET, align=align)
    if spec.unit:
        lines = shorten(wrap(spec.unit, max(width - room - 2.0, room), size), 1)
        beside = width - room > text_width(lines[0], size) + 3.0
        at = (left + room + 2.0, top + 1.6) if beside else (left, top + 8.0)
        sheet.text(*at, lines[0], size, colour=QUIET)


def write_multiples(
    specs: Sequence[MapSpec],
    shapes: Sequence[AreaShapes],
    layout: SheetLayout,
    path: str | os.PathLike[str],
    **texts: Any,
) -> Path:
    """``compose_multiples`` as ``.pdf``, ``.svg`` or ``.png``."""
    page = compose_multiples(specs, shapes, layout, **texts)
    title = str(texts.get("title") or specs[0].title)
    return write_composition(page, replace(specs[0], title=title), layout, path)


def write_animation(
    specs: Sequence[MapSpec],
    shapes: Sequence[AreaShapes],
    layout: SheetLayout,
    path: str | os.PathLike[str],
    *,
    seconds: float = 1.0,
    dpi: int = 96,
    progress: Progress | None = None,
) -> Path:
    """A GIF with one page per date. A picture stands as long as the gap to the next date is wide
    (``seconds`` for the usual gap), the last one three times as long. Colours are chosen once for
    all pictures, so that classes do not flicker."""
    from PIL import Image

    if not specs or len(specs) != len(shapes):
        raise ValueError("one set of shapes per map is needed")
    target = Path(path)
    if target.suffix.lower() != ".gif":
        raise fail(
            "animation.format",
            _("A moving picture cannot be written as “{ending}”.").format(ending=target.suffix),
            file=target.name,
            repair=_("Choose a file name that ends with .gif."),
        )
    step = progress.step if progress is not None else lambda _part, _text="": None
    n = len(specs)
    # One table of colours: from a strip with a sample of up to four pictures. The others are
    # turned into 256 colours as soon as they are drawn, so that only one is large at a time.
    samples = sorted({round(i * (n - 1) / 3) for i in range(4)})
    drawn: dict[int, Any] = {}
    for i in samples:
        step(len(drawn) / (n + len(samples)), specs[i].date_text)
        drawn[i] = _frame(specs[i], shapes[i], layout, dpi)
    width, height = drawn[0].size
    strip = Image.new("RGB", (width, height * len(samples)))
    for row, i in enumerate(samples):
        strip.paste(drawn[i], (0, row * height))
    table = strip.quantize(255, dither=Image.Dither.NONE)
    # Mixing had made the paper a little grey.
    mixed = np.array(table.getpalette() or [], dtype=np.uint8).reshape(-1, 3)
    mixed[(mixed >= NEARLY_WHITE).all(axis=1)] = 255
    table.putpalette(mixed.ravel().tolist())
    frames: list[Any] = []
    for i, (spec, shape) in enumerate(zip(specs, shapes, strict=True)):
        step((len(samples) + i) / (n + len(samples)), spec.date_text)
        picture = drawn.pop(i) if i in drawn else _frame(spec, shape, layout, dpi)
        frames.append(picture.quantize(palette=table, dither=Image.Dither.NONE))
    times = frame_times([spec.day for spec in specs], seconds)
    out = BytesIO()
    frames[0].save(
        out, format="GIF", save_all=True, append_images=frames[1:], duration=times, loop=0,
        disposal=1,
    )  # fmt: skip
    part = target.with_name(target.name + ".part")
    try:
        part.write_bytes(out.getvalue())
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise fail(
            "animation.write",
            _("The picture cannot be written: {reason}").format(reason=cause(error)),
            file=target.name,
            repair=_("Choose another folder, or close the file elsewhere."),
        ) from error
    return target


def _frame(spec: MapSpec, shapes: AreaShapes, layout: SheetLayout, dpi: int) -> Any:
    from PIL import Image

    canvas: Any = FigureCanvasAgg(compose(spec, shapes, layout).sheet.figure)
    canvas.figure.set_dpi(dpi)
    canvas.draw()
    size = canvas.get_width_height()
    return Image.frombytes("RGBA", size, bytes(canvas.buffer_rgba())).convert("RGB")


def frame_times(days: Sequence[date | None], seconds: float) -> list[int]:
    """Milliseconds that each picture stands: in proportion to the gap to the next date, between
    half and four times ``seconds``, in hundredths of a second as GIF counts; the last one three
    times ``seconds``."""
    gaps = [(b - a).days if a and b else 0 for a, b in pairwise(days)]
    known = sorted(g for g in gaps if g > 0)
    usual = known[len(known) // 2] if known else 1
    shares = [min(max(gap / usual, 0.5), 4.0) if gap > 0 else 1.0 for gap in gaps]
    return [10 * round(100 * seconds * share) for share in [*shares, 3.0]]
