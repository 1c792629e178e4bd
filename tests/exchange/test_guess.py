"""A few broken cells are findings; they must not make the program misread whole columns."""

from __future__ import annotations

from pathlib import Path

from monitor_app.exchange.guess import Role, guess_columns
from monitor_app.exchange.readers import read_tables

KEYS = tuple(f"01{i}{j}" for i in (1, 2) for j in range(5))


def rows() -> list[str]:
    cells = [f"{k};31.12.2025;m;{age};{20 + age % 7}" for k in KEYS for age in range(90)]
    return ["Stadtviertel;Stichtag;Geschlecht;Alter;Anzahl", *cells]


def roles(folder: Path, lines: list[str]) -> list[Role]:
    path = folder / "b.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    (table,) = read_tables(path)
    found = guess_columns(table, {"viertel": KEYS})
    ages = {g.column: g.score for own in found for g in own if g.role is Role.AGE}
    assert max(ages, key=lambda column: ages[column]) == "Alter"
    return [own[0].role for own in found]


WANTED = [Role.AREA, Role.DATE, Role.SEX, Role.AGE, Role.VALUE]


def test_clean_columns(tmp_path: Path) -> None:
    assert roles(tmp_path, rows()) == WANTED


def test_single_bad_cells_change_no_role(tmp_path: Path) -> None:
    lines = rows()
    lines[5] = lines[5].rsplit(";", 1)[0] + ";x15"
    lines[9] = lines[9].replace("31.12.2025", "31.02.2025")
    lines[12] = lines[12].rsplit(";", 1)[0] + ";-4"
    lines[15] = "999;31.12.2025;m;7;12"
    assert roles(tmp_path, lines) == WANTED


def test_many_bad_cells_do(tmp_path: Path) -> None:
    lines = rows()
    for i in range(1, len(lines), 3):
        lines[i] = lines[i].rsplit(";", 1)[0] + f";n{i}"
    assert roles(tmp_path, lines)[-1] is not Role.VALUE


def test_postal_codes_are_no_counts(tmp_path: Path) -> None:
    path = tmp_path / "plz.csv"
    path.write_text("Postleitzahl;Bestand\n" + "\n".join(f"0{i}123;{i}" for i in range(1, 9)))
    (table,) = read_tables(path)
    first, second = guess_columns(table, {})
    assert max((g.score for g in first if g.role is Role.VALUE), default=0.0) < 0.3
    assert second[0].role is Role.VALUE
