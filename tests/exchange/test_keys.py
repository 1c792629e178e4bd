"""Repair of area keys to the spelling of the boundaries."""

from __future__ import annotations

import pytest

from monitor_app.exchange.keys import apply_key_rule, clean_key, match_keys
from monitor_app.exchange.recipe_model import KeyRule

KNOWN = ("90101", "90102", "91001", "92220")


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        (("101", "102", "1001", "2220"), ("0101", "0102", "1001", "2220")),  # zeros lost
        (("0101", "0102", "1001", "2220"), KNOWN),  # prefix 9 never written
        (("101", "102", "1001", "2220"), KNOWN),  # both
        (("AGS90101", "AGS90102", "AGS91001"), KNOWN),  # own prefix
        (("010", "020"), ("10", "20")),  # zeros added
    ],
)
def test_one_change_of_spelling_makes_all_keys_known(
    raw: tuple[str, ...], known: tuple[str, ...]
) -> None:
    match = match_keys(raw, known)
    assert all(match.known)
    assert len(set(match.keys)) == len(raw)


def test_known_keys_are_never_changed() -> None:
    match = match_keys(("90101", "90199"), KNOWN)
    assert match.keys == ("90101", "90199")
    assert match.known == (True, False)
    assert match.repaired == ()


def test_two_spellings_never_run_into_one_area() -> None:
    match = match_keys(("0101", "101"), ("0101", "0102"))
    assert match.keys == ("0101", "101")
    assert match.known == (True, False)


def test_rule_builds_the_four_spellings_of_vienna() -> None:
    district = KeyRule(column="BEZ", pad=2, add_prefix="9", add_suffix="00")
    assert [apply_key_rule(district, t) for t in ("1", "23", " 7 ")] == ["90100", "92300", "90700"]
    parent = KeyRule(take_first=3, add_suffix="00")
    assert apply_key_rule(parent, "92220") == "92200"


def test_spreadsheet_floats_become_keys_again() -> None:
    assert clean_key("90101.0") == "90101"
    assert clean_key("12.5") == "12.5"
