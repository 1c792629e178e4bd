"""Random numbers with an address: Philox counters, so that draw d of area a is always the same.

The generator is Philox4x64-10 (Salmon et al. 2011). The key is (seed, draw); the counter is
(area id, component, block of years, 0). So a number depends on nothing but its address: neither
on how many draws, areas or threads there are, nor on the order in which they are made. numpy
promises stable raw bits but not stable normal streams (NEP 19), hence our own transforms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]
Words = NDArray[np.uint64]

_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS = 10
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MASK64 = 0xFFFFFFFFFFFFFFFF
#: Words that one counter yields; four consecutive years share a block.
WORDS_PER_BLOCK = 4


def _multiply(a: int, b: Words) -> tuple[Words, Words]:
    """High and low 64 bits of the 128-bit products of a constant and an array."""
    low = np.uint64(a) * b
    a0, a1 = np.uint64(a & 0xFFFFFFFF), np.uint64(a >> 32)
    b0, b1 = b & _LOW, b >> _HALF
    middle = a1 * b0 + ((a0 * b0) >> _HALF)
    other = a0 * b1 + (middle & _LOW)
    high = a1 * b1 + (middle >> _HALF) + (other >> _HALF)
    return high, low


def philox(counter: Sequence[ArrayLike], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """One Philox4x64-10 block per counter.

    ``counter``: four uint64 words, scalars or arrays that broadcast; ``key``: two words. Returns
    four uint64 arrays of the broadcast shape. Known answers: Random123 test vectors.
    """
    words = [np.asarray(w, dtype=np.uint64) for w in counter]
    shape = np.broadcast_shapes(*(w.shape for w in words))
    c0, c1, c2, c3 = (np.atleast_1d(np.broadcast_to(w, shape)) for w in words)
    k0, k1 = key
    with np.errstate(over="ignore"):
        for _ in range(_ROUNDS):
            high0, low0 = _multiply(_MULTIPLIERS[0], c0)
            high1, low1 = _multiply(_MULTIPLIERS[1], c2)
            c0, c1, c2, c3 = high1 ^ c1 ^ np.uint64(k0), low1, high0 ^ c3 ^ np.uint64(k1), low0
            k0, k1 = (k0 + _WEYL[0]) & _MASK64, (k1 + _WEYL[1]) & _MASK64
    return c0.reshape(shape), c1.reshape(shape), c2.reshape(shape), c3.reshape(shape)


def uniform(words: Words) -> Array:
    """Doubles in [0, 1) from raw words: the upper 53 bits (as numpy does)."""
    return np.asarray((words >> np.uint64(11)) * (1.0 / 9007199254740992.0), dtype=np.float64)


def open_uniform(words: Words) -> Array:
    """Doubles in (0, 1), symmetric about 1/2: the middle of each of 2^52 intervals, so that no
    quantile function meets 0 or 1."""
    return np.asarray(((words >> np.uint64(12)) + 0.5) * (1.0 / 4503599627370496.0), np.float64)


def normal(words: Words) -> Array:
    """Standard normals by the inverse distribution function."""
    return np.asarray(special.ndtri(open_uniform(words)), dtype=np.float64)


def stable_id(key: str) -> int:
    """64-bit number of a text key; the same on every machine and in every project."""
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8"), digest_size=8).digest(), "little")


def bit_generator(key: tuple[int, int], counter: Sequence[int]) -> np.random.Philox:
    """numpy's Philox at an address; its first block belongs to counter + 1."""
    return np.random.Philox(
        key=np.array(key, dtype=np.uint64), counter=np.array(counter, dtype=np.uint64)
    )


def child_states(entropy: int, children: int, words: int = 4) -> Words:
    """Independent states (children, words) spawned from one seed by numpy's SeedSequence."""
    spawned = np.random.SeedSequence(entropy).spawn(children)
    return np.array([child.generate_state(words, np.uint64) for child in spawned])


@dataclass(frozen=True)
class DrawPlan:
    """Addresses of the random numbers of one ensemble.

    ``seed`` 0..2^64-1. Components are texts ("arrivals", "fertility", …); areas are text keys, and
    the city and its districts are areas of their own.
    """

    seed: int

    def words(self, draw: int, component: str, areas: Sequence[str], years: int) -> Words:
        """Raw words (years, areas) of one draw."""
        ids = np.array([stable_id(a) for a in areas], dtype=np.uint64)
        return self.words_at(draw, component, ids, years)

    def words_at(self, draw: int, component: str, ids: Words, years: int) -> Words:
        """As ``words`` for areas whose stable ids are known already."""
        blocks = np.arange(-(-years // WORDS_PER_BLOCK), dtype=np.uint64)[:, None]
        counter = (ids[None, :], np.uint64(stable_id(component)), blocks, np.uint64(0))
        made = np.stack(philox(counter, (self.seed, draw)), axis=1)
        return np.asarray(made.reshape(-1, len(ids))[:years], dtype=np.uint64)

    def normals(self, draw: int, component: str, ids: Words, years: int) -> Array:
        """Standard normals (years, areas) of one draw."""
        return normal(self.words_at(draw, component, ids, years))

    def uniforms(self, draw: int, component: str, ids: Words, years: int) -> Array:
        """Uniform numbers in (0, 1), (years, areas), of one draw."""
        return open_uniform(self.words_at(draw, component, ids, years))
