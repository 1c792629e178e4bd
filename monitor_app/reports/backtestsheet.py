"""The report of a backtest on one to three pages A4: the plain answer first, then the numbers.

Tagged and searchable PDF. Blocks follow each other from page to page and are never cut; what finds
no room on the last page is told to be missing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from monitor_app.cartography.alttext import cited
from monitor_app.cartography.figures import (
    PT_PER_MM,
    QUIET,
    RULE,
    Sheet,
    balanced,
    shorten,
    text_width,
    wrap,
)
from monitor_app.core.formats import THIN_SPACE
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.reports.backtestsheet_chart import draw_horizons
from monitor_app.reports.backtestsheet_spec import BacktestReport, Block, Charts, Numbers, Words
from monitor_app.reports.page import SMALL as FOOT
from monitor_app.reports.page import (
    SUBTITLE,
    Orientation,
    SheetLayout,
    foot,
    page_language,
    replace_file,
)
from monitor_app.reports.tagging import tagged

TITLE, VERDICT, HEAD, BODY, SMALL = 17.0, 13.0, 9.5, 8.5, 7.2
ROW, CHART, GAP = 4.6, 55.0, 4.6
MOST_PAGES = 3
_SHADE = "#e8f0f9"
_ANSWER = "#0a2f57"


def compose_backtest(report: BacktestReport, layout: SheetLayout | None = None) -> list[Sheet]:
    """Lay out the pages (always upright A4)."""
    return [page.sheet for page in _pages(report, _upright(layout))]


def write_backtest(
    report: BacktestReport,
    path: str | os.PathLike[str],
    layout: SheetLayout | None = None,
    progress: Progress | None = None,
) -> Path:
    """*Slow.* Write the pages as a tagged PDF. ``UserError`` for another ending and where the file
    cannot be written."""
    target = Path(path)
    if target.suffix.lower() != ".pdf":
        raise fail(
            "page.format",
            _("The page cannot be written as “{ending}”.").format(ending=target.suffix),
            file=target.name,
            repair=_("Choose a file name that ends with .pdf."),
        )
    laid = _upright(layout)
    pages = _pages(report, laid)
    out = BytesIO()
    about = {"Title": report.title, "Author": laid.office or None, "Creator": "monitor-app"}
    with PdfPages(out, metadata=about) as file:
        for n, page in enumerate(pages):
            if progress is not None:
                progress.step(n / len(pages), "")
            file.savefig(page.sheet.figure)
    words = [_page_words(report, page.blocks, first=n == 0) for n, page in enumerate(pages)]
    replace_file(target, tagged(out.getvalue(), report.title, words, page_language()))
    return target


def _upright(layout: SheetLayout | None) -> SheetLayout:
    return replace(layout or SheetLayout(), orientation=Orientation.PORTRAIT, paper="A4")


class _Page:
    """A page that is being filled from ``top`` to ``bottom``."""

    def __init__(self, layout: SheetLayout) -> None:
        self.sheet = Sheet(*layout.size)
        self.margin = layout.margin
        self.wide = self.sheet.width - 2 * layout.margin
        self.top = layout.margin - 2.0
        self.bottom = self.sheet.height - layout.margin - 12.0
        self.blocks: list[Block] = []


def _pages(report: BacktestReport, layout: SheetLayout) -> list[_Page]:
    page = _Page(layout)
    _heading(page, report)
    pages, left = [page], []
    for block in report.blocks:
        needed = _height(block, page.wide)
        if page.top + needed > page.bottom:
            if len(pages) == MOST_PAGES:
                left.append(block)
                continue
            page = _Page(layout)
            pages.append(page)
        _place(page, block)
    if left:
        names = ", ".join(b.heading for b in left if not isinstance(b, Charts))
        text = _("Not on these pages, but in the workbook: {names}").format(names=names)
        lines = shorten(wrap(text, page.wide, SMALL), 2)
        page.sheet.paragraph(page.margin, page.bottom - 6.0, lines, SMALL, colour=QUIET)
    for n, done in enumerate(pages):
        _foot(done, report, layout, n + 1, len(pages))
    return pages


def _heading(page: _Page, report: BacktestReport) -> None:
    """Title, what was tested, and the answer."""
    sheet, left, wide = page.sheet, page.margin, page.wide
    lines = shorten(balanced(report.title, wide, TITLE, "bold"), 2)
    top = sheet.paragraph(left, page.top, lines, TITLE, face="bold", leading=1.2)
    top = sheet.paragraph(
        left, top + 0.6, shorten(wrap(report.place, wide, SUBTITLE), 2), SUBTITLE, colour=QUIET
    )
    answer = shorten(balanced(report.verdict, wide, VERDICT, "bold"), 3)
    page.top = sheet.paragraph(
        left, top + 3.0, answer, VERDICT, face="bold", colour=_ANSWER, leading=1.25
    ) + 1.0  # fmt: skip


def _foot(page: _Page, report: BacktestReport, layout: SheetLayout, n: int, count: int) -> None:
    wide = page.wide
    left = shorten(wrap(cited(report.source), wide * 0.6, FOOT), 2) if report.source else []
    for text in (layout.note,):
        left += shorten(wrap(text, wide * 0.6, FOOT), 1)
    number = _("Page {n} of {count}").format(n=n, count=count)
    right = [(line, "bold") for line in wrap(layout.office, wide * 0.36, FOOT, "bold")]
    foot(page.sheet, left, [*right, (number, "regular")], layout, page.margin, wide)


# blocks ----------------------------------------------------------------------------------------


def _height(block: Block, wide: float) -> float:
    """Millimetres that a block takes with the room above it."""
    if isinstance(block, Charts):
        note = len(_note(block.note, wide)) * SMALL * 1.3 / PT_PER_MM
        return GAP + CHART + note
    head = len(wrap(block.heading, wide, HEAD, "bold")) * HEAD * 1.4 / PT_PER_MM + 1.0
    if isinstance(block, Words):
        lines = sum(len(wrapped) for wrapped in _wrapped(block, wide))
        return GAP + head + lines * BODY * 1.32 / PT_PER_MM + 0.8 * len(block.lines)
    note = len(_note(block.note, wide)) * SMALL * 1.3 / PT_PER_MM + (1.0 if block.note else 0.0)
    return GAP + head + _head_height(block, wide) + ROW * len(block.rows) + note


def _place(page: _Page, block: Block) -> None:
    """Draw a block and move ``top`` below it."""
    page.blocks.append(block)
    sheet, left, wide = page.sheet, page.margin, page.wide
    top = page.top + GAP
    if isinstance(block, Charts):
        gap = 6.0
        width = (wide - gap * (len(block.charts) - 1)) / len(block.charts)
        for n, chart in enumerate(block.charts):
            draw_horizons(sheet, chart, left + n * (width + gap), top, width, CHART)
        page.top = sheet.paragraph(left, top + CHART, _note(block.note, wide), SMALL, colour=QUIET)
        return
    if block.heading:
        lines = wrap(block.heading, wide, HEAD, "bold")
        top = sheet.paragraph(left, top, lines, HEAD, face="bold", leading=1.4) + 1.0
    if isinstance(block, Words):
        for wrapped in _wrapped(block, wide):
            if block.bullets:
                sheet.text(left, top, "•", BODY, colour=QUIET)
            top = sheet.paragraph(
                left + (3.2 if block.bullets else 0.0), top, wrapped, BODY, leading=1.32
            ) + 0.8  # fmt: skip
        page.top = top
        return
    page.top = _table(page, block, top)


def _wrapped(block: Words, wide: float) -> list[list[str]]:
    room = wide - (3.2 if block.bullets else 0.0)
    return [wrap(line, room, BODY) for line in block.lines]


def _note(note: str, wide: float) -> list[str]:
    return shorten(wrap(note, wide, SMALL), 4) if note else []


def _edges(table: Numbers, wide: float) -> list[float]:
    """Right edges of the columns of numbers."""
    count = len(table.heads) - 1
    width = min((wide * 0.68) / max(count, 1), 30.0)
    return [wide - (count - 1 - n) * width - 1.0 for n in range(count)]


def _heads(table: Numbers, wide: float) -> list[list[str]]:
    edges = _edges(table, wide)
    width = (edges[1] - edges[0] if len(edges) > 1 else 40.0) - 1.5
    return [shorten(wrap(text, width, SMALL, "bold"), 3) for text in table.heads[1:]]


def _head_height(table: Numbers, wide: float) -> float:
    rows = max((len(lines) for lines in _heads(table, wide)), default=1)
    return rows * SMALL * 1.2 / PT_PER_MM + 2.2


def _table(page: _Page, table: Numbers, top: float) -> float:
    sheet, left, wide = page.sheet, page.margin, page.wide
    edges = _edges(table, wide)
    height = _head_height(table, wide)
    step = SMALL * 1.2 / PT_PER_MM
    heads = _heads(table, wide)
    most = max((len(lines) for lines in heads), default=1)
    sheet.text(
        left + 1.0, top + (most - 1) * step, table.heads[0], SMALL, face="bold", colour=QUIET
    )
    for lines, edge in zip(heads, edges, strict=True):
        sheet.paragraph(
            left + edge, top + (most - len(lines)) * step, lines, SMALL, face="bold",
            colour=QUIET, leading=1.2, align="right",
        )  # fmt: skip
    top += height
    _line(sheet, left, top - 0.7, wide, "#555555")
    first = (edges[0] - (edges[1] - edges[0] if len(edges) > 1 else 40.0)) if edges else wide
    for row, cells in enumerate(table.rows):
        if row in table.own:
            _shade(sheet, left, top - 0.7, wide)
        face = "bold" if row in table.own else "regular"
        sheet.text(left + 1.0, top, _cut(cells[0], first - 1.0, face), BODY, face=face)
        for n, (text, edge) in enumerate(zip(cells[1:], edges, strict=True)):
            face = "bold" if (row, n) in table.strong else "regular"
            sheet.text(left + edge, top, text, BODY, face=face, align="right")
        top += ROW
        _line(sheet, left, top - 0.7, wide, RULE if row == len(table.rows) - 1 else "#e2e2e2")
    if table.note:
        top = sheet.paragraph(left, top + 0.6, _note(table.note, wide), SMALL, colour=QUIET)
    return top


def _cut(text: str, room: float, face: str) -> str:
    """Text cut to ``room`` millimetres, with an ellipsis."""
    while text_width(text, BODY, face) > room and len(text) > 2:
        text = text[:-2].rstrip(" (,") + "…"
    return text


def _line(sheet: Sheet, left: float, top: float, width: float, colour: str) -> None:
    y = 1 - top / sheet.height
    ends = (left / sheet.width, (left + width) / sheet.width)
    sheet.figure.add_artist(
        Line2D(ends, (y, y), color=colour, linewidth=0.5, solid_capstyle="butt")
    )


def _shade(sheet: Sheet, left: float, top: float, width: float) -> None:
    x, y, w, h = sheet.box(left, top, width, ROW)
    sheet.figure.add_artist(Rectangle((x, y), w, h, facecolor=_SHADE, edgecolor="none", zorder=-1))


# words for readers who do not see the page --------------------------------------------------------


def _page_words(report: BacktestReport, blocks: Sequence[Block], *, first: bool) -> str:
    parts = [report.title, report.place, report.verdict] if first else [report.title]
    for block in blocks:
        if isinstance(block, Charts):
            text = _("Chart: {title}; its numbers stand in the tables")
            parts += [text.format(title=chart.title) for chart in block.charts]
            continue
        if block.heading:
            parts.append(block.heading)
        if isinstance(block, Words):
            parts += block.lines
        else:
            for cells in block.rows:
                told = "; ".join(
                    f"{head}: {text}" for head, text in zip(block.heads[1:], cells[1:], strict=True)
                )
                parts.append(f"{cells[0]} – {told}")
    return " ".join(p if p.endswith(".") else f"{p}." for p in parts if p).replace(THIN_SPACE, " ")
