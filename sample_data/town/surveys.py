"""The other offices' part: dwellings, projects, Kitas, social figures, households."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from town import geometry, housing, maps, plan
from town.delivery import YEARS, by_quarter
from town.simulation import History, Ints, Setting
from town.tables import OFFICE, after_reform, number, write_csv

SOCIAL_YEARS = range(2015, plan.LAST_STOCK + 1)
SIZE = {"altstadt": 62, "gruender": 71, "bahnhof": 66, "student": 52, "konversion": 74,
        "nachkrieg": 64, "gross": 66, "efh": 108, "dorf": 112, "neubau": 96,
        "gewerbe": 78}  # fmt: skip
RENT = {"altstadt": 9.3, "gruender": 8.8, "bahnhof": 7.6, "student": 9.8, "konversion": 10.2,
        "nachkrieg": 7.1, "gross": 6.4, "efh": 8.1, "dorf": 7.4, "neubau": 10.6,
        "gewerbe": 6.9}  # fmt: skip
ALONE = np.interp(np.arange(101), [0, 17, 18, 21, 26, 32, 40, 60, 70, 80, 88, 100],
                  [0, 0, 0.08, 0.36, 0.46, 0.36, 0.24, 0.27, 0.33, 0.47, 0.5, 0.3])  # fmt: skip
ALONE_KIND = {"altstadt": 1.25, "gruender": 1.1, "bahnhof": 1.15, "student": 1.15, "efh": 0.6,
              "dorf": 0.55, "neubau": 0.5, "gewerbe": 0.9}  # fmt: skip
SGB_YEAR = {2015: 1.0, 2016: 1.04, 2017: 1.06, 2018: 1.02, 2019: 0.96, 2020: 1.0, 2021: 0.96,
            2022: 1.03, 2023: 1.06, 2024: 1.05}  # fmt: skip
WORK_YEAR = {2015: 1.0, 2016: 0.98, 2017: 0.95, 2018: 0.90, 2019: 0.89, 2020: 1.06, 2021: 1.0,
             2022: 0.95, 2023: 1.01, 2024: 1.06}  # fmt: skip

Floats = NDArray[np.float64]


def whole(values: Floats) -> Ints:
    """Nearest whole numbers, halves up, safe against the last bits."""
    return np.floor(np.round(values, 6) + 0.5).astype(np.int64)


@dataclass(frozen=True)
class Stock:
    """Dwellings per year over pieces: all, in one- and two-family houses, m² of living space."""

    dwellings: dict[int, Ints]
    houses: dict[int, Ints]
    space: dict[int, Ints]


def households(past: History, setting: Setting, year: int) -> tuple[Ints, Ints]:
    """One-person households and households of more persons, per piece."""
    ages = past.stock[year].sum(axis=(2, 3))
    factor = np.array([ALONE_KIND.get(k, 1.0) for k in setting.kinds])
    single = whole((ages * ALONE).sum(axis=1) * factor)
    return single, whole((ages.sum(axis=1) - single) / 2.78)


def dwelling_stock(past: History, setting: Setting, done: dict[int, Ints]) -> Stock:
    first = plan.FIRST_STOCK
    single, more = households(past, setting, first)
    share = np.array([0.93 if k in ("efh", "dorf", "neubau") else 0.06 for k in setting.kinds])
    dwellings = {first: whole((single + more) * 1.03)}
    houses = {first: whole(dwellings[first] * share)}
    space = {first: whole(dwellings[first] * np.array([SIZE[k] for k in setting.kinds]))}
    for year in YEARS:
        lost = dwellings[year - 1] // 2500
        dwellings[year] = dwellings[year - 1] + done[year].sum(axis=1) - lost
        houses[year] = houses[year - 1] + done[year][:, 0]
        space[year] = space[year - 1] + whole(done[year] @ np.array(housing.AREA)) - lost * 58
    return Stock(dwellings, houses, space)


def write_housing(folder: Path, done: dict[int, Ints], stock: Stock) -> None:
    header = ("Jahr", "Viertel_Nr", "Stadtviertel", "Haustyp", "Gebäude", "Wohnungen",
              "Wohnfläche in m²")  # fmt: skip
    rows: list[list[object]] = []
    for year in YEARS:
        for version, counts in by_quarter(done[year], after_reform(year)):
            for t, name in enumerate(housing.HOUSE_TYPES):
                n = int(counts[t])
                buildings = -(-n // (1, 8, 90)[t])
                area = number(n * housing.AREA[t] + (n % 7) * 0.5, 1)
                values = [buildings, n, area] if n else ["-"] * 3
                rows.append([year, version.key, version.name, name, *values])
    write_csv(folder / "wohnen/fertigstellungen.csv", header, rows,
              before=("Baufertigstellungen neuer Wohngebäude nach Stadtviertel und Haustyp", ""),
              after=("- = nichts vorhanden",))  # fmt: skip
    header = ("Stichtag", "Viertel_Nr", "Wohnungen", "darunter in Ein- und Zweifamilienhäusern",
              "Wohnfläche in 1 000 m²")  # fmt: skip
    rows = []
    for year in range(plan.FIRST_STOCK, plan.LAST_STOCK + 1):
        table = np.stack([stock.dwellings[year], stock.houses[year], stock.space[year]], axis=1)
        for version, (all_, houses, space) in by_quarter(table, after_reform(year)):
            rows.append([f"31.12.{year}", version.key, all_, houses, number(space / 1000, 1)])
    write_csv(folder / "wohnen/wohnungsbestand.csv", header, rows)


def write_projects(folder: Path) -> None:
    header = ("Projekt_Nr", "Projekt", "Viertel_Nr", "WE Ein- und Zweifamilienhaus",
              "WE Mehrfamilienhaus", "darunter geförderte WE", "Baubeginn",
              *(f"Bezug Jahr {n} in %" for n in range(1, 7)), "Wahrscheinlichkeit",
              "Planungsstand")  # fmt: skip
    rows = [
        [p.number, p.name, p.district, p.houses, p.flats, p.social, p.start,
         *p.steps, *[0] * (6 - len(p.steps)), number(p.probability, 2), p.state]
        for p in housing.projects()
    ]  # fmt: skip
    write_csv(folder / "wohnen/bauprojekte.csv", header, rows,
              before=("Geplante Wohnbauprojekte, Stand 15.01.2025",
                      "Bezug Jahr 1 = Anteil der Wohnungen, der im Jahr des Baubeginns bezogen "
                      "wird", ""))  # fmt: skip


def write_social(
    folder: Path, past: History, setting: Setting, rng: np.random.Generator
) -> dict[int, Ints]:
    """The social table; returns its columns per year over pieces."""
    header = ("Stichtag", "Viertel_Nr", "Stadtviertel", "Personen mit SGB-II-Leistungen",
              "darunter unter 15 Jahren", "Arbeitslose", "darunter Langzeitarbeitslose",
              "Beschäftigte am Wohnort", "Privathaushalte", "Einpersonenhaushalte",
              "Haushalte mit Kindern", "Pkw privat")  # fmt: skip
    rows: list[list[object]] = []
    drift = rng.random(len(setting.kinds)) * 0.3 - 0.15
    counted: dict[int, Ints] = {}
    for year in SOCIAL_YEARS:
        table = counted[year] = _social_counts(past, setting, year, drift * (year - 2015) / 9, rng)
        for version, counts in by_quarter(table, after_reform(year)):
            cells: list[object] = [_sign(int(n), j < 4) for j, n in enumerate(counts)]
            if year == plan.LAST_STOCK:
                cells[4] = "…"  # delivered later every year
            rows.append([f"31.12.{year}", version.key, version.name, *cells])
    write_csv(folder / "soziales/soziales.csv", header, rows,
              before=("Soziale Lage und Haushalte nach Stadtviertel", ""),
              after=("- = nichts vorhanden", ". = Zahlenwert geheim zu halten (1 bis 9 Fälle)",
                     "… = Angabe fällt später an",
                     f"Quelle: Bundesagentur für Arbeit (nachgestellt), {OFFICE}"))  # fmt: skip
    return counted


def _sign(count: int, protected: bool) -> object:
    """Counts of the employment agency below 10 are kept secret, zero is a dash."""
    if count == 0:
        return "-"
    return "." if protected and count < 10 else count


def _social_counts(
    past: History, setting: Setting, year: int, drift: Floats, rng: np.random.Generator
) -> Ints:
    """Columns of the social table per piece (whole numbers)."""
    ages = past.stock[year].sum(axis=(2, 3))
    low = -(setting.status + drift)
    noise = 1 + (rng.random((5, len(low))) - 0.5) * 0.10
    young, work = ages[:, :15].sum(axis=1), ages[:, 15:65].sum(axis=1)
    sgb = 0.062 * np.exp(0.68 * low) * SGB_YEAR[year]
    jobless = 0.040 * np.exp(0.50 * low) * WORK_YEAR[year]
    student = np.array([k == "student" for k in setting.kinds])
    employed = np.where(student, 0.36, 0.60 - 0.05 * low) + 0.004 * (year - 2015)
    kids = whole(np.minimum(1.75 * sgb, 0.7) * young * noise[0])
    out_of_work = whole(np.where(student, 0.5, 1.0) * jobless * work * noise[2])
    single, more = households(past, setting, year)
    family = ages[:, :18].sum(axis=1) / 1.62
    cars = (0.36 - 0.09 * low) * ages[:, 18:].sum(axis=1)
    return np.stack([
        kids + whole(np.where(student, 0.35, 1.0) * sgb * work * noise[1]), kids, out_of_work,
        whole(out_of_work * np.clip(0.33 + 0.05 * low, 0.1, 0.6) * noise[3]),
        whole(employed * work), single + more, single, whole(np.minimum(family, more)),
        whole(cars * noise[4]),
    ], axis=1)  # fmt: skip


def write_rents(folder: Path, setting: Setting, stock: Stock, rng: np.random.Generator) -> None:
    """Median rent of offers per year: wide over years, with the signs of official tables."""
    kinds = plan.pieces()
    quarters = plan.system(after=True)
    jitter = rng.random((len(quarters), len(SOCIAL_YEARS)))
    rows: list[list[object]] = []
    for q, version in enumerate(quarters):
        member = list(version.pieces)
        base = np.mean([RENT[kinds[i].kind] + 0.45 * setting.status[i] for i in member])
        cells: list[object] = []
        for j, year in enumerate(SOCIAL_YEARS):
            if year < plan.REFORM_YEAR and not version.before:
                cells.append("x")
                continue
            growth = 1.035 ** (year - 2015) * (1 + (jitter[q, j] - 0.5) * 0.05)
            value = number(round(base * growth, 4), 2)
            flats = int((stock.dwellings[year] - stock.houses[year])[member].sum())
            cells.append("/" if flats < 48 else f"({value})" if flats < 70 else value)
        rows.append([version.key, version.name, *cells])
    header = ("Viertel_Nr", "Stadtviertel", *map(str, SOCIAL_YEARS))
    write_csv(folder / "wohnen/angebotsmieten.csv", header, rows,
              before=("Mittlere Angebotsmiete (nettokalt) in Euro je m² nach Stadtviertel",
                      f"Gebietsstand: ab 01.01.{plan.REFORM_YEAR}", ""),
              after=("/ = keine Angabe, da Zahlenwert nicht sicher genug",
                     "( ) = Aussagewert eingeschränkt",
                     "x = Tabellenfach gesperrt, weil Aussage nicht sinnvoll"))  # fmt: skip


_BODIES = (("Stadt Beispielstadt", "Städtische Kita"), ("Ev. Kirchenkreis", "Ev. Kindergarten"),
           ("AWO Kreisverband", "AWO-Kita"), ("Caritasverband", "Kath. Kindergarten"),
           ("DRK Kreisverband", "DRK-Kita"), ("Elterninitiative e. V.", "Kinderladen"))  # fmt: skip


def write_kitas(folder: Path, town: geometry.Town, past: History, rng: np.random.Generator) -> None:
    """Kitas as points; places by form (under 3, from 3) and weekly hours."""
    header = ("Kita_Nr", "Name", "Träger", "Viertel_Nr", "Ostwert", "Nordwert", "Plätze U3",
              "Plätze Ü3", *(f"{form} {h} Std." for form in ("U3", "Ü3") for h in (25, 35, 45)),
              "Eröffnet")  # fmt: skip
    ages = past.stock[plan.LAST_STOCK].sum(axis=(2, 3))
    rows: list[list[object]] = []
    for version in plan.system(after=True):
        counts = ages[list(version.pieces)].sum(axis=0)
        small, large = int(counts[:3].sum()), int(counts[3:6].sum() + counts[6] // 2)
        number_of = max(1, round((small + large) / 150)) if small + large > 40 else 0
        shape = maps.version_shape(town, version)
        for k in range(number_of):
            body, label = _BODIES[min(int(rng.random() * rng.random() * 9), 5)]
            spread = 0.8 + 0.4 * rng.random()
            u3 = 5 * whole(np.array(0.36 * small / number_of * spread / 5))
            o3 = 5 * whole(np.array(0.95 * large / number_of * spread / 5))
            point = geometry.random_point(shape, rng)
            suffix = "" if number_of == 1 else f" {'I' * (k + 1)}"
            rows.append([f"K{len(rows) + 1:03d}", f"{label} {version.name}{suffix}", body,
                         version.key, number(point.x, 2), number(point.y, 2), u3, o3,
                         *_hours(int(u3), rng), *_hours(int(o3), rng),
                         1952 + int(rng.random() * 70)])  # fmt: skip
    write_csv(folder / "kitas/kitas.csv", header, rows,
              before=("Kindertageseinrichtungen mit genehmigten Plätzen, Stand 01.03.2025",
                      "Koordinaten: ETRS89 / UTM Zone 32N (EPSG:25832)", ""))  # fmt: skip


def _hours(places: int, rng: np.random.Generator) -> list[int]:
    """Places with 25, 35 and 45 hours."""
    short = int(places * (0.08 + 0.14 * rng.random()))
    long = int(places * (0.40 + 0.25 * rng.random()))
    return [short, places - short - long, long]
