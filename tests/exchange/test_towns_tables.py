"""Tables of statistical offices: no names over the keys, sums left out by their labels."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from monitor_app.exchange.prepare import prepare_import
from monitor_app.exchange.readers import read_tables
from tests.exchange.mapping_tools import codes
from tests.exchange.test_towns_layouts import NUMBERED, one, people, town

AGES = (("unter 3 Jahre", 0, 3), ("3 bis unter 6 Jahre", 3, 6), ("6 Jahre und mehr", 6, 999))


def table(folder: Path, units: str = ";;;;Anzahl;Anzahl;Anzahl\r\n") -> Path:
    """Title lines, a header that names the numbers only, units, rows of sums, footnotes."""
    lines = [
        "Tabelle: 12411-02-03-4", "Bevölkerung nach Geschlecht und Altersgruppen",
        "31.12. - regionale Ebenen;;;;;;", ";;;;männlich;weiblich;Insgesamt",
    ]  # fmt: skip
    body = [
        f"31.12.{y};{a + 1:02d};  Teil {a}, Stadt;{label};{people([a], y, 'm', low=lo, high=hi)};"
        f"{people([a], y, 'f', low=lo, high=hi)};{people([a], y, low=lo, high=hi)}"
        for y in (2023, 2024)
        for a in range(6)
        for label, lo, hi in (*AGES, ("Insgesamt", 0, 999))
    ]
    notes = ["__________", "© Statistische Ämter", "Stand: 03.01.2025 / 10:11:12"]
    text = "\r\n".join(lines) + "\r\n" + units + "\r\n".join([*body, *notes])
    path = folder / "12411.csv"
    path.write_bytes(text.encode("cp1252"))
    return path


def test_the_first_row_below_names_of_numbers_is_data(tmp_path: Path) -> None:
    for units in (";;;;Anzahl;Anzahl;Anzahl\r\n", ""):
        (raw,) = read_tables(table(tmp_path, units))
        assert raw.header[4:] == ("männlich", "weiblich", "Insgesamt")
        assert len(raw) == 2 * 6 * 4
        assert raw.columns[0][0] == "31.12.2023"
        assert raw.columns[3][0] == "unter 3 Jahre"


def test_such_a_table_is_read_to_the_person(tmp_path: Path) -> None:
    cube = one(prepare_import(table(tmp_path), None, town(NUMBERED))).cube
    assert cube.totals() == {date(y, 12, 31): people(range(6), y) for y in (2023, 2024)}
    men = cube.take("sex", [cube.labels["sex"].index("m")]).totals()
    assert men == {date(y, 12, 31): people(range(6), y, "m") for y in (2023, 2024)}


def test_rows_left_out_as_sums_are_no_difference(tmp_path: Path) -> None:
    batch = prepare_import(table(tmp_path), None, town(NUMBERED))
    assert "total-left-out" in codes(batch.issues)
    assert "total-differs" not in codes(batch.issues)
    for row in batch.comparisons:
        assert row.in_file == row.stored
