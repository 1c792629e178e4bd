"""Pages of the backtest report: searchable, tagged, whole blocks, a plain answer first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pikepdf
import pytest
from pypdf import PdfReader

from monitor_app.core.issues import UserError
from monitor_app.reports.backtestsheet import MOST_PAGES, compose_backtest, write_backtest
from monitor_app.reports.backtestsheet_spec import (
    BacktestReport,
    Charts,
    Course,
    Horizons,
    Look,
    Numbers,
    Words,
)
from monitor_app.reports.page import SheetLayout

YEARS = (1, 3, 5, 10)
LONG = "Anteil an der Stadt und Anteil am Wachstum der Stadt seit Beginn der Reihe"


def chart(**more: object) -> Horizons:
    courses = (
        Course("dieses Programm", (0.7, 1.9, 3.0, np.nan), Look.OWN),
        Course(LONG, (0.7, 2.0, 3.1, 3.2), Look.RIVAL),
        Course("linear", (0.8, 2.4, 4.0, 90.0), Look.OTHER),
    )
    return Horizons("Mittlerer Fehler", YEARS, courses, **more)  # type: ignore[arg-type]


def table(rows: int) -> Numbers:
    heads = ("Verfahren", *(f"{y} Jahre" for y in YEARS))
    body = tuple((f"Verfahren {n}", "1,23", "2,34", "3,45", f"{n},99") for n in range(rows))
    return Numbers(f"Tabelle {rows}", heads, body, frozenset({(0, 1)}), frozenset({0}), "Fußnote")


def report(*blocks: object) -> BacktestReport:
    return BacktestReport(
        "Prüfung der Prognose", "Kleinstadt · 3 Gebiete", "Das Programm ist besser.",
        (Words("", ("Nach 5 Jahren 3 %.",)), Charts((chart(), chart(promise=80.0, band=(75, 85),
                                                                    top=104.0))), *blocks),
        "Stadt Kleinstadt",
    )  # type: ignore[arg-type] # fmt: skip


def boxes(sheet) -> list:  # type: ignore[no-untyped-def]
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(sheet.figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    return [(t.get_text(), t.get_window_extent(renderer)) for t in sheet.figure.texts]


def test_nothing_leaves_the_page_or_lies_on_other_words() -> None:
    (sheet,) = compose_backtest(report(table(8)), SheetLayout(office="Amt für Statistik"))
    found = boxes(sheet)
    width, height = sheet.figure.bbox.width, sheet.figure.bbox.height
    for text, box in found:
        assert box.x0 >= 0, text
        assert box.x1 <= width, text
        assert box.y0 >= 0, text
        assert box.y1 <= height, text
    for n, (one, a) in enumerate(found):
        for other, b in found[n + 1 :]:
            across = min(a.x1, b.x1) - max(a.x0, b.x0)
            along = min(a.y1, b.y1) - max(a.y0, b.y0)
            assert across <= 0.5 or along <= 0.25 * min(a.height, b.height), (one, other)


def test_pages_can_be_searched_and_heard(tmp_path: Path) -> None:
    path = write_backtest(report(table(8)), tmp_path / "b.pdf", SheetLayout(office="Amt"))
    page = PdfReader(path).pages[0]
    text = page.extract_text()
    assert [round(float(s) / 72 * 25.4) for s in page.mediabox[2:]] == [210, 297]
    assert text.index("Das Programm ist besser.") < text.index("Tabelle 8") < text.index("Fußnote")
    assert "Seite 1 von 1" in text
    assert "Verfahren 7" in text
    with pikepdf.open(path) as document:
        assert bool(document.Root.MarkInfo.Marked)
        (figure,) = document.Root.StructTreeRoot.K[0].K
        alternative = str(figure.Alt)
        fonts = [str(f.BaseFont) for f in document.pages[0].Resources.Font.values()]
    assert alternative.startswith("Prüfung der Prognose. Kleinstadt")
    assert "Verfahren 0 – 1 Jahre: 1,23; 3 Jahre: 2,34" in alternative
    assert all("NotoSans" in f for f in fonts)


def test_blocks_are_never_cut_and_what_has_no_room_is_named(tmp_path: Path) -> None:
    blocks = [table(n) for n in (30, 31, 32, 33)]
    sheets = compose_backtest(report(*blocks))
    assert len(sheets) == MOST_PAGES
    path = write_backtest(report(*blocks), tmp_path / "b.pdf")
    pages = [p.extract_text() for p in PdfReader(path).pages]
    assert len(pages) == MOST_PAGES
    for rows in (30, 31):
        (whole,) = (p for p in pages if f"Tabelle {rows}\n" in p + "\n" and "Verfahren 0" in p)
        assert f"Verfahren {rows - 1}" in whole
    assert "Arbeitsmappe" in pages[-1]
    assert "Tabelle 33" in pages[-1]


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        write_backtest(report(), tmp_path / "b.svg")
    assert error.value.issues[0].code == "page.format"
    assert not list(tmp_path.iterdir())
