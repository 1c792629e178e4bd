"""Dwellings: completions by house type, stock, planned projects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from town import plan

Ints = NDArray[np.int64]
HOUSE_TYPES = ("Ein- und Zweifamilienhaus", "Mehrfamilienhaus", "Wohnheim")
PERSONS = (3.1, 1.9, 1.0)  # persons per new dwelling
AREA = (132.0, 74.0, 27.0)  # m² per new dwelling

#: Ordinary building per year and piece: (one- and two-family houses, flats) by kind.
INFILL = {"altstadt": (0.1, 3), "gruender": (0.1, 5), "bahnhof": (0, 6), "student": (0, 4),
          "konversion": (0, 2), "nachkrieg": (0.6, 5), "gross": (0.2, 6), "efh": (3.5, 1.5),
          "dorf": (3.5, 0.8), "neubau": (0.2, 0), "gewerbe": (0.2, 0)}  # fmt: skip

#: Larger sites: piece -> (first year, one- and two-family houses, flats, hostel places per year).
SITES = {
    "Neue Aue": {2015: (18, 24, 0), 2016: (46, 70, 0), 2017: (62, 84, 0), 2018: (58, 78, 0),
                 2019: (44, 60, 0), 2020: (30, 52, 0), 2021: (24, 40, 0), 2022: (15, 22, 0),
                 2023: (8, 12, 0), 2024: (4, 0, 0)},
    "Kasernenviertel": {2012: (6, 48, 0), 2013: (12, 84, 0), 2014: (10, 96, 0), 2015: (0, 88, 0),
                        2016: (0, 72, 0), 2017: (0, 36, 0)},
    "Alter Güterbahnhof": {2019: (0, 64, 0), 2020: (0, 98, 0), 2021: (0, 120, 0),
                           2022: (0, 104, 90), 2023: (0, 58, 0), 2024: (0, 40, 0)},
    "Universitätsviertel": {2011: (0, 10, 140), 2018: (0, 0, 180)},
    "Hohenbecker Heide": {2013: (22, 0, 0), 2014: (26, 8, 0), 2015: (14, 8, 0)},
    "Obstgärten": {2020: (16, 6, 0), 2021: (18, 12, 0), 2022: (9, 0, 0)},
}  # fmt: skip


def completions(rng: np.random.Generator) -> dict[int, Ints]:
    """Dwellings completed per year over (piece, house type), from 2005 on."""
    result: dict[int, Ints] = {}
    for year in range(plan.FIRST_STOCK - 4, plan.LAST_STOCK + 1):
        level = 0.7 if year < 2013 else (1.1 if year < 2023 else 0.8)
        table = np.zeros((len(plan.pieces()), 3), dtype=np.int64)
        for p in plan.pieces():
            one, many = INFILL[p.kind]
            draw = rng.random(2)
            table[p.index, 0] = int(2 * one * level * draw[0] + 0.5)
            # flats come as whole houses: none in most years, several at once in others
            table[p.index, 1] = (
                int(many * level * 3 * (draw[1] - 2 / 3) * 6) if draw[1] > 2 / 3 else 0
            )
            table[p.index] += np.array(SITES.get(p.label, {}).get(year, (0, 0, 0)))
        result[year] = table
    return result


def persons_housed(done: dict[int, Ints]) -> dict[int, NDArray[np.float64]]:
    """Persons that new dwellings hold, half in the year of completion and half in the next;
    ordinary infill mostly gives more room to those who are there already."""
    site = np.array([p.label in SITES for p in plan.pieces()])
    use = np.where(site, 1.0, 0.45)
    per = {y: (t * np.array(PERSONS)).sum(axis=1) * use for y, t in done.items()}
    return {y: np.round(0.5 * v + 0.5 * per.get(y - 1, 0.0), 6) for y, v in per.items()}


@dataclass(frozen=True)
class Project:
    """A planned housing project; ``steps`` are percent of the dwellings per year from the start."""

    number: str
    name: str
    piece: str
    district: str
    houses: int
    flats: int
    social: int
    start: int
    steps: tuple[int, ...]
    probability: float
    state: str


_STATES = ("im Bau", "Baurecht vorhanden", "Bebauungsplan im Verfahren", "Rahmenplanung", "Idee")
_PLANNED = (
    ("Neue Aue, 4. Bauabschnitt", "Neue Aue", 24, 36, 10, 2025, (30, 40, 30), 0.95, 0),
    ("Güterbahnhof Ost", "Alter Güterbahnhof", 0, 180, 54, 2025, (20, 30, 30, 20), 0.90, 0),
    ("Schlachthofgelände", "Schlachthofviertel", 0, 240, 72, 2026, (15, 25, 30, 30), 0.80, 1),
    ("Wohnen am Stadion", "Am Stadion", 0, 96, 29, 2026, (50, 50), 0.85, 1),
    ("Quartier Alte Spinnerei", "Spinnereiviertel", 0, 150, 45, 2027, (20, 40, 40), 0.70, 2),
    ("Baulückenprogramm Altstadt", "Domviertel", 0, 22, 0, 2025, (25, 25, 25, 25), 0.75, 1),
    ("Bruchkamp Nord", "Bruchkamp", 64, 20, 6, 2026, (20, 30, 30, 20), 0.80, 1),
    ("Hohenbecker Feld", "Alt-Hohenbeck", 48, 24, 8, 2027, (25, 25, 25, 25), 0.65, 2),
    ("Am Kirchberg II", "Am Kirchberg/02", 18, 0, 0, 2025, (60, 40), 0.90, 1),
    ("Kirchbergblick", "Am Kirchberg/04", 30, 12, 0, 2027, (50, 50), 0.60, 2),
    ("Nachverdichtung Rotenfeld-Mitte", "Rotenfeld-Mitte", 0, 120, 60, 2026, (34, 33, 33), 0.80, 1),
    ("Studierendenwohnheim Mühlenweg", "Sternwarte", 0, 210, 0, 2026, (0, 100), 0.85, 1),
    ("Ostbahnhofquartier", "Ostbahnhof", 0, 320, 96, 2028, (10, 20, 25, 25, 20), 0.55, 3),
    ("Güldenauer Ring", "Güldenau", 0, 88, 40, 2025, (50, 50), 0.90, 0),
    ("Lerchenfeld West", "Lerchenfeld", 36, 18, 5, 2027, (30, 40, 30), 0.60, 2),
    ("Tannroder Dorfmitte", "Alt-Tannrode", 14, 16, 4, 2026, (50, 50), 0.70, 2),
    ("Neu-Tannrode Süd", "Neu-Tannrode", 72, 40, 12, 2029, (20, 20, 20, 20, 20), 0.40, 3),
    ("Lindenhof-Karree", "Lindenhof", 0, 64, 32, 2025, (100,), 0.95, 0),
    ("Westend Hanglage", "Westend", 22, 8, 0, 2026, (50, 50), 0.70, 2),
    ("Nettelsieker Breite", "Nettelsiek", 40, 10, 3, 2028, (25, 25, 25, 25), 0.45, 3),
    ("Eschener Anger", "Alt-Eschen", 28, 14, 4, 2027, (40, 60), 0.60, 2),
    ("Konversion Rangierbahnhof", "Am Rangierbahnhof", 0, 400, 120, 2031,
     (10, 15, 20, 20, 20, 15), 0.25, 4),
    ("Brenkhagen Ortsrand", "Brenkhagen", 20, 0, 0, 2026, (50, 50), 0.75, 1),
    ("Alte Auwiesen, Aufstockung", "Auwiesen", 0, 34, 10, 2026, (50, 50), 0.70, 2),
)  # fmt: skip


def projects() -> tuple[Project, ...]:
    found = []
    for number, (name, where, houses, flats, social, start, steps, p, state) in enumerate(_PLANNED):
        label, _, bezirk = where.partition("/")
        match = [q for q in plan.pieces() if q.label == label and q.district.startswith(bezirk)]
        if len(match) != 1 or sum(steps) != 100:
            raise AssertionError(name)
        found.append(Project(f"P{number + 1:03d}", name, label, match[0].new_key, houses, flats,
                             social, start, steps, p, _STATES[state]))  # fmt: skip
    return tuple(found)
