"""How much a ranking depends on the weights that somebody chose.

Weights are drawn many times, around the chosen ones and over all that are possible; for every
area the ranks that come out are counted. Nothing else in the index is varied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.core.progress import Progress
from monitor_app.indicators.whatif import Prepared, ranks

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

DRAWS = 10_000
MAX_DRAWS = 100_000
#: Ranks that are kept at a time: areas times draws.
MAX_CELLS = 400_000_000
#: Chosen so that a share of 1/4 varies by about ±9 percentage points (one standard deviation).
CONCENTRATION = 20.0
#: Ranks that are found at a time, for progress and cancel; results do not depend on it.
CHUNK_CELLS = 100_000
#: Scores nearer than this share of the largest possible one count as equal.
RESOLUTION = 2.0**-40


def spread_of_shares(share: ArrayLike, concentration: float) -> Array:
    """Standard deviation of each share in the draws around the chosen weights:
    ``sqrt(w (1 − w) / (c + 1))``. A large concentration keeps the draws near the chosen weights."""
    w = np.asarray(share, dtype=np.float64)
    return np.asarray(np.sqrt(w * (1.0 - w) / (concentration + 1.0)))


def dirichlet(alpha: ArrayLike, draws: int, seed: int, stream: int = 0) -> Array:
    """Weights (draws, indicators), each row a draw from a Dirichlet distribution.

    Made by the inverse of the gamma distribution from raw Philox numbers with key (seed, stream):
    the same on every machine, and the first rows do not depend on how many are drawn. An alpha of
    0 gives a weight of 0.
    """
    a = np.asarray(alpha, dtype=np.float64)
    if not np.isfinite(a).all() or (a < 0).any() or not a.any():
        raise ValueError("alpha must be finite, not negative and not all zero")
    bits = np.random.Philox(key=np.array([seed, stream], dtype=np.uint64))
    raw = bits.random_raw(draws * a.size).reshape(draws, a.size)
    uniform = ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    gamma = np.zeros_like(uniform)
    for j in np.flatnonzero(a):
        if a[j] == 1.0:  # the exponential distribution
            gamma[:, j] = -np.log1p(-uniform[:, j])
        else:
            gamma[:, j] = special.gammaincinv(a[j], uniform[:, j])
    total = gamma.sum(axis=1, keepdims=True)
    # All parts underflow only for very small alpha: then the weight is on one indicator anyway.
    empty = total[:, 0] == 0
    gamma[empty, int(np.argmax(a))] = 1.0
    return np.asarray(gamma / gamma.sum(axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class RankRange:
    """Ranks of each area over draws of weights; int64 (areas,), 0 for areas without an index.

    ``share_worst``: share of the draws in which the area is among the ``k`` highest values;
    NaN for areas without an index.
    """

    low: Ints  # best rank reached
    p05: Ints
    median: Ints
    p95: Ints
    high: Ints
    share_worst: Array
    k: int
    draws: int


@dataclass(frozen=True, eq=False)
class Robustness:
    """What weights do to a ranking, for one date.

    ``rank`` (areas,) with the chosen weights; ``around`` and ``all_weights`` ranges of ranks;
    ``left_out`` (indicators, areas) ranks without one indicator (0: none); ``alpha`` Cronbach's
    alpha of the scaled indicators and ``correlation`` (indicators, indicators), both from areas
    with all values; NaN where they are not defined. ``share_spread``: standard deviation of the
    shares in ``around``.
    """

    areas: tuple[str, ...]
    indicators: tuple[str, ...]
    shares: Array
    rank: Ints
    around: RankRange
    all_weights: RankRange
    left_out: Ints
    alpha: float
    correlation: Array
    concentration: float
    share_spread: Array
    seed: int

    def left_out_range(self, area: int) -> tuple[int, int]:
        """Best and worst rank when each indicator is left out in turn; (0, 0) without any."""
        found = self.left_out[:, area]
        known = found[found > 0]
        return (int(known.min()), int(known.max())) if known.size else (0, 0)


def robustness(
    prepared: Prepared,
    weights: ArrayLike,
    *,
    k: int = 10,
    draws: int = DRAWS,
    seed: int = 1,
    concentration: float = CONCENTRATION,
    progress: Progress | None = None,
    chunk: int | None = None,
) -> Robustness:
    """*Slow.* Ranges of ranks for ``draws`` weightings around the chosen ones, and as many over all
    weightings of the indicators that have any weight.

    Around: Dirichlet with parameters ``concentration · share``, whose mean are the chosen shares
    (see ``spread_of_shares``). Over all: every weighting is equally likely (parameters 1).
    Errors: ``UserError`` for weights that are all zero, no area with an index, or settings out of
    range; ``Cancelled``.
    """
    share = prepared.shares(weights)
    progress = progress or Progress()
    _check(prepared, draws, k, concentration, seed)
    chosen = ranks(prepared.index(weights))
    if not (chosen > 0).any():
        raise fail(
            "no-index",
            _("No area has an index with these weights."),
            repair=_("Leave out indicators without values, or renormalise over missing ones."),
        )
    text = _("Drawing weights")
    around = _ranges(
        prepared, chosen > 0, dirichlet(concentration * share, draws, seed, 0), k,
        progress.part(0.0, 0.5), text, chunk,
    )  # fmt: skip
    everywhere = _ranges(
        prepared, chosen > 0, dirichlet((share > 0).astype(np.float64), draws, seed, 1), k,
        progress.part(0.5, 1.0), text, chunk,
    )  # fmt: skip
    alpha, correlation = consistency(prepared, share > 0)
    return Robustness(
        prepared.areas, prepared.indicators, share, chosen, around, everywhere,
        _leave_one_out(prepared, share), alpha, correlation, concentration,
        spread_of_shares(share, concentration), seed,
    )  # fmt: skip


def _check(prepared: Prepared, draws: int, k: int, concentration: float, seed: int) -> None:
    if not 1 <= draws <= MAX_DRAWS:
        raise fail(
            "draws",
            _("The number of draws must lie between 1 and {most}.").format(
                most=format_number(MAX_DRAWS)
            ),
        )
    if draws * len(prepared.areas) > MAX_CELLS:
        most = max(1, MAX_CELLS // len(prepared.areas))
        raise fail(
            "draws",
            _("So many draws are too many for this number of areas."),
            repair=_("Use at most {most} draws.").format(most=format_number(most)),
        )
    if k < 1:
        raise fail("worst", _("At least one area must be among the worst."))
    if not (np.isfinite(concentration) and concentration > 0):
        raise fail("concentration", _("The concentration must be above zero."))
    if not 0 <= seed < 2**63:
        raise fail("seed", _("The seed must be a whole number of zero or more."))


def _ranges(
    prepared: Prepared,
    usable: NDArray[np.bool_],
    drawn: Array,
    k: int,
    progress: Progress,
    text: str,
    chunk: int | None,
) -> RankRange:
    """Count the ranks of the usable areas over drawn weights (draws, indicators)."""
    rows = np.flatnonzero(usable)
    # Indicators down, areas across, contiguous: the product runs several times faster so.
    matrix = np.ascontiguousarray(prepared.matrix[rows].T)
    there = np.ascontiguousarray(prepared.present[rows].T.astype(np.float64))
    found = np.empty((len(drawn), rows.size), dtype=np.uint16 if rows.size < 65_536 else np.uint32)
    largest = float(np.abs(matrix).max(initial=0.0)) + 1.0
    chunk = min(chunk or max(1, CHUNK_CELLS // rows.size), len(drawn))
    buffer = np.empty((chunk, rows.size))
    ranker = _Ranker(chunk, rows.size, largest)
    for start in range(0, len(drawn), chunk):
        progress.step(0.9 * start / len(drawn), text)
        part = drawn[start : start + chunk]
        # Not by BLAS: its threads lose more by waiting than they win, and this order of sums is
        # the same for any chunk.
        scores = np.einsum("dj,jn->dn", part, matrix, out=buffer[: len(part)])
        if not prepared.complete and prepared.renormalise:
            with np.errstate(invalid="ignore", divide="ignore"):
                np.divide(scores, part @ there, out=scores)
            scores[~np.isfinite(scores)] = -largest  # no weight on what is there: last
        ranker.rank(scores, found[start : start + chunk])
    quantiles, worst = _quantiles(found, k, progress.part(0.9, 1.0), text)
    spread = np.zeros((5, usable.size), dtype=np.int64)
    spread[:, rows] = quantiles
    share = np.full(usable.size, np.nan)
    share[rows] = worst / len(drawn)
    low, p05, median, p95, high = spread
    return RankRange(low, p05, median, p95, high, share, k, len(drawn))


class _Ranker:
    """Ranks within each row of scores, 1 = highest; equal scores share the best rank.

    Score and position are packed into one integer, which sorts several times faster than finding
    the order of floats does; scores are cut to about twelve digits. No score may be beyond
    ``largest``. Buffers are made once: fresh memory costs more than the arithmetic.
    """

    def __init__(self, rows: int, areas: int, largest: float) -> None:
        self._scale = -1.0 / (RESOLUTION * largest)
        self._bits = np.int64(max(1, (areas - 1).bit_length()))
        self._keys = np.empty((rows, areas), dtype=np.int64)
        self._work = np.empty((rows, areas), dtype=np.int64)
        self._position = np.arange(areas, dtype=np.int64)
        self._place = np.arange(1, areas + 1, dtype=np.uint32)

    def rank(self, scores: Array, out: NDArray[np.unsignedinteger]) -> None:
        """Fill ``out`` (draws, areas); ``scores`` of the same shape are overwritten."""
        keys, work = self._keys[: len(scores)], self._work[: len(scores)]
        step = np.int64(1) << self._bits
        np.multiply(scores, self._scale, out=scores)
        np.rint(scores, out=scores)
        np.copyto(keys, scores, casting="unsafe")
        keys *= step
        keys += self._position
        keys.sort(axis=1)
        np.bitwise_and(keys, step - 1, out=work)
        place = np.broadcast_to(self._place, keys.shape)
        keys >>= self._bits
        equal = keys[:, 1:] == keys[:, :-1]
        if equal.any():
            place = place.copy()
            place[:, 1:][equal] = 0
            place = np.maximum.accumulate(place, axis=1)
        np.put_along_axis(out, work, place.astype(out.dtype), axis=1)


def _quantiles(
    found: NDArray[np.unsignedinteger], k: int, progress: Progress, text: str
) -> tuple[Ints, Ints]:
    """Lowest, 5 %, median, 95 % and highest rank per area (5, areas), and in how many draws the
    rank is k or better (areas,). A quantile is the least rank that at least so many of the draws
    stay within."""
    draws, areas = found.shape
    places = [
        0, *(max(0, int(np.ceil(q * draws - 1e-9)) - 1) for q in (0.05, 0.5, 0.95)), draws - 1,
    ]  # fmt: skip
    result = np.empty((5, areas), dtype=np.int64)
    worst = np.empty(areas, dtype=np.int64)
    for start in range(0, areas, 100):
        progress.step(start / areas, text)
        block = np.ascontiguousarray(found[:, start : start + 100].T)
        block.sort(axis=1, kind="stable")
        result[:, start : start + 100] = block[:, places].T
        worst[start : start + 100] = (block <= k).sum(axis=1)
    return result, worst


def _leave_one_out(prepared: Prepared, share: Array) -> Ints:
    """Ranks without each indicator in turn (indicators, areas); zero where it has no weight or is
    the only one."""
    result = np.zeros((share.size, len(prepared.areas)), dtype=np.int64)
    for j in np.flatnonzero(share):
        rest = share.copy()
        rest[j] = 0.0
        if rest.any():
            result[j] = ranks(prepared.index(rest))
    return result


def consistency(prepared: Prepared, used: NDArray[np.bool_]) -> tuple[float, Array]:
    """Cronbach's alpha and Pearson correlations of the scaled indicators, from areas that have all
    used ones. Alpha = m/(m−1) · (1 − Σ var_j / var(Σ)); Cronbach 1951."""
    count = used.size
    correlation = np.full((count, count), np.nan)
    rows = prepared.counted & prepared.present[:, used].all(axis=1)
    scaled = prepared.matrix[rows][:, used]
    m = scaled.shape[1]
    if scaled.shape[0] < 2:
        return float("nan"), correlation
    variances = scaled.var(axis=0, ddof=1)
    centred = scaled - scaled.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = centred.T @ centred / (scaled.shape[0] - 1)
        found /= np.sqrt(np.outer(variances, variances))
    found[~np.isfinite(found)] = np.nan
    correlation[np.ix_(used, used)] = np.clip(found, -1.0, 1.0)
    total = float(scaled.sum(axis=1).var(ddof=1))
    if m < 2 or total <= 0:
        return float("nan"), correlation
    return m / (m - 1) * (1.0 - float(variances.sum()) / total), correlation


def sentence(result: Robustness, area: str, meaning: str = "burden") -> str:
    """What the draws say about one area, in plain words. ``meaning`` as in ``Weighting``."""
    i = result.areas.index(area)
    if result.rank[i] == 0:
        return _("No rank: the index has no value here.")
    low, high = int(result.around.p05[i]), int(result.around.p95[i])
    k = result.all_weights.k
    if k == 1:
        text = _(
            "Rank {rank}; in first place under {share} of all weightings; "
            "with weights near the chosen ones mostly {ranks}."
        )
    elif meaning == "burden":
        text = _(
            "Rank {rank}; under {share} of all weightings among the {k} areas with the highest "
            "burden; with weights near the chosen ones mostly {ranks}."
        )
    else:
        text = _(
            "Rank {rank}; under {share} of all weightings among the {k} areas with the highest "
            "index; with weights near the chosen ones mostly {ranks}."
        )
    span = _("rank {low}") if low == high else _("rank {low} to {high}")
    return text.format(
        rank=int(result.rank[i]),
        share=percent(float(result.all_weights.share_worst[i])),
        k=number_word(k),
        ranks=span.format(low=low, high=high),
    )


def percent(share: float) -> str:
    """Whole per cent, but never 0 or 100 unless it is exactly that."""
    if 0 < share < 0.005:
        return _("less than 1 %")
    if 0.995 <= share < 1:
        return _("more than 99 %")
    return f"{format_number(100 * share)} %"


def number_word(k: int) -> str:
    """Numbers from two to twelve in words, as German style asks for."""
    words = (
        _("two"), _("three"), _("four"), _("five"), _("six"), _("seven"), _("eight"), _("nine"),
        _("ten"), _("eleven"), _("twelve"),
    )  # fmt: skip
    return words[k - 2] if 2 <= k <= len(words) + 1 else format_number(k)
