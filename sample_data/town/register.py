"""Person-level extract (one row per person) and the printed table as a workbook."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import xlsxwriter

from town import plan
from town.delivery import by_quarter
from town.simulation import History, People
from town.tables import OFFICE, SEX, write_csv

EXTRACT = "033"  # Stadtteil of the person-level file
#: Destatis codes of nationality with weights.
NATIONS = (("163", 16), ("152", 13), ("475", 14), ("166", 14), ("154", 9), ("125", 6), ("137", 6),
           ("423", 7), ("438", 5), ("150", 4), ("134", 3), ("436", 2), ("998", 1))  # fmt: skip
AGE_GROUPS = ((0, 6, "unter 6"), (6, 18, "6 bis unter 18"), (18, 25, "18 bis unter 25"),
              (25, 45, "25 bis unter 45"), (45, 65, "45 bis unter 65"),
              (65, 80, "65 bis unter 80"), (80, 101, "80 und älter"))  # fmt: skip


def _day(year: int, draw: float) -> str:
    return (dt.date(year, 1, 1) + dt.timedelta(int(draw * 365))).strftime("%Y%m%d")


def _status(age: int, draw: float) -> str:
    """Familienstand after DSMeld: LD single, VH married, VW widowed, GS divorced."""
    if age < 18:
        return "LD"
    married = float(
        np.interp(age, [18, 25, 35, 50, 70, 85, 95], [0, 0.1, 0.5, 0.6, 0.66, 0.4, 0.15])
    )
    widowed = float(np.interp(age, [18, 55, 70, 85, 95], [0, 0.02, 0.12, 0.45, 0.75]))
    divorced = float(np.interp(age, [18, 25, 45, 60, 80], [0, 0.01, 0.13, 0.15, 0.07]))
    for share, code in ((married, "VH"), (widowed, "VW"), (divorced, "GS")):
        if draw < share:
            return code
        draw -= share
    return "LD"


def write_extract(folder: Path, people: People, rng: np.random.Generator) -> None:
    """Everybody of one Stadtteil at the last date, in random order; some 3 % more rows are
    secondary residences (Wohnungsstatus 2) that do not count as inhabitants."""
    year = plan.LAST_STOCK
    members = [p for p in plan.pieces() if p.district == EXTRACT]
    key = {p.index: p.new_key for p in members}
    mine = people.take(np.isin(people.piece, list(key)))
    extra = mine.take(rng.random(len(mine)) < 0.03)
    everyone = mine.join(extra)
    draws = rng.random((len(everyone), 6))
    nations = np.cumsum([w for _, w in NATIONS])
    rows = []
    for i in np.argsort(draws[:, 0], kind="stable"):
        born = int(everyone.born[i])
        nation = NATIONS[int(np.searchsorted(nations, draws[i, 1] * nations[-1], side="right"))][0]
        birthday = _day(born, draws[i, 2])
        if draws[i, 2] > 0.9993:
            birthday = f"{born}0000"  # day unknown
        since = max(int(everyone.since[i]), born)
        moved = max(_day(since, draws[i, 3]), birthday)
        second = i >= len(mine)
        rows.append([f"{year}1231", key[int(everyone.piece[i])],
                     "2" if second else "0" if draws[i, 4] > 0.04 else "1",
                     SEX[everyone.sex[i]], birthday,
                     _status(year - born, draws[i, 5]),
                     "000" if everyone.group[i] == 0 else nation, moved])  # fmt: skip
    numbered = [[f"{n + 1:06d}", *row] for n, row in enumerate(rows)]
    header = ("Lfd_Nr", "Stichtag", "Viertel_Nr", "Wohnungsstatus", "Geschlecht", "Geburtsdatum",
              "Familienstand", "Staatsangehörigkeit", "Einzugsdatum")  # fmt: skip
    name = f"einzeldaten/personen_stadtteil_{EXTRACT}_{year}1231.csv"
    write_csv(folder / name, header, numbered)


def write_workbook(folder: Path, past: History) -> None:
    """Population by age groups at the last date: title, two header lines with merged cells,
    Stadtteil totals between the quarters on the first sheet, footnotes."""
    path = folder / "bevoelkerung" / f"altersgruppen_{plan.LAST_STOCK}1231.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": dt.datetime(2025, 1, 15, 8), "author": OFFICE})
        stock = past.stock[plan.LAST_STOCK]
        quarters = [(v.key, v.name, n) for v, n in by_quarter(stock, after=True)]
        _sheet(book, "Stadtviertel", "Stadtviertel", quarters)
        districts = [
            (
                d.key,
                d.name,
                stock[[p.index for p in plan.pieces() if p.district == d.key]].sum(axis=0),
            )
            for d in plan.DISTRICTS
        ]
        _sheet(book, "Stadtteile", "Stadtteil", districts)


def _sheet(book: xlsxwriter.Workbook, name: str, level: str, rows: list) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "border": 1, "align": "center", "text_wrap": True,
                            "valign": "vcenter"})  # fmt: skip
    bold = book.add_format({"bold": True, "num_format": "#,##0"})
    plain = book.add_format({"num_format": "#,##0"})
    n = len(AGE_GROUPS)
    sheet.write(0, 0, f"Bevölkerung¹ am 31.12.{plan.LAST_STOCK} nach {level}, Geschlecht und "
                "Altersgruppen", book.add_format({"bold": True, "font_size": 12}))  # fmt: skip
    sheet.merge_range(2, 0, 3, 0, "Schlüssel", head)
    sheet.merge_range(2, 1, 3, 1, level, head)
    sheet.merge_range(2, 2, 3, 2, "Insgesamt", head)
    for s, label in enumerate(("männlich", "weiblich")):
        sheet.merge_range(2, 3 + s * n, 2, 2 + (s + 1) * n, label, head)
        for j, (_, _, text) in enumerate(AGE_GROUPS):
            sheet.write(3, 3 + s * n + j, text, head)
    sheet.merge_range(2, 3 + 2 * n, 2, 4 + 2 * n, "Staatsangehörigkeit", head)
    sheet.write_row(3, 3 + 2 * n, ("deutsch", "nichtdeutsch"), head)
    total = np.zeros(3 + 2 * n, dtype=np.int64)
    for i, (key, label, counts) in enumerate(rows):
        values = np.array([counts.sum(), *(counts[a:b, s].sum() for s in (0, 1)
                           for a, b, _ in AGE_GROUPS), *counts.sum(axis=(0, 1))])  # fmt: skip
        total += values
        sheet.write_string(4 + i, 0, key)
        sheet.write_string(4 + i, 1, label)
        sheet.write_row(4 + i, 2, values.tolist(), plain)
    end = 4 + len(rows)
    sheet.write_string(end, 1, "Stadt insgesamt", bold)
    sheet.write_row(end, 2, total.tolist(), bold)
    sheet.write(end + 2, 0, "¹ Bevölkerung am Ort der Hauptwohnung.")
    sheet.write(end + 3, 0, f"Quelle: Melderegister, {OFFICE}")
    sheet.freeze_panes(4, 3)
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, 1, 24)
