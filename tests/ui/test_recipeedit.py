"""Changing the meaning of columns changes the recipe, and nothing else of it."""

from __future__ import annotations

import pytest

from monitor_app.core.issues import UserError
from monitor_app.exchange.recipe_model import FactContent, Recipe
from monitor_app.ui.recipeedit import ColumnRole, choices_of, edited, roles_of

HEADER = ("Gebiet", "Tag", "Sex", "Alter", "Zahl", "Rest")


def recipe(**fields) -> Recipe:
    content = {
        "kind": "population", "dataset": "population", "name": "Bevölkerung", "level": "viertel",
        "area": {"column": "Gebiet", "pad": 3}, "date": "Tag",
        "sex": {"column": "Sex", "map": {"1": "m", "2": "f"}}, "age": "Alter",
        "values": ["Zahl"],
    } | fields  # fmt: skip
    return Recipe.model_validate({"id": "probe", "name": "Probe", "contents": [content]})


def fact(changed: Recipe) -> FactContent:
    assert len(changed.facts) == 1
    return changed.facts[0]


def test_roles_are_read_from_the_recipe():
    assert roles_of(recipe(), HEADER) == {
        "Gebiet": ColumnRole.AREA, "Tag": ColumnRole.DATE, "Sex": ColumnRole.SEX,
        "Alter": ColumnRole.AGE, "Zahl": ColumnRole.VALUE, "Rest": ColumnRole.UNUSED,
    }  # fmt: skip


def test_nothing_changed_is_the_same_recipe():
    before = recipe()
    roles = roles_of(before, HEADER)
    assert edited(before, HEADER, roles, choices_of(before)).contents == before.contents


def test_kept_columns_keep_their_codes_and_spellings():
    roles = roles_of(recipe(), HEADER) | {"Alter": ColumnRole.UNUSED, "Rest": ColumnRole.GROUP}
    changed = fact(edited(recipe(), HEADER, roles, choices_of(recipe())))
    assert changed.area is not None
    assert changed.area.pad == 3
    assert changed.sex is not None
    assert changed.sex.map == {"1": "m", "2": "f"}
    assert changed.age is None
    assert changed.group is not None
    assert changed.group.column == "Rest"


def test_patterns_of_wide_tables_survive():
    wide = ("Gebiet", "A0", "A1", "A2")
    before = recipe(
        date={"fixed": "31.12.2024"},
        sex=None,
        age=None,
        values=[{"pattern": r"A(\d+)", "age": "{1}"}],
    )
    roles = roles_of(before, wide)
    assert [roles[c] for c in wide[1:]] == [ColumnRole.VALUE] * 3
    changed = fact(edited(before, wide, roles, choices_of(before)))
    assert changed.values == before.facts[0].values
    assert changed.date.fixed == "31.12.2024"


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ({"Zahl": ColumnRole.UNUSED}, "no_value_column"),
        ({"Rest": ColumnRole.DATE}, "role_twice"),
    ],
)
def test_impossible_assignments_say_what_is_missing(roles: dict[str, ColumnRole], code: str):
    with pytest.raises(UserError) as caught:
        edited(recipe(), HEADER, roles_of(recipe(), HEADER) | roles, choices_of(recipe()))
    assert caught.value.issues[0].code == code
    assert caught.value.issues[0].repair


def test_several_figures_become_several_data_sets():
    before = recipe(kind="variable", dataset="variable_zahl", variable="zahl", sex=None, age=None)
    roles = roles_of(before, HEADER) | {"Rest": ColumnRole.VALUE}
    changed = edited(before, HEADER, roles, choices_of(before))
    assert [f.variable for f in changed.facts] == ["zahl", "rest"]
    assert len({f.dataset for f in changed.facts}) == 2


def test_an_edited_copy_does_not_overwrite_a_shipped_recipe():
    changed = edited(
        recipe(), HEADER, roles_of(recipe(), HEADER), choices_of(recipe()), taken=["probe"]
    )
    assert changed.id == "probe_own"
