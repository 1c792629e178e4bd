"""What social offices and schools report: poverty, single parents, migration background.

Everything is derived from the simulated people and the social table of ``surveys``, so that parts
stay within their wholes. A generator of its own keeps the other files as they were.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from town.delivery import by_quarter
from town.simulation import History, Ints, Setting
from town.surveys import SOCIAL_YEARS, whole
from town.tables import OFFICE, after_reform, write_csv

Floats = NDArray[np.float64]

REPORT = (
    "SGB-II-Leistungen von 15 bis 24 Jahren", "Arbeitslose unter 25 Jahren",
    "Nicht arbeitslose Transferbeziehende (SGB II und XII)",
    "Grundsicherung ab 65 Jahren (SGB XII)", "Haushalte Alleinerziehender",
    "Bedarfsgemeinschaften Alleinerziehender", "Haushalte mit Wohngeld",
    "Alleinlebende ab 65 Jahren", "Alleinlebende ab 80 Jahren",
    "Schulabgänge (drei Schuljahre)", "darunter ohne Hauptschulabschluss",
)  # fmt: skip
#: Columns of the employment agency: 1 to 9 cases are kept secret; of the others 1 and 2. Those of
#: schools are sums of three years and hide nothing.
AGENCY, SCHOOL = 3, 9
AGES = ((0, 6, "unter 6"), (6, 18, "6 bis 17"), (18, 65, "18 bis 64"), (65, 101, "65 und älter"))
#: Share of Germans who have a migration background themselves or through their parents.
BACKGROUND = (0.27, 0.23, 0.12, 0.07)


def report(
    past: History, setting: Setting, social: dict[int, Ints], rng: np.random.Generator
) -> dict[int, Ints]:
    """Columns of ``REPORT`` per year and piece. ``social``: columns of the social table."""
    found = {}
    for year in SOCIAL_YEARS:
        sgb, kids, jobless, _long, _employed, homes, single, family, _cars = social[year].T
        ages = past.stock[year].sum(axis=(2, 3))
        noise = 1 + (rng.random((9, len(sgb))) - 0.5) * 0.12
        low = -setting.status
        old, very_old = ages[:, 65:].sum(axis=1), ages[:, 80:].sum(axis=1)
        young = ages[:, 15:25].sum(axis=1)
        adults = sgb - kids
        basic = whole(np.minimum(0.034 * np.exp(0.62 * low), 0.3) * old * noise[0])
        alone = whole(np.minimum(0.30 + 0.05 * low, 0.5) * old * noise[1])
        lone = whole(np.minimum(0.185 * np.exp(0.28 * low), 0.5) * family * noise[2])
        youth = whole(np.minimum(0.17 * adults * noise[3], 0.5 * young))
        leavers = whole(2.6 * ages[:, 15:18].sum(axis=1) / 3 * noise[4])
        no_degree = whole(np.clip(0.062 * np.exp(0.55 * low), 0.01, 0.3) * leavers * noise[5])
        found[year] = np.stack([
            youth, whole(0.115 * jobless * noise[6]),
            sgb - np.minimum(whole(0.62 * jobless * noise[7]), adults) + basic, basic, lone,
            whole(np.clip(0.36 + 0.10 * low, 0.05, 0.7) * lone),
            whole(np.clip(0.021 + 0.012 * low, 0.004, 0.08) * homes * noise[8]),
            np.minimum(alone, single),
            np.minimum(whole(0.46 * very_old), np.minimum(alone, single)),
            leavers, no_degree,
        ], axis=1)  # fmt: skip
    return found


def background(past: History, year: int) -> Ints:
    """Persons with a migration background per piece and age group of ``AGES``: all foreigners
    and some Germans, more of them where foreigners live and every year."""
    stock = past.stock[year].sum(axis=2)  # (pieces, ages, groups)
    foreign_share = stock[:, :, 1].sum(axis=1) / stock.sum(axis=(1, 2))
    pull = np.clip(0.55 + 3.2 * foreign_share, 0.5, 2.2) * (1 + 0.012 * (year - 2015))
    columns = []
    for (start, end, _name), share in zip(AGES, BACKGROUND, strict=True):
        germans = stock[:, start:end, 0].sum(axis=1)
        foreigners = stock[:, start:end, 1].sum(axis=1)
        columns.append(foreigners + whole(np.minimum(share * pull, 0.85) * germans))
    return np.stack(columns, axis=1)


def write_report(folder: Path, counts: dict[int, Ints]) -> None:
    rows: list[list[object]] = []
    for year in SOCIAL_YEARS:
        for version, sums in by_quarter(counts[year], after_reform(year)):
            limits = [10 if j < AGENCY else 3 if j < SCHOOL else 1 for j in range(len(sums))]
            cells = [_sign(int(n), low) for n, low in zip(sums, limits, strict=True)]
            rows.append([f"31.12.{year}", version.key, version.name, *cells])
    header = ("Stichtag", "Viertel_Nr", "Stadtviertel", *REPORT)
    write_csv(folder / "soziales/sozialbericht.csv", header, rows,
              before=("Sozialbericht: Mindestsicherung, Haushalte, Schulabgänge", ""),
              after=("- = nichts vorhanden",
                     ". = Zahlenwert geheim zu halten (Arbeitsagentur 1 bis 9, "
                     "übrige 1 bis 2 Fälle)",
                     f"Quelle: Sozialamt, Schulamt (nachgestellt), {OFFICE}"))  # fmt: skip


def _sign(count: int, limit: int) -> object:
    if count == 0:
        return "-"
    return "." if count < limit else count


def write_background(folder: Path, counts: dict[int, Ints]) -> None:
    header = ("Stichtag", "Viertel_Nr", "Stadtviertel", "Insgesamt",
              *(f"Alter {name}" for *_ages, name in AGES))  # fmt: skip
    rows: list[list[object]] = []
    for year in SOCIAL_YEARS:
        for version, sums in by_quarter(counts[year], after_reform(year)):
            rows.append([f"31.12.{year}", version.key, version.name, int(sums.sum()),
                         *map(int, sums)])  # fmt: skip
    write_csv(folder / "bevoelkerung/migrationshintergrund.csv", header, rows,
              before=("Bevölkerung mit Migrationshintergrund nach Stadtviertel und Alter",
                      f"Verfahren: MigraPro (nachgestellt), Quelle: {OFFICE}", ""))  # fmt: skip


def control(report: dict[int, Ints], people: dict[int, Ints]) -> dict[str, dict[int, int]]:
    """Totals of the town per year, cells kept secret included, for the control table."""
    names = {
        "Nicht arbeitslose Transferbeziehende": 2, "Grundsicherung ab 65 Jahren": 3,
        "Haushalte Alleinerziehender": 4, "Schulabgänge (drei Schuljahre)": 9,
    }  # fmt: skip
    found = {
        name: {year: int(counts[:, column].sum()) for year, counts in report.items()}
        for name, column in names.items()
    }
    found["Personen mit Migrationshintergrund"] = {y: int(c.sum()) for y, c in people.items()}
    return found
