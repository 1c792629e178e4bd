"""Standard normals at addresses compiled by numba, where that optional package is there.

The same bits as ``rng.philox``; the inverse normal distribution function is algorithm AS 241
(Wichura 1988), within 1e-15 of scipy's, so numbers with and without numba agree to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

#: Coefficients of AS 241 (PPND16), constant term last, for Horner's rule: central part …
_A = (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
      13731.693765509461125, 1971.5909503065514427, 133.14166789178437745,
      3.387132872796366608)  # fmt: skip
_B = (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
      5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0)  # fmt: skip
#: … tails up to 5 roots of -log p …
_C = (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
      1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
      4.6303378461565452959, 1.42343711074968357734)  # fmt: skip
_D = (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
      0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
      2.05319162663775882187, 1.0)  # fmt: skip
#: … and beyond.
_E = (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
      0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
      5.4637849111641143699, 6.6579046435011037772)  # fmt: skip
_F = (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
      7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
      0.59983220655588793769, 1.0)  # fmt: skip


@cache
def compiled() -> Callable[..., None] | None:
    """Fills normals (components, rows, ids) from key words, component ids and area ids; None
    without numba. See ``rng.block_normals``."""
    try:
        import numba
    except ImportError:
        return None
    ratio = _ratio(numba)
    block = _block(numba)

    @numba.njit(nogil=True)  # type: ignore[untyped-decorator]
    def tail(u: float) -> float:
        root = np.sqrt(-np.log(min(u, 1.0 - u)))
        found = ratio(root - 1.6, _C, _D) if root <= 5.0 else ratio(root - 5.0, _E, _F)
        return -found if u < 0.5 else found  # type: ignore[no-any-return]

    @numba.njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
    def fill(seed: Any, draw: Any, components: Any, ids: Any, made: Any) -> None:
        rows = made.shape[1]
        uniform = np.empty((8, len(ids)))
        for c in range(len(components)):
            for start in range(0, rows, 8):
                for i in range(len(ids)):
                    words = block(ids[i], components[c], np.uint64(start // 8), np.uint64(1),
                                  seed, draw)  # fmt: skip
                    for n in range(4):
                        low, high = words[n] & np.uint64(0xFFFFFFFF), words[n] >> np.uint64(32)
                        uniform[2 * n, i] = (low + 0.5) / 4294967296.0
                        uniform[2 * n + 1, i] = (high + 0.5) / 4294967296.0
                for n in range(min(8, rows - start)):
                    here, row = uniform[n], made[c, start + n]
                    # The middle of the distribution for all, so that the loop can be vectorised.
                    for i in range(len(ids)):
                        q = here[i] - 0.5
                        row[i] = q * ratio(0.180625 - q * q, _A, _B)
                    for i in range(len(ids)):
                        if abs(here[i] - 0.5) > 0.425:
                            row[i] = tail(here[i])

    return fill  # type: ignore[no-any-return]


def _ratio(numba: Any) -> Callable[..., Any]:
    """Quotient of two polynomials of degree 7."""

    @numba.njit(inline="always", error_model="numpy")  # type: ignore[untyped-decorator]
    def ratio(r: float, p: Any, q: Any) -> float:
        up = (((((p[0] * r + p[1]) * r + p[2]) * r + p[3]) * r + p[4]) * r + p[5]) * r + p[6]
        down = (((((q[0] * r + q[1]) * r + q[2]) * r + q[3]) * r + q[4]) * r + q[5]) * r + q[6]
        return (up * r + p[7]) / (down * r + q[7])  # type: ignore[no-any-return]

    return ratio  # type: ignore[no-any-return]


def _block(numba: Any) -> Callable[..., Any]:
    """One Philox4x64-10 block."""
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    m0, m1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
    w0, w1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)

    @numba.njit(inline="always")  # type: ignore[untyped-decorator]
    def upper(a: Any, b: Any) -> Any:
        a0, a1, b0, b1 = a & low, a >> half, b & low, b >> half
        middle = a1 * b0 + ((a0 * b0) >> half)
        other = (middle & low) + a0 * b1
        return a1 * b1 + (middle >> half) + (other >> half)

    @numba.njit(nogil=True)  # type: ignore[untyped-decorator]
    def block(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
        for _round in range(10):
            high0, high1 = upper(m0, c0), upper(m1, c2)
            low0, low1 = m0 * c0, m1 * c2
            c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
            k0, k1 = k0 + w0, k1 + w1
        return c0, c1, c2, c3

    return block  # type: ignore[no-any-return]
