"""Marks of thousands in counts: read where the table shows what they mean, else asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor_app.exchange.prepare import prepare_import
from monitor_app.exchange.propose_facts import _thousands_shown

SMALL = ["12", "987", "3", "410", "77"]
LARGE = ["1.234", "2.076", "18.300", "1.718", "1.001.400"]


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (SMALL + LARGE, True),
        ([*SMALL, *(t.replace(".", ",") for t in LARGE)], True),
        (LARGE, False),  # all with a mark: they may be decimals
        (SMALL + LARGE[:1], False),  # one cell proves nothing
        ([*SMALL, *LARGE, "5000"], False),  # here, thousands have no mark
        ([*SMALL, "1.5", "2.25"], False),
        ([], False),
    ],
)
def test_what_shows_that_marks_group_thousands(texts: list[str], shown: bool) -> None:
    assert _thousands_shown(texts) is shown


def test_a_table_without_numbers_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "stadtteile.csv"
    path.write_text("Stadtteil;Name\n01;Altstadt\n02;Nordend\n", encoding="utf-8")
    issues = prepare_import([path], None).issues
    told = [i for i in issues if i.code == "column-missing"]
    assert [i.message for i in told] == ["Es wurde keine Spalte mit Zahlen gefunden."]
    assert told[0].column is None
    assert not any("?" in (i.message + (i.column or "")) for i in issues)
