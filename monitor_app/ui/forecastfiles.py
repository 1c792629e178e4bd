"""Charts and tables of a forecast as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from monitor_app.app.exports import write_table
from monitor_app.app.forecastexport import all_tables, write_tables_of, year_table
from monitor_app.app.forecastresults import Results
from monitor_app.core.progress import Progress

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench

CHARTS = (".pdf", ".svg", ".png")
TABLES = (".xlsx", ".csv")


def ask_for_file(
    bench: Workbench, caption: str, title: str, endings: tuple[str, ...]
) -> Path | None:
    """A file with one of the endings, None where the user thought better of it."""
    safe = "".join(c if c.isalnum() or c in "-_+" else "_" for c in title.replace("–", "-"))
    name = "_".join(p for p in safe.split("_") if p)
    folder = bench.session.project.path.parent
    kinds = {f"{ending[1:].upper()} (*{ending})": ending for ending in endings}
    chosen, kind = QFileDialog.getSaveFileName(
        bench.window_, caption, str(folder / (name + endings[0])), ";;".join(kinds)
    )
    if not chosen:
        return None
    target = Path(chosen)
    if target.suffix.lower() not in endings:
        target = target.with_name(target.name + kinds.get(kind, endings[0]))
    return target


def write_tables(
    results: Results, target: Path, scenario: str, level: str, year: int, group: int,
    progress: Progress,
) -> None:  # fmt: skip
    """*Slow.* A workbook with all tables, or a CSV of areas by year."""
    if target.suffix.lower() == ".xlsx":
        write_tables_of(target, all_tables(results, scenario, level, year, group), progress)
    else:
        write_table(target, year_table(results, scenario, level, group), progress)
