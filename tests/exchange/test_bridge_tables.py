"""Bridge tables of territorial reforms: read by a recipe, refused where totals would be lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from monitor_app.core.batch import ImportBatch
from monitor_app.core.issues import Severity
from monitor_app.exchange.prepare import prepare_import
from monitor_app.exchange.preview import preview
from monitor_app.exchange.recipe import dump_recipe, load_recipe

BRIDGE = """
id: bridge
name: Umsteigeschlüssel
match: {columns: [alt, neu]}
numbers: {decimal: ","}
contents:
  - kind: bridge
    name: Umsteigeschlüssel
    level: viertel
    from_key: alt
    to_key: neu
    date: ab
    weights: {pop: Anteil}
"""
LEVEL = """
id: level
name: Viertel
match: {columns: [Key, Von, Bis]}
contents:
  - kind: areas
    level: {key: viertel, name: Viertel, rank: 3}
    key: Key
    valid_from: Von
    valid_to: Bis
"""
VALID = "Key;Von;Bis\n1;;\n2;;31.12.2017\n3;01.01.2018;\n4;01.01.2018;\n"
GOOD = "alt;neu;ab;Anteil\n1;1;01.01.2018;1,0\n2;3;01.01.2018;0,25\n2;4;01.01.2018;0,75\n"


def prepared(folder: Path, bridge: str, areas: str = VALID) -> ImportBatch:
    (folder / "areas.csv").write_text(areas, encoding="utf-8")
    (folder / "bridge.csv").write_text(bridge, encoding="utf-8")
    recipes = [load_recipe(LEVEL), load_recipe(BRIDGE)]
    return prepare_import([folder / "areas.csv", folder / "bridge.csv"], recipes)


def test_the_sample_town_is_read_by_its_own_recipe(sample_town: Path) -> None:
    files = ["grenzen/gebietsgliederung.gpkg", "gebietsreform/umsteigeschluessel_2018.csv"]
    batch = prepare_import([sample_town / f for f in files], None)
    (bridge,) = batch.bridges
    assert not batch.issues
    assert (bridge.level, bridge.day, len(bridge.rows)) == ("stadtviertel", date(2018, 1, 1), 61)
    assert bridge.given_up == {"0233", "0234", "0431"}
    assert bridge.founded == {"0236", "0435", "0436"}
    assert bridge.shares("pop")["0431", "0435"] == 0.861744
    assert bridge.shares("area")["0431", "0436"] == 0.531997
    assert bridge.shares("dwellings")["0233", "0236"] == 1.0


def test_a_good_table_has_no_findings(tmp_path: Path) -> None:
    batch = prepared(tmp_path, GOOD)
    assert not batch.blocked
    assert {(r.from_key, r.to_key): r.weights["pop"] for r in batch.bridges[0].rows} == {
        ("1", "1"): 1.0, ("2", "3"): 0.25, ("2", "4"): 0.75,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code", "row"),
    [
        ("0,75", "0,70", "bridge-sum", 3),
        ("0,75", "1,75", "bridge-share", 4),
        ("0,75", "-0,25", "bridge-share", 4),
        ("0,75", "", "bridge-share", 4),
        ("2;4;", "2;9;", "area-unknown", 4),
        ("1;1;", "4;1;", "bridge-validity", 2),
        ("2;4;", "2;3;", "bridge-twice", 4),
        ("2;4;", ";4;", "area-empty", 4),
        ("2;4;01.01.2018", "2;4;31.02.2018", "date", 4),
        ("1;1;01.01.2018;1,0\n", "", "", None),
        ("2;3;01.01.2018;0,25\n2;4;01.01.2018;0,75\n", "2;3;01.01.2018;1\n",
         "bridge-incomplete", None),
    ],
)  # fmt: skip
def test_what_would_lose_or_move_people_wrongly_blocks(
    tmp_path: Path, old: str, new: str, code: str, row: int | None
) -> None:
    batch = prepared(tmp_path, GOOD.replace(old, new))
    errors = [i for i in batch.issues if i.severity is Severity.ERROR]
    if not code:  # an area that stays as it is need not be listed
        assert not errors
        return
    assert any(i.code.startswith(code) and i.row == row and i.file == "bridge.csv" for i in errors)
    assert all(i.repair for i in errors)


def test_rounded_shares_are_scaled_so_that_nobody_is_lost(tmp_path: Path) -> None:
    batch = prepared(tmp_path, GOOD.replace("0,25", "0,333").replace("0,75", "0,6665"))
    shares = batch.bridges[0].shares("pop")
    assert not batch.blocked
    assert shares["2", "3"] + shares["2", "4"] == pytest.approx(1.0, abs=1e-15)


def test_the_recipe_survives_a_round_trip() -> None:
    recipe = load_recipe(BRIDGE)
    assert load_recipe(dump_recipe(recipe)) == recipe


def test_an_area_that_receives_people_must_say_where_its_own_stay(tmp_path: Path) -> None:
    text = "alt;neu;ab;Anteil\n2;1;01.01.2018;1\n"
    batch = prepared(tmp_path, text, "Key;Von;Bis\n1;;\n2;;31.12.2017\n")
    (issue,) = (i for i in batch.issues if i.severity is Severity.ERROR)
    assert (issue.code, issue.value) == ("bridge-incomplete", "1")


def test_the_preview_shows_pairs_beside_the_cells(tmp_path: Path) -> None:
    path = tmp_path / "bridge.csv"
    path.write_text(GOOD.replace("0,75", "1,75"), encoding="utf-8")
    shown = preview(path, load_recipe(BRIDGE))
    assert shown.result_header == ("altes Gebiet", "neues Gebiet", "gültig ab", "Einwohner")
    assert shown.results[1] == ("2", "3", "01.01.2018", "0,250000")
    assert shown.results[2] == ("", "", "", "")
    assert shown.cell_issues[2, 3][0].code == "bridge-share"
