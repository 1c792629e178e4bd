"""All files of the delivery, from the simulated history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from town import geometry, maps, plan
from town.simulation import History, Ints, Setting
from town.tables import (
    AGES, GROUP, GROUP_LONG, OFFICE, SEX, SEX_LONG, after_reform, write_csv,
)  # fmt: skip

WIDE = tuple(f"Alter {a}" for a in AGES)
OD_AGES = ("0-5", "6-17", "18-24", "25-29", "30-44", "45-64", "65-79", "80+")
OD_STARTS = np.array([0, 6, 18, 25, 30, 45, 65, 80])
YEARS = range(plan.FIRST_STOCK + 1, plan.LAST_STOCK + 1)


def by_quarter(counts: Ints, after: bool) -> Iterator[tuple[plan.Version, Ints]]:
    """Sums of pieces per Stadtviertel of one boundary version, by key."""
    for version in plan.system(after):
        yield version, counts[list(version.pieces)].sum(axis=0)


def _stock_rows(past: History, years: range, after: bool) -> Iterator[list[object]]:
    for year in years:
        for version, counts in by_quarter(past.stock[year], after):
            for s in (0, 1):
                for g in (0, 1):
                    ages = counts[:, s, g]
                    yield [f"31.12.{year}", version.key, version.name, SEX_LONG[s], GROUP_LONG[g],
                           ages.sum(), *ages]  # fmt: skip


def write_stock(folder: Path, past: History) -> None:
    header = ("Stichtag", "Viertel_Nr", "Stadtviertel", "Geschlecht", "Staatsangehörigkeit",
              "Insgesamt", *WIDE)  # fmt: skip
    title = "Bevölkerung am Ort der Hauptwohnung nach Stadtviertel, Geschlecht, " \
            "Staatsangehörigkeit und Alter"  # fmt: skip
    reform = plan.REFORM_YEAR
    for name, years, after, note in (
        ("bevoelkerung/bevoelkerung_2009_2017.csv", range(plan.FIRST_STOCK, reform), False,
         f"Gebietsstand: bis 31.12.{reform - 1}"),
        ("bevoelkerung/bevoelkerung_2018_2024.csv", range(reform, plan.LAST_STOCK + 1), True,
         f"Gebietsstand: ab 01.01.{reform}"),
        ("gebietsreform/bevoelkerung_20171231_neuer_gebietsstand.csv", range(reform - 1, reform),
         True, f"Gebietsstand: ab 01.01.{reform}, aus Adressen zurückgerechnet"),
    ):  # fmt: skip
        write_csv(folder / name, header, _stock_rows(past, years, after),
                  before=(title, note, f"Quelle: Melderegister, {OFFICE}", ""))  # fmt: skip


def write_all(
    folder: Path,
    town: geometry.Town,
    setting: Setting,
    past: History,
    done: dict[int, Ints],
    rng: np.random.Generator,
) -> None:
    """Every file below ``folder``; existing files are replaced."""
    maps.write_maps(folder, town)
    write_stock(folder, past)
