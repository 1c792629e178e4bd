"""A chart as a file: PNG, SVG or PDF, on white paper whatever the screen looks like."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from monitor_app.cartography.figures import MM_PER_INCH, configure
from monitor_app.core.causes import cause
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail

DPI = 300


def chart_bytes(
    draw: Callable[[Figure], Any], ending: str, size: tuple[float, float] = (170.0, 100.0)
) -> bytes:
    """The file of a chart that ``draw`` draws (for instance ``lambda f: draw_scatter(f, spec)``).
    ``ending``: ``.png`` (300 dpi), ``.svg`` or ``.pdf``; ``size`` in millimetres. UserError for
    other endings."""
    kind = ending.lower().lstrip(".")
    if kind not in ("png", "svg", "pdf"):
        raise fail(
            "chart.format",
            _("The chart cannot be written as “{ending}”.").format(ending=ending),
            repair=_("Choose a file name that ends with .pdf, .svg or .png."),
        )
    configure()
    figure = Figure(figsize=(size[0] / MM_PER_INCH, size[1] / MM_PER_INCH))
    FigureCanvasAgg(figure)
    draw(figure)
    out = BytesIO()
    # No date inside: the same chart is the same file.
    metadata: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    figure.savefig(out, format=kind, dpi=DPI, metadata=metadata)
    return out.getvalue()


def write_chart(
    draw: Callable[[Figure], Any],
    path: str | os.PathLike[str],
    size: tuple[float, float] = (170.0, 100.0),
) -> Path:
    """Write ``chart_bytes`` beside the target and put it in place at the end. UserError where
    that is not possible."""
    target = Path(path)
    data = chart_bytes(draw, target.suffix, size)
    part = target.with_name(target.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise fail(
            "chart.write",
            _("The chart cannot be written: {reason}").format(reason=cause(error)),
            file=target.name,
            repair=_("Choose another folder, or close the file elsewhere."),
        ) from error
    return target
