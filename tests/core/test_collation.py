"""Columns of names are folded and sorted as the single names are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor_app.core.collation import Haystack, collation_ranks, folded
from monitor_app.core.formats import collation_key

TEXTS = st.lists(st.text(max_size=8), max_size=12).map(tuple)
GERMAN = st.lists(st.text("aäAÄoöuüsßeéE z-1", max_size=6), max_size=12).map(tuple)


@given(TEXTS | GERMAN)
def test_all_at_once_is_one_by_one(texts: tuple[str, ...]) -> None:
    assert folded(texts) == tuple(collation_key(t)[0] for t in texts)


@given(TEXTS | GERMAN)
def test_ranks_order_as_the_keys_do(texts: tuple[str, ...]) -> None:
    ranks = collation_ranks(texts)
    order = sorted(range(len(texts)), key=lambda i: collation_key(texts[i]))
    assert np.argsort(ranks, kind="stable").tolist() == order
    for i in range(len(texts)):
        for j in range(len(texts)):
            assert (ranks[i] == ranks[j]) == (texts[i] == texts[j])


@given(GERMAN, st.text("aous e1", max_size=3))
def test_words_are_found_where_they_stand(texts: tuple[str, ...], word: str) -> None:
    found = Haystack((texts, texts[::-1])).rows_with(word)
    plain = [collation_key(t)[0] for t in texts]
    assert found.tolist() == [
        word in a or word in b for a, b in zip(plain, plain[::-1], strict=True)
    ]
    starts = Haystack((texts,)).rows_with(word, at_start=True)
    assert starts.tolist() == [t.startswith(word) for t in plain]
