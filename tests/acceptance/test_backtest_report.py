"""The report of a backtest as a workbook, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import Imported, done, monitor
from pypdf import PdfReader
from python_calamine import CalamineWorkbook


@pytest.mark.slow
def test_the_workbook_says_what_the_command_says(sample: Imported, tmp_path: Path) -> None:
    path = tmp_path / "bericht.xlsx"
    told = done(
        "backtest", sample.project, "-l", "stadtbezirk", "--origins", "2021-2022",
        "--horizons", "1", "-o", path,
    )  # fmt: skip
    with CalamineWorkbook.from_path(str(path)) as book:
        rows = book.get_sheet_by_name("Fehler").to_python()
        cover = book.get_sheet_by_name("Spannen").to_python()
    head = rows[0]
    wanted = {
        (s["method"], s["variable"]): s["mdape"] for s in told["scores"] if s["size_class"] is None
    }
    total = [
        r for r in rows[1:]
        if r[0] == "Stadtbezirk" and r[1] == "alle Größen" and r[2] == "Insgesamt"
        and r[3].startswith("Mittlerer Fehler")
    ]  # fmt: skip
    own = next(r for r in total if r[4] == "dieses Programm")
    assert own[head.index("1 Jahr")] == pytest.approx(wanted["engine", "Insgesamt"], abs=1e-4)
    assert len(total) == len({m for m, _v in wanted})
    shares = next(r for r in cover[1:] if r[:2] == ["Insgesamt", "Gebiete"])
    assert shares[2] == pytest.approx(100 * told["coverage_80"][0]["areas"], abs=0.01)


@pytest.mark.slow
def test_the_pages_say_what_the_command_says(sample: Imported, tmp_path: Path) -> None:
    path = tmp_path / "bericht.pdf"
    told = done(
        "backtest", sample.project, "-l", "stadtbezirk", "--origins", "2021-2022",
        "--horizons", "1", "-o", path,
    )  # fmt: skip
    pages = [" ".join(p.extract_text().split()) for p in PdfReader(path).pages]
    assert 1 <= len(pages) <= 3
    assert told["verdict"][0] in pages[0]
    own = next(s for s in told["scores"] if s["method"] == "engine" and s["horizon"] == 1
               and s["variable"] == "Insgesamt" and s["size_class"] is None)  # fmt: skip
    text = f"{own['mdape']:.2f} / {own['mape']:.2f}".replace(".", ",")
    assert f"dieses Programm {text}" in pages[0]
    assert "Stadtbezirk" in pages[0]


def test_an_unknown_ending_is_refused(sample: Imported, tmp_path: Path) -> None:
    answer = monitor(
        "backtest", sample.project, "-l", "stadtbezirk", "--origins", "2022", "--horizons", "1",
        "-o", tmp_path / "bericht.doc", "--json",
    )  # fmt: skip
    assert answer.code == 1
    assert answer.codes() == ["ending"]
