"""The shipped catalogue is sound, and every fault of a definition is found, all at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from monitor_app.core.i18n import LANGUAGE
from monitor_app.core.issues import Severity, UserError
from monitor_app.core.resources import resource_path
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.testrows import run_case
from monitor_app.indicators.units import shipped_units, unit_symbol

GOOD = """
- id: aq
  name: {de: Altenquotient, en: Old-age ratio}
  description: {de: x, en: x}
  interpretation: {de: x, en: x}
  unit: per_100
  formula: 100 * pop(age >= 65) / pop(age 20..64)
  sources: [x]
  tests:
    - inputs: [{pop: 50, age: "20..64"}, {pop: 20, age: "65+"}]
      expect: 40
"""

STOCK_ONLY = (
    "einwohner", "einwohner_veraenderung_1j", "einwohner_veraenderung_5j", "bevoelkerungsdichte",
    "durchschnittsalter", "medianalter", "jugendquotient", "altenquotient", "gesamtquotient",
    "jugendquotient_18", "aging_index", "greying_index", "billeter_mass", "anteil_unter_3",
    "anteil_unter_6", "anteil_unter_18", "anteil_65plus", "anteil_80plus", "anteil_85plus",
    "erwerbsfaehigenanteil", "potential_support_ratio", "care_ratio", "nachwuchsquote",
    "geschlechterverhaeltnis", "child_woman_ratio", "auslaenderanteil",
)  # fmt: skip


def test_the_shipped_catalogue_has_no_findings() -> None:
    found = [(i.file, i.message) for i in Catalogue.shipped().check()]
    assert found == []


def test_the_stock_indicators_are_there_with_texts_and_tests() -> None:
    catalogue = Catalogue.shipped()
    assert set(STOCK_ONLY) <= set(catalogue.ids)
    for definition in catalogue:
        assert definition.name.de != definition.name.en
        assert definition.tests, definition.id
        assert any(t.expect is not None for t in definition.tests), definition.id


def test_each_test_row_of_the_catalogue_can_fail() -> None:
    """A row that passes whatever the formula says would prove nothing."""
    catalogue = Catalogue.shipped()
    for definition in catalogue:
        for case in definition.tests:
            if case.expect is not None:
                other = case.model_copy(update={"expect": case.expect + 0.01 + abs(case.expect)})
                assert run_case(catalogue, definition.id, other), definition.id


def test_unit_symbols_follow_the_language() -> None:
    assert unit_symbol("per_100") == "je 100"
    LANGUAGE.use("en")
    try:
        assert unit_symbol("per_100") == "per 100"
    finally:
        LANGUAGE.use("de")
    assert unit_symbol("bushels") == "bushels"
    assert all(u.name.de and u.name.en for u in shipped_units().values())


def codes(text: str) -> dict[str, str]:
    issues = Catalogue().with_documents({"own.yaml": text}).check()
    return {i.code: i.message for i in issues if i.severity is Severity.ERROR}


def test_a_good_document_has_no_findings() -> None:
    assert Catalogue().with_documents({"own.yaml": GOOD}).check() == ()


def test_a_document_may_hold_one_definition_and_replaces_a_shipped_one() -> None:
    one = yaml.safe_dump(
        {"id": "altenquotient", "name": "Eigener", "unit": "per_100", "formula": "100"}
    )
    catalogue = Catalogue.shipped().with_documents({"project": one})
    assert catalogue.get("altenquotient").name.de == "Eigener"
    assert len(catalogue) == len(Catalogue.shipped())
    assert "duplicate-id" not in {i.code for i in catalogue.check()}


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("duplicate-id", "- id: aq", GOOD.strip() + "\n- id: aq"),
        ("missing-name", "de: Altenquotient, ", ""),
        ("formula", "pop(age >= 65)", "popp(age >= 65)"),
        ("unknown-name", "pop(age >= 65)", "altenquotent"),
        ("circular", "pop(age >= 65)", "aq"),
        ("unknown-unit", "unit: per_100", "unit: per_hundred"),
        ("unit-mismatch", "unit: per_100", "unit: persons"),
        ("unit-mismatch", "unit: per_100", "unit: per_1000"),
        ("unit-mismatch", "/ pop(age 20..64)", "/ surface(km2)"),
        ("unit-mismatch", "100 * pop(age >= 65)", "100 * (pop() + mean_age())"),
        ("failing-test", "expect: 40", "expect: 41"),
        ("failing-test", "age: \"65+\"", "age: \"60+\""),
        ("failing-test", "pop: 20", "pip: 20"),
        ("failing-test", "pop: 20", "pop: zwanzig"),
        ("weight", "unit: per_100", "unit: per_100\n  aggregation: weighted"),
        ("unknown-topic", "unit: per_100", "unit: per_100\n  topic: demografy"),
        ("catalogue-form", "unit: per_100", "unit: per_100\n  colour: red"),
        ("catalogue-form", "id: aq", "id: Alten Quotient"),
        ("catalogue-form", "formula: 100 * pop(age >= 65) / pop(age 20..64)", "precision: 1"),
        ("catalogue-yaml", "- id: aq", "- id: [aq"),
        ("catalogue-yaml", "- id: aq", "- id: !!python/object/apply:os.system [true]"),
    ],
)  # fmt: skip
def test_each_fault_is_found(code: str, old: str, new: str) -> None:
    assert old in GOOD
    assert code in codes(GOOD.replace(old, new, 1))


def test_all_faults_of_a_document_come_at_once_with_their_place() -> None:
    other = GOOD.replace("id: aq", "id: b").replace("pop(age >= 65)", "pop(age >= 65")
    bad = GOOD.replace("per_100", "per_hundred") + other
    found = [(i.code, i.file, i.column) for i in Catalogue().with_documents({"a": bad}).check()]
    assert found == [("unknown-unit", "a", None), ("formula", "a", "10")]


def test_warnings_tell_what_is_missing_without_blocking() -> None:
    bare = "{id: x, name: {de: x}, unit: ratio, formula: births() / pop(), minimum_base: 5}"
    issues = Catalogue().with_documents({"own.yaml": bare}).check()
    assert {i.severity for i in issues} == {Severity.WARNING}
    assert {i.code for i in issues} == {
        "missing-text", "missing-source", "no-test", "events-per-stock",
    }  # fmt: skip


def test_a_minimum_base_without_a_denominator_is_told() -> None:
    bare = "{id: x, name: {de: x}, unit: persons, formula: pop(), minimum_base: 5}"
    assert "no-base" in {i.code for i in Catalogue().with_documents([bare]).check()}


def test_names_may_be_variables_of_the_project() -> None:
    text = "{id: x, name: {de: x}, unit: ratio, formula: own_count / pop()}"
    catalogue = Catalogue().with_documents([text])
    assert "unknown-name" in {i.code for i in catalogue.check()}
    assert "unknown-name" not in {i.code for i in catalogue.check(variables=["own_count"])}


def test_a_variable_beside_the_vocabulary_is_an_info_with_the_nearest_key() -> None:
    text = '{id: x, name: {de: x}, unit: ratio, formula: variable("unemploied") / pop()}'
    issues = [i for i in Catalogue().with_documents([text]).check() if i.code == "new-variable"]
    assert [i.severity for i in issues] == [Severity.INFO]
    assert "unemployed" in str(issues[0].repair)


def test_the_list_of_a_hundred_indicators_is_complete() -> None:
    numbers = {d.number for d in Catalogue.shipped()}
    assert numbers == set(range(1, 101))
    files = {e.place for e in Catalogue.shipped().entries}
    assert len(files) >= 6


@pytest.mark.parametrize(
    "text",
    ["", "42", "just text", "- 1\n- 2", "- [1, 2]", "id: x", "\x00", "a: b: c", "- id: 5",
     "&a [*a]",
     "- {id: x, name: x, unit: ratio, formula: []}", "- {id: x, name: [], unit: 1, formula: {}}"],
)  # fmt: skip
def test_documents_of_any_kind_end_as_issues(text: str) -> None:
    catalogue = Catalogue().with_documents({"own.yaml": text})
    catalogue.check()
    assert len(catalogue) == 0


def test_an_unknown_id_suggests_the_nearest() -> None:
    with pytest.raises(UserError) as caught:
        Catalogue.shipped().get("altenqotient")
    assert "altenquotient" in str(caught.value.issues[0].repair)


def test_every_message_is_translated() -> None:
    from babel.messages.extract import extract_from_dir
    from babel.messages.pofile import read_po

    room = Path(__file__).resolve().parents[2] / "monitor_app" / "indicators"
    used = {m for _f, _l, m, _c, _x in extract_from_dir(str(room))}
    german: dict[str, dict[object, object]] = {}
    for domain in ("indicators", "weighting"):  # the latter serves the floor above, too
        with resource_path("i18n", "de", "LC_MESSAGES", f"{domain}.po").open("rb") as file:
            german[domain] = {m.id: m.string for m in read_po(file) if m.id}
    assert not used - set(german["indicators"]) - set(german["weighting"])
    assert not set(german["indicators"]) - used
    for message, text in german["indicators"].items():
        assert text
        assert set(re.findall(r"{\w+}", str(message))) == set(re.findall(r"{\w+}", str(text)))
