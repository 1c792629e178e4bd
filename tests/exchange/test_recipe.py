"""Recipes: what YAML may say, and how mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor_app.core.issues import UserError
from monitor_app.core.resources import resource_path
from monitor_app.exchange.recipe import (
    dump_recipe,
    load_recipe,
    match_recipes,
    shipped_recipes,
)
from monitor_app.exchange.recipe_model import FactContent
from tests.exchange.mapping_tools import table

GOOD = """\
id: test
name: {de: Probe, en: Sample}
contents:
  - kind: population
    dataset: population
    name: Bevölkerung
    level: viertel
    area: {column: Nr, map: {010: "0010", 7: 007}}
    date: {column: Jahr}
    sex: {column: Geschlecht, map: {1: m, 2: f}}
    values: [{column: Anzahl}]
    negative: no
"""


def test_keys_in_recipes_stay_text() -> None:
    content = load_recipe(GOOD).contents[0]
    assert isinstance(content, FactContent)
    assert content.area is not None
    assert content.area.map == {"010": "0010", "7": "007"}
    assert content.negative is False


def test_dump_and_load_give_the_same_recipe() -> None:
    recipe = load_recipe(GOOD)
    assert load_recipe(dump_recipe(recipe)) == recipe


def test_unknown_field_is_named_with_its_line() -> None:
    with pytest.raises(UserError) as caught:
        load_recipe(GOOD.replace("    negative: no", "    negativ: no"))
    (issue,) = caught.value.issues
    assert (issue.code, issue.row, issue.column) == (
        "recipe-unknown-field", 12, "contents.0.negativ",
    )  # fmt: skip


def test_wrong_value_is_named_with_its_line() -> None:
    with pytest.raises(UserError) as caught:
        load_recipe(GOOD.replace("level: viertel", "level: Mein Viertel"))
    (issue,) = caught.value.issues
    assert (issue.code, issue.row, issue.value) == ("recipe-wrong-value", 7, "Mein Viertel")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("{column: Jahr}", "{column: Jahr, pattern: '(unclosed'}", 9),
        ("{column: Jahr}", "{column: Jahr, year_day: 13-45}", 9),
        ("[{column: Anzahl}]", "[{pattern: '*'}]", 11),
        ("[{column: Anzahl}]", "[{column: a, pattern: b}]", 11),
        ("kind: population", "kind: populaton", 4),
    ],
)
def test_settings_that_cannot_work_are_refused_when_the_recipe_is_read(
    old: str, new: str, line: int
) -> None:
    with pytest.raises(UserError) as caught:
        load_recipe(GOOD.replace(old, new))
    assert [i.row for i in caught.value.issues] == [line]


def test_missing_field_is_named() -> None:
    with pytest.raises(UserError) as caught:
        load_recipe(GOOD.replace("    dataset: population\n", ""))
    assert [i.code for i in caught.value.issues] == ["recipe-missing-field"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("id: !!python/object/apply:os.system [echo]\n", "recipe-refused"),
        ("id: !!str x\nname: y\n", "recipe-refused"),
        ("a: &x [1]\nb: *x\n", "recipe-refused"),
        ("id: a\nid: b\n", "recipe-duplicate-field"),
        ("id: [unclosed\nname: x\n", "recipe-not-yaml"),
        ("- just\n- a list\n", "recipe-not-yaml"),
        ("", "recipe-not-yaml"),
    ],
)
def test_dangerous_or_broken_yaml_is_refused(text: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        load_recipe(text)
    assert caught.value.issues[0].code == code
    assert caught.value.issues[0].message


def test_a_missing_file_is_a_clear_message(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_recipe(tmp_path / "fehlt.yaml")
    assert caught.value.issues[0].code == "recipe-unreadable"


def test_all_shipped_recipes_load_and_survive_a_round_trip() -> None:
    recipes = shipped_recipes()
    files = list(resource_path("catalogue", "recipes").glob("*.yaml"))
    assert len(recipes) == len(files) > 20
    assert len({r.id for r in recipes}) == len(recipes)
    assert {f.stem for f in files} == {r.id for r in recipes}
    for recipe in recipes:
        assert load_recipe(dump_recipe(recipe)) == recipe
        assert recipe.source
        assert recipe.name.de
        assert recipe.name.en


def test_the_fingerprint_of_the_header_decides_which_recipe_fits() -> None:
    header = ["alter", "maenner_nichtdeutsch", "frauen_nichtdeutsch", "maenner_deutsch",
              "frauen_deutsch"]  # fmt: skip
    renamed = table(header, [["0", "1", "1", "1", "1"]], name="irgendwas.csv")
    named = table(header, [["0", "1", "1", "1", "1"]], name="pyramide_1999.csv")
    other = table(["a", "b"], [["1", "2"]], name="pyramide_1999.csv")
    assert match_recipes((renamed,))[0][0].id == "konstanz_pyramide"
    assert match_recipes((named,))[0][1] > match_recipes((renamed,))[0][1]
    assert all(r.id != "konstanz_pyramide" for r, _score in match_recipes((other,)))
