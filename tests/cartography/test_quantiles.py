"""Quick quantiles are the ones that sorting gives."""

from __future__ import annotations

import numpy as np
import pytest

from monitor_app.cartography import classify as module
from monitor_app.cartography.classify import Method, classify
from monitor_app.cartography.quantiles import half_open_quantiles, quantiles


@pytest.mark.parametrize("kind", ["normal", "uniform", "skewed", "tied", "integers"])
@pytest.mark.parametrize("k", [2, 5, 7])
def test_many_values_have_the_classes_of_few(kind, k, monkeypatch) -> None:
    rng = np.random.default_rng(k)
    values = {
        "normal": rng.normal(size=30_000),
        "uniform": rng.uniform(size=30_001),
        "skewed": np.exp(rng.normal(0, 3, size=25_000)),
        "tied": rng.integers(0, 4, size=30_000).astype(float),
        "integers": rng.integers(0, 50_000, size=30_000).astype(float),
    }[kind]
    quick = classify(values, None, Method.QUANTILES, k)
    monkeypatch.setattr(module, "MANY", 10**9)
    sorted_first = classify(values, None, Method.QUANTILES, k)
    assert quick.breaks == sorted_first.breaks
    assert quick.counts == sorted_first.counts
    assert (quick.lower, quick.upper) == (sorted_first.lower, sorted_first.upper)


def test_the_quick_way_is_taken_and_declined() -> None:
    rng = np.random.default_rng(1)
    shares = np.arange(1, 5) / 5
    assert half_open_quantiles(rng.normal(size=30_000), shares) is not None
    assert half_open_quantiles(np.ones(30_000), shares) is None
    assert half_open_quantiles(np.exp(rng.normal(0, 9, 30_000)), shares) is None


def test_quantiles_are_those_of_numpy() -> None:
    rng = np.random.default_rng(2)
    for n in (1, 2, 7, 1000):
        sample = np.sort(rng.normal(size=n))
        shares = np.arange(1, 7) / 7
        np.testing.assert_allclose(quantiles(sample, shares), np.quantile(sample, shares))
