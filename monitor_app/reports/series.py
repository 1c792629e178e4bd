"""Several maps at once: small multiples on one page, and a moving picture of a series."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg

from monitor_app.cartography.decor import draw_layers
from monitor_app.cartography.draw import draw_map
from monitor_app.cartography.figures import MM_PER_INCH, PT_PER_MM, Sheet, shorten, wrap
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.shapes import AreaShapes
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
MOST = 24


def compose_multiples(
    specs: Sequence[MapSpec],
    shapes: Sequence[AreaShapes],
    layout: SheetLayout,
    *,
    title: str = "",
    captions: Sequence[str] = (),
) -> Composition:
    """Maps side by side under one legend. Give them shared breaks (``shared_specs``, or breaks of
    the whole series); UserError where their classes differ, or for more than 24 maps."""
    if not specs or len(specs) != len(shapes):
        raise ValueError("one set of shapes per map is needed")
    first = specs[0]
    if any(s.classification.breaks != first.classification.breaks for s in specs):
        raise fail(
            "multiples.classes",
            _("Maps side by side need the same classes."),
            repair=_("Choose classes that hold for the whole series."),
        )
    if len(specs) > MOST:
        raise fail(
            "multiples.many",
            _("{count} maps are more than a page can hold.").format(count=len(specs)),
            repair=_("Choose up to {most} dates.").format(most=MOST),
        )
    sheet = Sheet(*layout.size)
    margin = layout.margin
    wide = sheet.width - 2 * margin
    named = replace(first, title=title or first.title, day=None, base_day=None)
    top = heading(sheet, named, margin, wide)
    bottom = footer(sheet, named, layout, margin, wide)
    landscape = layout.orientation is Orientation.LANDSCAPE
    box = LegendBox(_pooled(specs))
    needed = 0.0 if landscape else box.height_in_columns(wide) + 6
    width = wide - (64.0 + 7.0 if landscape else 0)
    room = Frame(margin, top, width, bottom - top - needed)
    texts = list(captions) or [s.date_text or s.title for s in specs]
    metres = _draw_grid(sheet, specs, shapes, texts, room)
    if landscape:
        legend = Frame(sheet.width - margin - 64, top, 64, bottom - top)
        box.draw(sheet, legend.left, legend.top, legend.width, metres)
    else:
        legend = Frame(margin, bottom - needed + 6, wide, needed - 6)
        box.draw_in_columns(sheet, legend.left, legend.top, legend.width, metres)
    return Composition(sheet, room, legend, metres)


def _pooled(specs: Sequence[MapSpec]) -> MapSpec:
    """One map with the areas of all, so that the legend counts them and names every state."""
    import numpy as np

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
) -> float | None:
    n = len(specs)
    extent = shapes[0].extent
    ratio = 1.0
    if extent is not None and extent[3] > extent[1]:
        ratio = (extent[2] - extent[0]) / (extent[3] - extent[1])
    head = CAPTION * 1.5 / PT_PER_MM

    def scale(columns: int) -> float:
        rows = math.ceil(n / columns)
        width = (room.width - GAP * (columns - 1)) / columns
        height = (room.height - GAP * (rows - 1)) / rows - head
        return min(width, height * ratio)

    columns = max(range(1, n + 1), key=scale)
    rows = math.ceil(n / columns)
    width = (room.width - GAP * (columns - 1)) / columns
    height = (room.height - GAP * (rows - 1)) / rows - head
    metres: float | None = None
    for i, (spec, drawn) in enumerate(zip(specs, shapes, strict=True)):
        row, column = divmod(i, columns)
        left = room.left + column * (width + GAP)
        top = room.top + row * (height + head + GAP)
        lines = shorten(wrap(captions[i], width, CAPTION, "bold"), 1)
        sheet.paragraph(left, top, lines, CAPTION, face="bold")

        axes = sheet.axes(left, top + head, width, height)
        # Lines as wide as on a whole page would hide small areas.
        share = min(max(width / 170, 0.35), 1.0)
        thin = tuple(replace(b, width=b.width * share) for b in spec.borders)
        metres = draw_map(axes, replace(spec, borders=thin), drawn, width, height)
        if metres is not None and spec.layers:
            draw_layers(axes, spec, drawn, metres * MM_PER_INCH / 96)
    return metres


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
    """A GIF with one page per date, the last one shown three times as long. Colours are chosen
    once for all pictures, so that classes do not flicker."""
    from PIL import Image

    if not specs or len(specs) != len(shapes):
        raise ValueError("one set of shapes per map is needed")
    target = Path(path)
    pictures: list[Any] = []
    for i, (spec, drawn) in enumerate(zip(specs, shapes, strict=True)):
        if progress is not None:
            progress.step(i / len(specs), spec.date_text)
        canvas: Any = FigureCanvasAgg(compose(spec, drawn, layout).sheet.figure)
        canvas.figure.set_dpi(dpi)
        canvas.draw()
        size = canvas.get_width_height()
        pictures.append(Image.frombytes("RGBA", size, bytes(canvas.buffer_rgba())).convert("RGB"))
    # One table of colours: from a strip with a sample of every picture.
    strip = Image.new("RGB", (pictures[0].width, pictures[0].height * min(len(pictures), 4)))
    for i in range(min(len(pictures), 4)):
        at = i * (len(pictures) - 1) // max(min(len(pictures), 4) - 1, 1)
        strip.paste(pictures[at], (0, i * pictures[0].height))
    table = strip.quantize(255, dither=Image.Dither.NONE)
    frames = [p.quantize(palette=table, dither=Image.Dither.NONE) for p in pictures]
    times = [round(seconds * 1000)] * (len(frames) - 1) + [round(seconds * 3000)]
    out = BytesIO()
    frames[0].save(
        out, format="GIF", save_all=True, append_images=frames[1:], duration=times, loop=0,
        disposal=1,
    )  # fmt: skip
    try:
        part = target.with_name(target.name + ".part")
        part.write_bytes(out.getvalue())
        part.replace(target)
    except OSError as error:
        raise fail(
            "animation.write",
            _("The picture cannot be written: {reason}").format(reason=error.strerror or error),
            file=target.name,
        ) from error
    return target
