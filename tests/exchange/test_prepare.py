"""From files to a batch: several recipes at once, wrong files, proposals, previews."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.batch import ImportContext
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.exchange.prepare import prepare_import
from monitor_app.exchange.preview import preview
from monitor_app.exchange.propose import propose_recipe
from monitor_app.exchange.readers import read_tables
from monitor_app.exchange.recipe import load_recipe
from tests.exchange.mapping_tools import codes, recipe_of, table, write

KEYS = ("0101", "0102", "0203")
CONTEXT = ImportContext(
    AreaSystem(
        (Level(CITY, "Stadt", 0), Level("viertel", "Viertel", 1, 4)),
        tuple(Area(i, "viertel", k, f"Viertel {k}") for i, k in enumerate(KEYS)),
    )
)
WIDE = """\
Bevölkerung am 31.12.2024
Schlüssel;Viertel;Geschlecht;unter 3;3 bis unter 6;6 und älter
101;Dom;männlich;1;2;30
101;Dom;weiblich;3;4;50
102;Markt;männlich;5;6;70
102;Markt;weiblich;7;8;90
203;Au;männlich;9;1;10
203;Au;weiblich;2;3;40
Insgesamt;;männlich;15;9;110
Insgesamt;;weiblich;12;15;180
"""


def test_a_proposal_maps_an_unknown_file_to_the_right_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, "einwohner_2024.csv", WIDE, "cp1252")
    batch = prepare_import(path, None, CONTEXT)
    assert not batch.blocked, batch.issues
    (fact,) = batch.facts
    assert fact.spec.kind == "population"
    assert fact.cube.areas == KEYS
    assert fact.cube.dates == (date(2024, 12, 31),)
    assert fact.cube.values[0, 0].tolist() == [[1, 2, 30], [3, 4, 50]]
    assert fact.cube.totals()[date(2024, 12, 31)] == 341
    assert {"recipe-proposed", "keys-repaired"} <= set(codes(batch.issues))
    assert [load_recipe(text).proposed for text in batch.recipes.values()] != [()]


def test_a_proposal_gives_its_reasons(tmp_path: Path) -> None:
    tables = read_tables(write(tmp_path, "einwohner_2024.csv", WIDE))
    recipe = propose_recipe(tables, CONTEXT)
    assert any("Schlüssel" in reason for reason in recipe.proposed)
    assert any("Geschlecht" in reason for reason in recipe.proposed)


def test_every_table_gets_some_proposal_without_a_traceback() -> None:
    for header, rows in (
        (("a",), [("x",), ("y",)]),
        (("", ""), [("", "")]),
        (("a", "b"), []),
        (("1", "2"), [("3", "4")]),
    ):
        assert propose_recipe((table(header, rows),), CONTEXT).contents


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("leer.csv", b""),
        ("bild.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 50),
        ("a.xlsx", b"PK\x03\x04x"),
    ],
)
def test_files_that_cannot_be_read_are_findings(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    batch = prepare_import(path, None, CONTEXT)
    assert batch.blocked
    assert not batch.facts
    assert all(i.message and i.file == name for i in batch.issues)


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    batch = prepare_import(tmp_path / "fehlt.csv", None, CONTEXT)
    assert batch.blocked


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    path = write(tmp_path, "einwohner_2024.csv", WIDE)
    with pytest.raises(Cancelled):
        prepare_import(path, None, CONTEXT, Progress(token=token))


def test_sources_carry_name_hash_and_date(tmp_path: Path) -> None:
    batch = prepare_import(write(tmp_path, "einwohner_2024.csv", WIDE), None, CONTEXT)
    (source,) = batch.sources
    assert source.name == "einwohner_2024.csv"
    assert len(source.sha256) == 64
    assert source.modified is not None


def test_facilities_come_from_coordinates(tmp_path: Path) -> None:
    content = """\
  - kind: facilities
    dataset: facilities_kitas
    name: Kitas
    x: Ost
    y: Nord
    crs: EPSG:25832
    attributes: {name: Name, places: {column: Plätze, number: true}}
"""
    text = "Name;Plätze;Ost;Nord\nKita A;20;565853,50;5767892\nKita B;35;;\n"
    batch = prepare_import(write(tmp_path, "kitas.csv", text), recipe_of(content), CONTEXT)
    (points,) = batch.points
    assert points.x.tolist() == [565853.5]
    assert points.attributes == {"name": ("Kita A",), "places": (20.0,)}
    assert codes(batch.issues).count("facility-without-place") == 1


def test_preview_shows_cells_beside_what_they_become() -> None:
    content = """\
  - kind: population
    dataset: population
    name: Bevölkerung
    level: viertel
    area: {column: Nr}
    date: {column: Jahr}
    values: [{column: m, sex: m}, {column: w, sex: f}]
    ignore: [{column: Nr, equals: Summe, role: total}]
"""
    raw = table(
        ("Nr", "Jahr", "m", "w"),
        [("101", "2024", "5", "x"), ("Summe", "2024", "5", "?"), ("203", "2024", "7", "8?")],
    )
    shown = preview(raw, recipe_of(content), context=CONTEXT)
    assert shown.cells[0] == ("101", "2024", "5", "x")
    assert shown.result_header == ("area", "date", "m", "w")
    assert shown.results[0] == ("0101", "31.12.2024", "5 (männlich)", "x (weiblich)")
    assert shown.used == (True, False, True)
    assert [i.code for i in shown.cell_issues[2, 3]] == ["number-unreadable"]
    assert (1, 3) not in shown.cell_issues


CELL = st.sampled_from(
    ["", "1", "101", "0102", "1.234", "2,5", "-3", "x", "31.12.2024", "2024", "m", "w", "Summe",
     "0-4", "85+", "insgesamt", "?", "ä", "1e999", "…"]
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(CELL | st.text("abcÄ123 |", max_size=6), min_size=2, max_size=6).flatmap(
        lambda head: st.tuples(
            st.just(head),
            st.lists(st.lists(CELL, min_size=len(head), max_size=len(head)), max_size=12),
        )
    )
)
def test_no_table_brings_the_import_down(tmp_path_factory, content) -> None:  # type: ignore[no-untyped-def]
    """Whatever stands in a file, the import ends with findings, never with another exception."""
    head, rows = content
    text = "\n".join(";".join(cells) for cells in (head, *rows)) + "\n"
    path = write(tmp_path_factory.mktemp("f"), "datei.csv", text)
    batch = prepare_import(path, None, CONTEXT)
    assert batch.blocked or batch.facts or batch.points or batch.areas
    assert all(i.message for i in batch.issues)
