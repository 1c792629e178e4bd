"""Reads the delivered files with plain pandas; nothing of the generator is used here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

STOCK_YEARS = range(2009, 2025)
YEARS = range(2010, 2025)
Counts = NDArray[np.int64]


def table(path: Path, skip: int = 0, **options: object) -> pd.DataFrame:
    """A table of the delivery, all cells as text."""
    return pd.read_csv(
        path, sep=";", encoding="cp1252", skiprows=skip, dtype=str, keep_default_na=False, **options
    )


def age(labels: pd.Series) -> pd.Series:
    return labels.str.rstrip("+").astype(int)


SEX = {"m": 0, "w": 1, "männlich": 0, "weiblich": 1}
GROUP = {"d": 0, "nd": 1, "deutsch": 0, "nichtdeutsch": 1}


@dataclass(frozen=True)
class Delivery:
    """Counts per year over (quarter, age, sex, group), on the boundaries of the year.

    ``before_reform`` is the stock of 31.12.2017 on the new boundaries.
    """

    keys: dict[int, list[str]]
    stock: dict[int, Counts]
    before_reform: Counts
    births: pd.DataFrame
    newborn: dict[int, Counts]
    deaths: dict[int, Counts]
    moves_in: dict[int, Counts]
    moves_out: dict[int, Counts]
    arrivals: dict[int, Counts]
    departures: dict[int, Counts]
    naturalised: dict[int, Counts]


def _long(frame: pd.DataFrame, keys: dict[int, list[str]], amount: list[str]) -> dict[int, Counts]:
    frame = frame.copy()
    frame["n"] = sum(frame[c].astype(int) for c in amount)
    result = {}
    for year in YEARS:
        part = frame[frame["Jahr"] == str(year)]
        position = {k: i for i, k in enumerate(keys[year])}
        counts = np.zeros((len(position), 101, 2, 2), dtype=np.int64)
        group = part["Staatsangehörigkeit"].map(GROUP) if "Staatsangehörigkeit" in part else 0
        where = (part["Viertel_Nr"].map(position), age(part["Alter"]), part["Geschlecht"].map(SEX))
        np.add.at(counts, (*where, group), part["n"])
        result[year] = counts
    return result


def _wide(frame: pd.DataFrame, keys: list[str]) -> Counts:
    ages = [c for c in frame.columns if c.startswith("Alter ")]
    assert ages == [f"Alter {a}" for a in range(100)] + ["Alter 100+"]
    position = {k: i for i, k in enumerate(keys)}
    counts = np.zeros((len(keys), 101, 2, 2), dtype=np.int64)
    assert not frame.duplicated(["Viertel_Nr", "Geschlecht", "Staatsangehörigkeit"]).any()
    rows = frame["Viertel_Nr"].map(position), frame["Geschlecht"].map(SEX)
    group = frame["Staatsangehörigkeit"].map(GROUP)
    counts[rows[0], :, rows[1], group] = frame[ages].astype(int).to_numpy()
    return counts


def _stock(folder: Path) -> tuple[dict[int, list[str]], dict[int, Counts], Counts]:
    keys: dict[int, list[str]] = {}
    stock: dict[int, Counts] = {}
    for name in ("2009_2017", "2018_2024"):
        frame = table(folder / "bevoelkerung" / f"bevoelkerung_{name}.csv", skip=4)
        for day, part in frame.groupby("Stichtag"):
            year = int(str(day)[-4:])
            assert day == f"31.12.{year}"
            keys[year] = sorted(part["Viertel_Nr"].unique())
            stock[year] = _wide(part, keys[year])
            total = part["Insgesamt"].astype(int).sum()
            assert stock[year].sum() == total
    name = "bevoelkerung_20171231_neuer_gebietsstand.csv"
    rebased = _wide(table(folder / "gebietsreform" / name, skip=4), keys[2018])
    return keys, stock, rebased


def read_delivery(folder: Path) -> Delivery:
    keys, stock, rebased = _stock(folder)
    moves = folder / "bewegungen"
    births = table(moves / "geburten.csv")
    renamed = births.assign(Alter="0", Staatsangehörigkeit=births["Staatsangehörigkeit des Kindes"])
    outside = {
        name: table(moves / f"{name}.csv") for name in ("zuzuege", "wegzuege", "sterbefaelle")
    }
    margins = {name: table(moves / f"{name}.csv") for name in ("binnenzuzuege", "binnenfortzuege")}
    inside = {
        name: {y: _wide(f[f["Jahr"] == str(y)], keys[y]) for y in YEARS}
        for name, f in margins.items()
    }
    return Delivery(
        keys,
        stock,
        rebased,
        births,
        _long(renamed, keys, ["Lebendgeborene"]),
        _long(outside["sterbefaelle"], keys, ["Sterbefälle"]),
        _long(outside["zuzuege"], keys, ["aus Umland", "aus übrigem Inland", "aus Ausland"]),
        _long(outside["wegzuege"], keys, ["ins Umland", "ins übrige Inland", "ins Ausland"]),
        inside["binnenzuzuege"],
        inside["binnenfortzuege"],
        _long(table(moves / "einbuergerungen.csv"), keys, ["Einbürgerungen"]),
    )
