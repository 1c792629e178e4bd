"""Marks of thousands in counts: read where the table shows what they mean, else asked."""

from __future__ import annotations

import pytest

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
