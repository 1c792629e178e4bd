"""A workbook changed cell by cell, as somebody in a spreadsheet would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook


def rewrite(path: Path, sheet: str, change: Callable[[list[list[Any]]], None]) -> None:
    """Change the cells of one sheet in place, as somebody in a spreadsheet would."""
    with CalamineWorkbook.from_path(str(path)) as book:
        sheets = {n: book.get_sheet_by_name(n).to_python(skip_empty_area=False)
                  for n in book.sheet_names}  # fmt: skip
    change(sheets[sheet])
    made = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
    for name, rows in sheets.items():
        page = made.add_worksheet(name)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if cell != "":
                    page.write(i, j, cell)
    made.close()
