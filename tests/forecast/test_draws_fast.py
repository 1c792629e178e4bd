"""Compiled draws agree with those of numpy; without numba nothing is missing."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from monitor_app.forecast import draws_fast, rng, rng_fast
from monitor_app.forecast.draws import DrawKernel
from monitor_app.forecast.factors import FLOWS

YEARS = 5
BANDS = (slice(0, 3), slice(3, None))


@pytest.fixture
def fresh() -> Iterator[None]:
    """Compiled functions are looked for anew, and forgotten afterwards."""
    for cached in (draws_fast.compiled, rng_fast.compiled):
        cached.cache_clear()
    yield
    for cached in (draws_fast.compiled, rng_fast.compiled):
        cached.cache_clear()


@pytest.fixture
def no_numba(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = builtins.__import__

    def refuse(name: str, *rest: Any, **options: Any) -> Any:
        if name.split(".")[0] == "numba":
            raise ImportError(name)
        return ordinary(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)


def test_without_numba_draws_are_made_by_numpy(city: Any, no_numba: None) -> None:
    assert draws_fast.compiled("float32") is None
    assert rng_fast.compiled() is None
    out = np.empty((YEARS + 1, len(BANDS), 5))
    multipliers = {flow: np.ones((YEARS, 5)) for flow in FLOWS}
    kernel = DrawKernel(city.layout, city.stock, city.rates, YEARS, BANDS, dtype=np.float64)
    kernel.run(multipliers, out)
    assert out[0].sum() == pytest.approx(city.stock.sum())
    ids = np.array([1, 2], dtype=np.uint64)
    assert rng.block_normals((1, 2), ids, ids, 3).shape == (2, 3, 2)


@pytest.mark.parametrize("moves", ["pool", "od_type", "none"])
@pytest.mark.parametrize("citywide", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-5)])
def test_numba_agrees_with_numpy(
    city_maker: Callable[..., Any], moves: str, citywide: bool, dtype: Any, tolerance: float
) -> None:
    pytest.importorskip("numba")
    city = city_maker(moves="pool" if moves == "none" else moves)
    rates = city.rates
    if citywide:
        rates = replace(rates, death=rates.death[..., :1], naturalise=rates.naturalise[..., :1])
    if moves == "none":
        rates = replace(rates, move=None, move_model=None, naturalise=None, arrivals=None)
    random = np.random.default_rng(4)
    drawn = {flow: random.uniform(0.7, 1.4, (YEARS, 5)) for flow in FLOWS}
    found = []
    for fast in (True, False):
        out = np.empty((YEARS + 1, len(BANDS), 5), dtype=dtype)
        kernel = DrawKernel(city.layout, city.stock, rates, YEARS, BANDS, dtype=dtype, fast=fast)
        kernel.run(drawn, out)
        found.append(out)
    np.testing.assert_allclose(found[0], found[1], rtol=tolerance, atol=1e-6)


def test_compiled_normals_are_the_same_numbers(fresh: None, monkeypatch: Any) -> None:
    pytest.importorskip("numba")
    codes = np.array([3, 2**63 + 1], dtype=np.uint64)
    ids = np.array([rng.stable_id(f"area/{n}") for n in range(7)], dtype=np.uint64)
    fast = rng.block_normals((2**64 - 1, 5), codes, ids, 19)
    monkeypatch.setattr(rng, "compiled", lambda: None)
    np.testing.assert_allclose(fast, rng.block_normals((2**64 - 1, 5), codes, ids, 19), atol=1e-12)
