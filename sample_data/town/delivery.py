"""The registry's part of the delivery: stocks, movements, reform, control totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from town import geometry, plan
from town.simulation import History, Ints
from town.tables import (
    AGES,
    GROUP,
    GROUP_LONG,
    OFFICE,
    SEX,
    SEX_LONG,
    after_reform,
    number,
    write_csv,
)

WIDE = tuple(f"Alter {a}" for a in AGES)
OD_AGES = ("0-5", "6-17", "18-24", "25-29", "30-44", "45-64", "65-79", "80+")
OD_STARTS = np.array([0, 6, 18, 25, 30, 45, 65, 80])
YEARS = range(plan.FIRST_STOCK + 1, plan.LAST_STOCK + 1)
"""Years with movements."""


def by_quarter(counts: Ints, after: bool) -> Iterator[tuple[plan.Version, Ints]]:
    """Sums of pieces per Stadtviertel of one boundary version, by key."""
    for version in plan.system(after):
        yield version, counts[list(version.pieces)].sum(axis=0)


def _quarter_of_piece(after: bool) -> Ints:
    """Position of the Stadtviertel (in the order of ``plan.system``) for each piece."""
    position = np.zeros(len(plan.pieces()), dtype=np.int64)
    for number_, version in enumerate(plan.system(after)):
        position[list(version.pieces)] = number_
    return position


def _stock_rows(past: History, years: range, after: bool) -> Iterator[list[object]]:
    for year in years:
        for version, counts in by_quarter(past.stock[year], after):
            for s in (0, 1):
                for g in (0, 1):
                    ages = counts[:, s, g]
                    yield [
                        f"31.12.{year}",
                        version.key,
                        version.name,
                        SEX_LONG[s],
                        GROUP_LONG[g],
                        ages.sum(),
                        *ages,
                    ]


def write_stock(folder: Path, past: History) -> None:
    header = (
        "Stichtag",
        "Viertel_Nr",
        "Stadtviertel",
        "Geschlecht",
        "Staatsangehörigkeit",
        "Insgesamt",
        *WIDE,
    )
    title = (
        "Bevölkerung am Ort der Hauptwohnung nach Stadtviertel, Geschlecht, "
        "Staatsangehörigkeit und Alter"
    )
    reform = plan.REFORM_YEAR
    new = f"Gebietsstand: ab 01.01.{reform}"
    for name, years, after, note in (
        (
            "bevoelkerung/bevoelkerung_2009_2017.csv",
            range(plan.FIRST_STOCK, reform),
            False,
            f"Gebietsstand: bis 31.12.{reform - 1}",
        ),
        (
            "bevoelkerung/bevoelkerung_2018_2024.csv",
            range(reform, plan.LAST_STOCK + 1),
            True,
            new,
        ),
        (
            "gebietsreform/bevoelkerung_20171231_neuer_gebietsstand.csv",
            range(reform - 1, reform),
            True,
            f"{new}, aus den Adressen zurückgerechnet",
        ),
    ):
        rows = _stock_rows(past, years, after)
        write_csv(
            folder / name, header, rows, (title, note, f"Quelle: Melderegister, {OFFICE}", "")
        )


def _cells(counts: Ints) -> Iterator[tuple[int, ...]]:
    """Positions of the cells that are not zero, in order."""
    return zip(*(axis.tolist() for axis in np.nonzero(counts)), strict=True)


def write_births(folder: Path, past: History) -> None:
    header = (
        "Jahr",
        "Viertel_Nr",
        "Alter der Mutter",
        "Staatsangehörigkeit der Mutter",
        "Staatsangehörigkeit des Kindes",
        "Geschlecht",
        "Lebendgeborene",
    )
    rows = [
        [year, version.key, AGES[a], GROUP[m], GROUP[c], SEX[s], counts[a, m, c, s]]
        for year in YEARS
        for version, counts in by_quarter(past.births[year], after_reform(year))
        for a, m, c, s in _cells(counts)
    ]
    write_csv(folder / "bewegungen/geburten.csv", header, rows)


def write_deaths(folder: Path, past: History) -> None:
    header = ("Jahr", "Viertel_Nr", "Alter", "Geschlecht", "Staatsangehörigkeit", "Sterbefälle")
    rows = [
        [year, version.key, AGES[a], SEX[s], GROUP[g], counts[a, s, g]]
        for year in YEARS
        for version, counts in by_quarter(past.deaths[year], after_reform(year))
        for a, s, g in _cells(counts)
    ]
    write_csv(folder / "bewegungen/sterbefaelle.csv", header, rows)


def write_naturalisations(folder: Path, past: History) -> None:
    rows = [
        [year, version.key, AGES[a], SEX[s], counts[a, s]]
        for year in YEARS
        for version, counts in by_quarter(past.naturalised[year], after_reform(year))
        for a, s in _cells(counts)
    ]
    header = ("Jahr", "Viertel_Nr", "Alter", "Geschlecht", "Einbürgerungen")
    write_csv(folder / "bewegungen/einbuergerungen.csv", header, rows)


def write_outside(folder: Path, name: str, table: dict[int, Ints], types: Sequence[str]) -> None:
    """Moves across the town's border: a column per place of origin or destination."""
    header = ("Jahr", "Viertel_Nr", "Alter", "Geschlecht", "Staatsangehörigkeit", *types)
    rows = [
        [year, version.key, AGES[a], SEX[s], GROUP[g], *counts[a, s, g]]
        for year in YEARS
        for version, counts in by_quarter(table[year], after_reform(year))
        for a, s, g in _cells(counts.sum(axis=-1))
    ]
    write_csv(folder / f"bewegungen/{name}.csv", header, rows)


def write_inside(folder: Path, past: History) -> None:
    """Moves inside the town: origin and destination with broad age groups (moves inside one
    quarter on the diagonal), and the margins by single age (without the diagonal)."""
    detail: list[list[object]] = []
    margins: dict[str, list[list[object]]] = {"binnenzuzuege": [], "binnenfortzuege": []}
    for year in YEARS:
        quarters = plan.system(after_reform(year))
        keys = [v.key for v in quarters]
        moves = past.moves[year].copy()
        moves[:, :2] = _quarter_of_piece(after_reform(year))[moves[:, :2]]
        n = len(quarters)
        level = np.searchsorted(OD_STARTS, moves[:, 2], side="right") - 1
        shape = (n, n, len(OD_AGES), 2, 2)
        index = np.ravel_multi_index((moves[:, 0], moves[:, 1], level, *moves[:, 3:].T), shape)
        counts = np.bincount(index, minlength=int(np.prod(shape))).reshape(shape)
        detail.extend(
            [year, keys[o], keys[d], OD_AGES[a], SEX[s], GROUP[g], counts[o, d, a, s, g]]
            for o, d, a, s, g in _cells(counts)
        )
        real = moves[moves[:, 0] != moves[:, 1]]
        for name, column in (("binnenzuzuege", 1), ("binnenfortzuege", 0)):
            at = np.ravel_multi_index(real[:, [column, 3, 4, 2]].T, (n, 2, 2, 101))
            table = np.bincount(at, minlength=n * 404).reshape(n, 2, 2, 101)
            margins[name].extend(
                [year, keys[q], SEX[s], GROUP[g], *table[q, s, g]]
                for q in range(n)
                for s in (0, 1)
                for g in (0, 1)
            )
    header = ("Jahr", "Viertel_Nr", "Geschlecht", "Staatsangehörigkeit", *WIDE)
    for name, rows in margins.items():
        write_csv(folder / f"bewegungen/{name}.csv", header, rows)
    header = ("Jahr", "Von_Viertel", "Nach_Viertel", "Altersgruppe", "Geschlecht",
              "Staatsangehörigkeit", "Personen")  # fmt: skip
    write_csv(folder / "bewegungen/umzuege.csv", header, detail)


def write_reform(folder: Path, town: geometry.Town, past: History, dwellings: Ints) -> None:
    """Directory of areas with validity, and the bridge between both boundary versions."""
    day = f"01.01.{plan.REFORM_YEAR}"
    last = f"31.12.{plan.REFORM_YEAR - 1}"
    rows = [
        [v.key, v.name, v.district, plan.district_name(v.district), v.district[:2],
         plan.BEZIRKE[v.district[:2]], "01.01.2001" if v.before else day, "" if v.after else last]
        for v in plan.versions()
    ]  # fmt: skip
    header = ("Viertel_Nr", "Stadtviertel", "Stadtteil_Nr", "Stadtteil", "Bezirk_Nr",
              "Stadtbezirk", "Gültig von", "Gültig bis")  # fmt: skip
    write_csv(folder / "gebietsreform/gebietsverzeichnis.csv", header, rows)
    people = past.stock[plan.REFORM_YEAR - 1].sum(axis=(1, 2, 3))
    area = np.array([s.area for s in town.pieces])
    rows = []
    for old in plan.system(after=False):
        for new in plan.system(after=True):
            common = sorted(set(old.pieces) & set(new.pieces))
            if common:
                share = [w[common].sum() / w[list(old.pieces)].sum()
                         for w in (people, area, dwellings)]  # fmt: skip
                rows.append([old.key, new.key, day, *(number(round(x, 6), 6) for x in share)])
    header = ("Viertel_alt", "Viertel_neu", "Gültig ab", "Anteil Einwohner", "Anteil Fläche",
              "Anteil Wohnungen")  # fmt: skip
    write_csv(folder / "gebietsreform/umsteigeschluessel_2018.csv", header, rows)


def write_control(folder: Path, past: History, further: Mapping[str, Mapping[int, int]]) -> None:
    """Totals of the town per year, for comparison. ``further``: columns of other offices."""
    header = ("Jahr", "Einwohner am 31.12.", "darunter nichtdeutsch", "Lebendgeborene",
              "Sterbefälle", "Zuzüge", "Wegzüge", "Umzüge zwischen Stadtvierteln",
              "Umzüge innerhalb der Stadtviertel", "Einbürgerungen", *further)  # fmt: skip
    rows: list[list[object]] = []
    for year in range(plan.FIRST_STOCK, plan.LAST_STOCK + 1):
        stock = past.stock[year]
        row: list[object] = [year, stock.sum(), stock[..., 1].sum()]
        if year in YEARS:
            place = _quarter_of_piece(after_reform(year))[past.moves[year][:, :2]]
            inside = int((place[:, 0] == place[:, 1]).sum())
            row += [t[year].sum() for t in (past.births, past.deaths, past.moves_in,
                                            past.moves_out)]  # fmt: skip
            row += [len(place) - inside, inside, past.naturalised[year].sum()]
        else:
            row += ["x"] * 7
        row += [totals.get(year, "x") for totals in further.values()]
        rows.append(row)
    write_csv(folder / "kontrollsummen.csv", header, rows,
              before=("Bevölkerungsbestand und -bewegung der Gesamtstadt",),
              after=("x = Tabellenfach gesperrt, weil Aussage nicht sinnvoll",
                     f"Quelle: {OFFICE}"))  # fmt: skip
