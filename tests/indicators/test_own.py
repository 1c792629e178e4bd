"""Definitions that users write: checked whole, findings with line and column, nothing by halves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor_app.core.issues import Issue, Severity
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.own import Checked, check_own

GOOD = """\
id: hochbetagte
name: {de: Anteil Hochbetagter, en: Share of the very old}
description: {de: Anteil der Personen ab 85 Jahren}
interpretation: Je höher desto mehr Pflegebedarf
topic: demography
unit: percent
formula: 100 * pop(age >= 85) / pop()
minimum_base: 50
sources: [Eigene Festlegung]
tests:
  - {inputs: [{pop: 3, age: 85+}, {pop: 97, age: 0..84}], expect: 3}
"""


def checked(text: str, **known: str) -> Checked:
    return check_own(Catalogue.shipped(), text, "eigene.yaml", known)


def errors(text: str) -> list[Issue]:
    return [i for i in checked(text).issues if i.severity is Severity.ERROR]


def rests_on() -> tuple[str, str]:
    """A shipped definition and one that its formula names."""
    shipped = Catalogue.shipped()
    return next((d.id, n) for d in shipped for n in d.names if n in shipped)


def test_a_sound_definition_has_no_findings_at_all() -> None:
    found = checked(GOOD)
    assert found.sound
    assert found.issues == ()
    assert [(d.definition.id, d.text) for d in found.definitions] == [("hochbetagte", GOOD)]


@pytest.mark.parametrize(
    ("old", "new", "code", "row", "column"),
    [
        ("unit: percent", "unit: persons", "unit-mismatch", 7, None),
        ("unit: percent", "unit: prozente", "unknown-unit", 6, None),
        ("unit: percent\n", "", "catalogue-form", 1, "unit"),
        ("unit: percent", "unit: percent\nfarbe: rot", "catalogue-form", 7, "farbe"),
        ("id: hochbetagte", "id: Hoch Betagte", "catalogue-form", 1, "id"),
        ("{de: Anteil Hochbetagter, en:", "{en:", "missing-name", 2, None),
        ("pop(age >= 85)", "pop(agge >= 85)", "formula", 7, "20"),
        ("pop(age >= 85)", "hochbetagt_x", "unknown-name", 7, "16"),
        ("pop(age >= 85)", "hochbetagte", "circular", 7, None),
        ("topic: demography", "topic: wetter", "unknown-topic", 5, None),
        ("expect: 3", "expect: 4", "failing-test", 11, "tests.0"),
        ("unit: percent", "unit: [percent", "catalogue-yaml", 7, None),
    ],
)
def test_each_fault_is_found_with_its_line(
    old: str, new: str, code: str, row: int, column: str | None
) -> None:
    assert old in GOOD
    found = errors(GOOD.replace(old, new))
    hit = next(i for i in found if i.code == code)
    assert (hit.row, hit.file) == (row, "eigene.yaml")
    assert hit.column == column


def test_circles_are_found_among_own_and_through_shipped_definitions() -> None:
    user, used = rests_on()
    text = f"id: {used}\nname: x\nunit: {Catalogue.shipped().get(used).unit}\nformula: {user}\n"
    assert "circular" in [i.code for i in errors(text)]
    one = "- {{id: {0}, name: {0}, unit: persons, formula: {1}}}\n"
    two = one.format("a", "b") + one.format("b", "a")
    assert [i.code for i in errors(two)].count("circular") == 2


def test_faults_in_dated_formulas_are_shown_in_the_right_one() -> None:
    text = GOOD.replace(
        "formula: 100 * pop(age >= 85) / pop()",
        "formula:\n  - formula: 100 * pop(age >= 80) / pop()\n"
        "  - {from: 2015-12-31, formula: 100 * pop(age >= ) / pop()}",
    )
    (issue,) = errors(text)
    assert (issue.code, issue.row) == ("formula", 9)
    assert issue.column is not None
    line = text.splitlines()[8]
    assert line[int(issue.column) - 1] == ")"


def test_dated_formulas_must_be_in_order() -> None:
    text = GOOD.replace(
        "formula: 100 * pop(age >= 85) / pop()",
        "formula:\n  - {from: 2015-12-31, formula: pop()}\n  - {from: 2010-12-31, formula: pop()}",
    )
    assert [i.code for i in errors(text)] == ["catalogue-form"]


def test_several_definitions_are_kept_one_by_one() -> None:
    text = "- {id: a, name: a, unit: persons, formula: pop()}\n"
    text += "- {id: b, name: b, unit: persons, formula: 2 * a}\n"
    found = checked(text)
    assert found.sound
    assert [d.definition.id for d in found.definitions] == ["a", "b"]
    again = check_own(Catalogue.shipped(), found.definitions[0].text, "a", ())
    assert again.definitions[0].definition == found.definitions[0].definition
    twice = text.replace("id: b", "id: a")
    assert [(i.code, i.row) for i in errors(twice)] == [("duplicate-id", 2)]


def test_a_definition_that_others_rest_on_may_not_change_its_unit() -> None:
    user, name = rests_on()
    text = f"id: {name}\nname: x\nunit: years\nformula: mean_age()\n"
    found = errors(text)
    assert any(user in i.message for i in found)


@settings(max_examples=50)
@given(st.text(max_size=200))
def test_any_text_is_answered_with_findings(text: str) -> None:
    found = checked(text)
    assert found.sound == (not [i for i in found.issues if i.severity is Severity.ERROR])
    assert found.sound == bool(found.definitions) or found.definitions


@settings(max_examples=50)
@given(st.sampled_from(GOOD.splitlines()), st.integers(0, 60), st.characters())
def test_damaged_definitions_never_raise(line: str, at: int, character: str) -> None:
    broken = line[:at] + character + line[at + 1 :]
    checked(GOOD.replace(line, broken))
