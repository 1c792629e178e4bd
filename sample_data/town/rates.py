"""Assumptions of the simulation: tables by age, kind of quarter and year. All invented, shaped
like those of a German university town. Ages are "Berichtsjahr minus Geburtsjahr" (0…100+)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

AGES = np.arange(101)
Floats = NDArray[np.float64]
M, F = 0, 1
GERMAN, FOREIGN = 0, 1
ORIGINS = ("Umland", "Inland", "Ausland")


def curve(knots: str) -> Floats:
    """``"0:1 20:5 100:0"`` -> values for ages 0…100, linear in between."""
    pairs = [k.split(":") for k in knots.split()]
    x, y = [float(a) for a, _ in pairs], [float(b) for _, b in pairs]
    return np.round(np.interp(AGES, x, y), 6)


#: Age structure of Germany at the end of 2004, roughly: echo of the wars, of the baby boom
#: (1964) and of the fall of births after it.
PYRAMID = curve(
    "0:705 4:745 8:790 11:800 14:860 17:950 19:960 23:960 26:950 29:940 32:1090 36:1390 40:1440 "
    "44:1300 48:1170 53:1080 57:960 58:820 59:700 60:860 63:1130 65:1150 69:940 71:780 72:700 "
    "75:690 79:560 83:420 84:330 85:170 87:130 89:180 92:110 95:45 100:4"
)
MALE_SHARE = curve("0:0.513 30:0.508 50:0.502 60:0.492 70:0.46 78:0.40 85:0.27 100:0.18")
FOREIGN_BY_AGE = curve(
    "0:0.5 4:0.55 5:1.0 12:1.05 20:1.5 30:1.75 40:1.3 55:0.9 65:0.75 75:0.35 100:0.15"
)

#: Kind of quarter: inhabitants at the start, foreign share, social status, yearly change of
#: what it holds (households shrink or the quarter is in demand).
KINDS: dict[str, tuple[float, float, float, float]] = {
    "altstadt": (1870, 0.11, 0.2, 0.003),
    "gruender": (4030, 0.13, 0.2, 0.004),
    "bahnhof": (3720, 0.24, -1.2, 0.004),
    "student": (3300, 0.14, -0.1, 0.004),
    "konversion": (950, 0.14, 0.2, 0.002),
    "nachkrieg": (3440, 0.11, -0.5, -0.001),
    "gross": (4550, 0.25, -1.6, 0.001),
    "efh": (2280, 0.035, 0.8, -0.003),
    "dorf": (1600, 0.025, 0.6, -0.002),
    "neubau": (60, 0.03, 0.9, 0.0),
    "gewerbe": (360, 0.25, -1.0, 0.0),
}

#: Age structure at the start, relative to the pyramid.
START_SHAPE: dict[str, Floats] = {
    "altstadt": curve("0:0.6 17:0.6 19:1.3 30:1.6 40:1.1 60:0.9 75:1.0 100:1.2"),
    "gruender": curve("0:0.9 16:0.7 19:1.3 30:1.7 40:1.2 55:0.8 70:0.65 100:0.8"),
    "bahnhof": curve("0:1.0 16:0.9 19:1.2 30:1.5 40:1.1 55:0.9 70:0.7 100:0.7"),
    "student": curve("0:0.4 17:0.3 19:2.5 21:5 25:5 29:3 34:1.1 45:0.5 100:0.5"),
    "konversion": curve("0:0.9 20:1.2 40:1.1 60:0.8 100:0.6"),
    "nachkrieg": curve("0:0.85 18:0.8 30:0.95 50:0.9 65:1.2 80:1.45 100:1.4"),
    "gross": curve("0:1.25 17:1.3 25:1.1 40:1.0 55:1.05 68:1.15 80:0.8 100:0.7"),
    "efh": curve("0:0.8 8:1.0 17:1.2 21:0.7 30:0.5 42:1.15 55:1.25 68:1.35 80:0.95 100:0.8"),
    "dorf": curve("0:1.05 8:1.25 17:1.2 22:0.7 30:0.65 42:1.3 55:1.1 70:0.95 100:0.8"),
    "neubau": curve("0:1 20:1 100:1"),
    "gewerbe": curve("0:0.7 25:1.3 50:1.2 70:0.6 100:0.2"),
}

#: Bounds of the age classes for the choice of a place, and how much each kind draws them.
CLASS_STARTS = np.array([0, 6, 18, 25, 30, 45, 65])
DRAW: dict[str, tuple[float, ...]] = {
    "altstadt": (0.6, 0.6, 1.6, 1.6, 1.0, 0.9, 0.9),
    "gruender": (0.9, 0.8, 1.3, 1.5, 1.2, 0.8, 0.6),
    "bahnhof": (0.9, 0.9, 1.3, 1.3, 1.1, 0.9, 0.6),
    "student": (0.25, 0.2, 4.5, 1.9, 0.5, 0.35, 0.3),
    "konversion": (1.2, 0.9, 0.9, 1.3, 1.3, 0.8, 0.7),
    "nachkrieg": (1.0, 1.0, 0.9, 0.9, 0.9, 1.0, 1.3),
    "gross": (1.3, 1.3, 1.0, 0.9, 1.0, 1.0, 0.9),
    "efh": (1.4, 1.1, 0.35, 0.5, 1.3, 1.0, 1.0),
    "dorf": (1.3, 1.2, 0.4, 0.5, 1.3, 1.1, 0.9),
    "neubau": (1.9, 1.3, 0.3, 0.7, 1.7, 0.6, 0.5),
    "gewerbe": (0.7, 0.7, 1.2, 1.2, 1.0, 1.0, 0.3),
}
FOREIGN_DRAW = {"altstadt": 0.9, "gruender": 0.9, "bahnhof": 1.9, "student": 1.1, "konversion": 1.0,
                "nachkrieg": 1.1, "gross": 1.9, "efh": 0.4, "dorf": 0.3, "neubau": 0.5,
                "gewerbe": 1.9}  # fmt: skip
LEAVE = {"altstadt": 1.1, "gruender": 1.05, "bahnhof": 1.25, "student": 1.35, "konversion": 1.0,
         "nachkrieg": 0.95, "gross": 1.0, "efh": 0.8, "dorf": 0.8, "neubau": 0.6,
         "gewerbe": 1.3}  # fmt: skip

OUT_RATE = curve("0:0.016 1:0.028 5:0.022 10:0.013 17:0.016 18:0.035 20:0.07 23:0.10 27:0.125 "
                 "30:0.09 35:0.05 40:0.03 50:0.017 60:0.012 68:0.010 80:0.014 90:0.016 "
                 "100:0.01")  # fmt: skip
WITHIN_RATE = curve("0:0.025 1:0.075 5:0.05 10:0.036 16:0.034 18:0.06 20:0.11 25:0.145 30:0.11 "
                    "35:0.08 40:0.05 50:0.03 60:0.018 70:0.013 80:0.022 90:0.035 "
                    "100:0.03")  # fmt: skip
FOREIGN_OUT, FOREIGN_WITHIN = 1.8, 1.35

IN_AGE: dict[str, Floats] = {
    "Umland": curve("0:0.6 1:1 5:0.6 12:0.5 17:0.8 18:2 20:3 25:3 30:2.2 35:1.4 45:0.8 55:0.7 "
                    "65:0.5 75:0.5 82:0.6 90:0.3 100:0.02"),
    "Inland": curve("0:0.4 1:0.8 5:0.5 10:0.35 16:0.35 18:2.2 19:5.2 20:5.6 22:4.4 25:4.4 28:3.5 "
                    "30:2.6 35:1.5 40:0.8 50:0.5 60:0.4 65:0.35 75:0.2 85:0.2 95:0.05 100:0.01"),
    "Ausland": curve("0:0.5 1:1.0 8:0.8 15:0.8 18:2 22:3.2 27:3.2 32:2.5 40:1.6 50:0.9 60:0.35 "
                     "70:0.12 80:0.04 95:0.004 100:0"),
}  # fmt: skip
#: Persons moving in per year before the year's factor, by group and origin.
IN_TOTAL = {GERMAN: {"Umland": 1770, "Inland": 3290, "Ausland": 220},
            FOREIGN: {"Umland": 355, "Inland": 845, "Ausland": 1390}}  # fmt: skip
ABROAD_YEAR = {2010: 0.80, 2011: 0.95, 2012: 1.05, 2013: 1.15, 2014: 1.35, 2015: 2.30, 2016: 1.55,
               2017: 1.20, 2018: 1.15, 2019: 1.12, 2020: 0.80, 2021: 0.98, 2022: 2.30, 2023: 1.35,
               2024: 1.15}  # fmt: skip
HOME_YEAR = {2020: 0.90, 2021: 0.95}

#: Share of Umland, Inland, Ausland among those who leave: Germans by age class, foreigners.
OUT_TARGET = np.array([[0.55, 0.42, 0.03], [0.52, 0.44, 0.04], [0.17, 0.77, 0.06],
                       [0.22, 0.71, 0.07], [0.48, 0.46, 0.06], [0.48, 0.47, 0.05],
                       [0.52, 0.45, 0.03]])  # fmt: skip
OUT_TARGET_FOREIGN = np.array([0.20, 0.37, 0.43])

TFR_YEAR = {2005: 0.95, 2010: 0.98, 2013: 0.99, 2015: 1.04, 2016: 1.09, 2019: 1.07, 2020: 1.06,
            2021: 1.09, 2022: 1.01, 2023: 0.95, 2024: 0.92}  # fmt: skip
EXCESS_DEATHS = {2020: 1.04, 2021: 1.06, 2022: 1.08, 2023: 1.03}
NATURALISED_YEAR = {2016: 1.1, 2020: 0.9, 2021: 1.1, 2022: 1.4, 2023: 1.7, 2024: 2.5}
NATURALISED_AGE = curve("0:0 1:0.2 10:0.7 18:1.2 25:1.6 40:1.3 55:0.6 70:0.2 100:0.05")


def by_year(table: dict[int, float], year: int) -> float:
    """Linear between the years of a table, constant outside."""
    return round(float(np.interp(year, list(table), list(table.values()))), 6)


def fertility(year: int) -> Floats:
    """Births per woman, shape (group, age), before the quarter's factor."""
    result = np.zeros((2, 101))
    for group, total, mean, spread in ((GERMAN, 1.42, 31.2, 5.2), (FOREIGN, 1.88, 29.4, 5.8)):
        shape = np.exp(-0.5 * ((AGES - mean - 0.02 * (year - 2010)) / spread) ** 2)
        shape[(AGES < 16) | (AGES > 47)] = 0
        result[group] = shape / shape.sum() * total * by_year(TFR_YEAR, year)
    return np.round(result, 8)


def mortality(year: int) -> Floats:
    """Probability to die within the year, shape (sex, age), before the quarter's factor."""
    result = np.zeros((2, 101))
    for sex, mode, slope in ((M, 85.6, 0.097), (F, 89.2, 0.113)):
        level = slope * np.exp(slope * (AGES - mode)) + (0.00035 if sex == M else 0.00015)
        level = level * 0.988 ** (year - 2014) * EXCESS_DEATHS.get(year, 1.0)
        level = level * (1 + 0.07 * np.maximum(AGES - 92, 0))  # centenarians stay rare
        level[0], level[1] = 0.0026, 0.0009
        result[sex] = 1 - np.exp(-level)
    return np.round(np.minimum(result, 0.6), 8)
