"""A workbook of rates: unchanged it changes nothing; changed cells change exactly themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forecasting_towns import system
from python_calamine import CalamineWorkbook
from rate_books import counted_town
from workbook_cells import rewrite

from monitor_app.app import forecasting_run as runs
from monitor_app.app.rates import RateBook, make_book, with_spec
from monitor_app.app.rates_file import export_rates, sheet_names, take_rates
from monitor_app.core.issues import UserError
from monitor_app.forecast.spec import make_spec


@pytest.fixture(scope="module")
def book() -> RateBook:
    return make_book(
        counted_town(), system(), make_spec({"level": "quarter", "years": 2, "control": 0.0})
    )


@pytest.fixture(scope="module")
def written(book: RateBook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("raten") / "raten.xlsx"
    export_rates(book, path)
    return path


@pytest.fixture
def file(written: Path, tmp_path: Path) -> Path:
    path = tmp_path / "raten.xlsx"
    path.write_bytes(written.read_bytes())
    return path


def taken(book: RateBook, path: Path) -> RateBook:
    edits, issues = take_rates(book, path, "Annahme")
    assert issues == ()
    return with_spec(book, book.spec.model_copy(update={"rates": edits}))


def test_every_table_has_a_sheet_and_there_is_provenance(book: RateBook, written: Path) -> None:
    with CalamineWorkbook.from_path(str(written)) as found:
        names = found.sheet_names
        assert set(sheet_names(book).values()) <= set(names)
        rows = found.get_sheet_by_name("Herkunft").to_python()
        assert "Maßzahlen" in names
    departures = next(r for r in rows if r[0].startswith("Fortzüge") and r[1] == "A1")
    table = book.tables["departures"]
    assert departures[rows[0].index("Ereignisse")] == pytest.approx(table.events[..., 0].sum())
    weight = departures[rows[0].index("Gewicht der eigenen Erfahrung")]
    assert 0.0 < weight < 1.0


def test_an_unchanged_workbook_changes_nothing(book: RateBook, written: Path) -> None:
    assert take_rates(book, written) == ([], ())


def test_changed_cells_become_themselves_and_nothing_else(book: RateBook, file: Path) -> None:
    def change(rows: list[list[Any]]) -> None:
        column = rows[0].index("A2 [a2]")
        row = next(r for r in rows if r[:3] == ["Frauen", "alle Gruppen", "40"])
        row[column] = 12.5

    rewrite(file, sheet_names(book)["departures"], change)
    found = taken(book, file)
    [edit] = found.spec.rates
    assert edit.note == "Annahme"
    assert (edit.sex, edit.ages, edit.areas, edit.value) == (("f",), (40, 40), ("a2",), 0.0125)
    for key, table in found.tables.items():
        same = table.values == book.tables[key].values
        assert same.sum() == same.size - (key == "departures")


def test_a_column_times_one_factor_becomes_one_change_and_scales_births(
    book: RateBook, file: Path
) -> None:
    def change(rows: list[list[Any]]) -> None:
        for row in rows[1:]:
            for column in range(4, len(row)):
                row[column] = row[column] * 1.1

    rewrite(file, sheet_names(book)["births"], change)
    found = taken(book, file)
    assert len(found.spec.rates) == 1
    assert found.spec.rates[0].areas == ()
    assert found.spec.rates[0].factor == pytest.approx(1.1)
    both = [runs.make_forecast(counted_town(), system(), s).results[0].projection.components
            for s in (book.spec, found.spec)]  # fmt: skip
    np.testing.assert_allclose(both[1]["births"][0], 1.1 * both[0]["births"][0], rtol=1e-9)
    np.testing.assert_array_equal(both[1]["arrivals"][0], both[0]["arrivals"][0])


def test_both_sexes_times_one_factor_become_one_change(book: RateBook, file: Path) -> None:
    def change(rows: list[list[Any]]) -> None:
        for row in rows[1:]:
            if 20 <= int(row[2]) <= 29:
                row[5] = row[5] * 0.8

    rewrite(file, sheet_names(book)["departures"], change)
    [edit] = taken(book, file).spec.rates
    assert (edit.sex, edit.ages, edit.areas) == ((), (20, 29), ("a2",))
    assert edit.factor == pytest.approx(0.8)


def test_text_with_a_comma_is_a_number(book: RateBook, file: Path) -> None:
    def change(rows: list[list[Any]]) -> None:
        rows[5][4] = "3,25"

    rewrite(file, sheet_names(book)["deaths"], change)
    [edit] = taken(book, file).spec.rates
    assert edit.value == pytest.approx(0.00325)


def test_the_share_of_girls_and_destinations_come_back(book: RateBook, file: Path) -> None:
    def girls(rows: list[list[Any]]) -> None:
        rows[1][3] = 48.0

    def pull(rows: list[list[Any]]) -> None:
        rows[1][rows[0].index("B1 [b1]")] = 40.0

    rewrite(file, sheet_names(book)["girls"], girls)
    rewrite(file, sheet_names(book)["destinations"], pull)
    found = taken(book, file)
    assert found.tables["girls"].values.item() == pytest.approx(0.48)
    shares = found.tables["destinations"].values[0, 0, 0]
    assert shares[2] == pytest.approx(0.4)
    before = book.tables["destinations"].values[0, 0, 0]
    assert shares[0] / shares[1] == pytest.approx(before[0] / before[1])


def test_findings_name_sheet_row_and_column(book: RateBook, file: Path) -> None:
    sheet = sheet_names(book)["deaths"]

    def change(rows: list[list[Any]]) -> None:
        rows[1][4] = -3.0
        rows[2][5] = 1500.0
        rows[3][6] = "viel"
        rows[4][4] = ""
        rows[5][0] = "Kinder"
        rows[6][2] = "130"
        rows[7] = list(rows[8])

    rewrite(file, sheet, change)
    edits, issues = take_rates(book, file)
    assert edits == []
    assert {i.sheet for i in issues} == {sheet}
    found = {(i.code, i.row) for i in issues}
    assert found == {
        ("rates-cell-range", 2), ("rates-cell-range", 3), ("rates-cell", 4),
        ("rates-cell-empty", 5), ("rates-row", 6), ("rates-row", 7), ("rates-row-twice", 9),
    }  # fmt: skip
    places = {i.row: i.column for i in issues}
    assert (places[2], places[3], places[4]) == ("A1 [a1]", "A2 [a2]", "B1 [b1]")
    assert next(i for i in issues if i.row == 4).value == "viel"


def test_an_unknown_area_is_told(book: RateBook, file: Path) -> None:
    def change(rows: list[list[Any]]) -> None:
        rows[0][4] = "Neustadt [n9]"

    rewrite(file, sheet_names(book)["births"], change)
    _edits, issues = take_rates(book, file)
    assert [(i.code, i.value) for i in issues] == [("rates-column", "n9")]


def test_other_workbooks_and_endings_are_refused(book: RateBook, tmp_path: Path) -> None:
    import xlsxwriter

    other = tmp_path / "anderes.xlsx"
    made = xlsxwriter.Workbook(str(other))
    made.add_worksheet("Blatt").write(0, 0, "x")
    made.close()
    with pytest.raises(UserError) as told:
        take_rates(book, other)
    assert told.value.issues[0].code == "rates-file"
    with pytest.raises(UserError):
        export_rates(book, tmp_path / "raten.csv")
    with pytest.raises(UserError):
        take_rates(book, tmp_path / "fehlt.xlsx")
