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

from monitor_app.forecast.rng_fast import compiled

Array = NDArray[np.float64]
Words = NDArray[np.uint64]

_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS = 10
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MASK64 = 0xFFFFFFFFFFFFFFFF
#: Counters that are worked on at a time, so that the work stays in the cache.
_CHUNK = 16_384
#: Words that one counter yields; four consecutive years share a block.
WORDS_PER_BLOCK = 4


def _multiply(a: int, b: Words, high: Words, low: Words, work: Words) -> None:
    """High and low 64 bits of the 128-bit products of a constant and an array; overwrites b."""
    a0, a1 = np.uint64(a & 0xFFFFFFFF), np.uint64(a >> 32)
    b0, middle = work[0], work[1]
    np.multiply(b, np.uint64(a), out=low)
    np.bitwise_and(b, _LOW, out=b0)
    np.right_shift(b, _HALF, out=b)
    np.multiply(b0, a0, out=middle)
    np.right_shift(middle, _HALF, out=middle)
    np.multiply(b0, a1, out=b0)
    np.add(middle, b0, out=middle)  # a1 b0 + carry of a0 b0
    np.multiply(b, a1, out=high)
    np.multiply(b, a0, out=b)
    np.bitwise_and(middle, _LOW, out=b0)
    np.add(b, b0, out=b)
    np.right_shift(middle, _HALF, out=middle)
    np.add(high, middle, out=high)
    np.right_shift(b, _HALF, out=b)
    np.add(high, b, out=high)


def _rounds(c: Words, key: tuple[int, int], work: Words) -> None:
    """Ten rounds on counters (4, n), in place; ``work`` (6, n)."""
    k0, k1 = key
    high0, low0, high1, low1 = work[:4]
    for _ in range(_ROUNDS):
        _multiply(_MULTIPLIERS[0], c[0], high0, low0, work[4:])
        _multiply(_MULTIPLIERS[1], c[2], high1, low1, work[4:])
        np.bitwise_xor(high1, c[1], out=c[0])
        c[0] ^= np.uint64(k0)
        np.bitwise_xor(high0, c[3], out=c[2])
        c[2] ^= np.uint64(k1)
        c[1] = low1
        c[3] = low0
        k0, k1 = (k0 + _WEYL[0]) & _MASK64, (k1 + _WEYL[1]) & _MASK64


def philox(counter: Sequence[ArrayLike], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """One Philox4x64-10 block per counter.

    ``counter``: four uint64 words, scalars or arrays that broadcast; ``key``: two words. Returns
    four uint64 arrays of the broadcast shape. Known answers: Random123 test vectors.
    """
    given = [np.asarray(w, dtype=np.uint64) for w in counter]
    shape = np.broadcast_shapes(*(w.shape for w in given))
    words = np.empty((4, *shape), dtype=np.uint64)
    for position, word in enumerate(given):
        words[position, ...] = word
    flat = words.reshape(4, -1)
    work = np.empty((6, min(_CHUNK, max(flat.shape[1], 1))), dtype=np.uint64)
    for start in range(0, flat.shape[1], _CHUNK):
        part = flat[:, start : start + _CHUNK]
        _rounds(part, key, work[:, : part.shape[1]])
    return words[0, ...], words[1, ...], words[2, ...], words[3, ...]


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


#: Normals that one counter yields: two 32-bit halves of each word.
NORMALS_PER_BLOCK = 2 * WORDS_PER_BLOCK


def block_normals(
    key: tuple[int, int], components: Words, ids: Words, rows: int, fast: bool = True
) -> Array:
    """Standard normals (components, rows, ids) at the addresses of one draw.

    ``key`` (seed, draw); ``components`` and ``ids`` are stable ids; rows are years. Each 64-bit
    word gives two normals of 32 bits, which reach 6.3 standard deviations: enough for ensembles,
    half the work. ``fast``: use numba where it is installed; the same numbers to rounding.
    """
    fill = compiled() if fast else None
    if fill is not None:
        made = np.empty((len(components), rows, len(ids)))
        fill(np.uint64(key[0]), np.uint64(key[1]), components, ids, made)
        return made
    counter = (
        ids[None, None, :],
        components[:, None, None],
        np.arange(-(-rows // NORMALS_PER_BLOCK), dtype=np.uint64)[None, :, None],
        np.uint64(1),  # another stream than ``DrawPlan.words``
    )
    made = np.empty((len(components), rows, len(ids)))
    for position, word in enumerate(philox(counter, key)):
        low, high = made[:, 2 * position :: 8], made[:, 2 * position + 1 :: 8]
        low[...] = (word & _LOW)[:, : low.shape[1]]
        high[...] = (word >> _HALF)[:, : high.shape[1]]
    made += 0.5
    made *= 1.0 / 4294967296.0
    return np.asarray(special.ndtri(made, out=made), dtype=np.float64)
