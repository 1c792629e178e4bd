"""How certain classes are: against the binomial and Poisson distribution, not against ourselves."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from index_parts import table
from scipy import stats

from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.indicators.classconfidence import Counts, Side, class_confidence
from monitor_app.indicators.composite import Part, Rules, prepare
from monitor_app.indicators.normalise import Normalisation
from monitor_app.indicators.whatif import class_index

DAY, BASE = date(2024, 12, 31), date(2020, 12, 31)
nan = float("nan")
PEOPLE = np.array([400.0, 900.0, 1600.0, 2500.0, 100.0, 640.0])
CASES = np.array([40.0, 45.0, 240.0, 100.0, 20.0, 32.0])


def side(cases: np.ndarray, limits: tuple[float, ...], frozen: bool = True) -> Side:
    """An index of one indicator; frozen at a base date with z = (x − 10) / 5."""
    now = 100 * cases / PEOPLE
    base = np.array([5.0, 15.0, 5.0, 15.0, 5.0, 15.0])
    values = np.stack([base, now], axis=1)
    rules = Rules(Normalisation.ZSCORE, base_date=BASE if frozen else None)
    return Side(prepare([Part(table("x", values, days=[BASE, DAY]))], rules), [1.0], limits)


def test_frozen_scale_gives_poisson_probabilities() -> None:
    """With a frozen scale the class of each area is a range of counts, whose probability is
    known."""
    limits = (-1.0, 0.0, 1.0)  # that is 5, 10 and 15 per cent
    found = class_confidence(
        side(CASES, limits), DAY, {"x": Counts(CASES, PEOPLE)}, draws=4000, seed=7
    )
    cuts = np.array([5.0, 10.0, 15.0])
    for i, (cases, people) in enumerate(zip(CASES, PEOPLE, strict=True)):
        # a value on a limit belongs to the class above: counts below cut·people/100
        below = stats.poisson(cases).cdf(np.ceil(cuts * people / 100 - 1e-9) - 1)
        expected = np.diff([0.0, *below, 1.0])
        spread = 5 * np.sqrt(np.maximum(expected * (1 - expected), 1e-4) / 4000)
        assert (np.abs(found.status.shares[i] - expected) < spread).all(), i
    assert found.status.shares.sum(axis=1) == pytest.approx(np.ones(6))
    assert found.status.kept == pytest.approx(
        found.status.shares[np.arange(6), found.status.observed]
    )


def test_shares_of_a_whole_vary_less() -> None:
    generator = np.random.Generator(np.random.Philox(1))
    cases, people = np.array([450.0]), np.array([500.0])
    whole = np.array([Counts(cases, people, whole=True).draw(generator)[0] for _ in range(4000)])
    rate = np.array([Counts(cases, people).draw(generator)[0] for _ in range(4000)])
    assert whole.std() == pytest.approx(100 * np.sqrt(0.9 * 0.1 / 500), rel=0.05)
    assert rate.std() == pytest.approx(100 * np.sqrt(450) / 500, rel=0.05)
    assert whole.max() <= 100


def test_many_people_keep_their_class_few_do_not() -> None:
    def kept(factor: float) -> np.ndarray:
        chosen = side(CASES, (-0.5, 0.5), frozen=False)
        counts = {"x": Counts(CASES * factor, PEOPLE * factor)}
        return class_confidence(chosen, DAY, counts, draws=400, seed=3).status.kept

    few, many = kept(1.0), kept(10_000.0)
    assert (many > 0.99).all()
    assert (few <= many).all()
    assert few.min() < 0.95


def test_dynamics_and_status_are_drawn_together() -> None:
    status, change = side(CASES, (-1.0, 1.0)), side(CASES, (0.0,))
    now, before = Counts(CASES, PEOPLE), Counts(CASES[::-1].copy(), PEOPLE)
    found = class_confidence(
        status, DAY, {"x": now}, dynamics=change, before={"x": before}, draws=300
    )
    assert found.dynamics is not None
    least = np.minimum(found.status.kept, found.dynamics.kept)
    assert (found.both <= least + 1e-12).all()
    assert (found.both >= found.status.kept + found.dynamics.kept - 1 - 1e-12).all()
    again = class_confidence(
        status, DAY, {"x": now}, dynamics=change, before={"x": before}, draws=300
    )
    assert (again.both == found.both).all()


def test_missing_counts_stay_missing_and_are_never_zero() -> None:
    cases = CASES.copy()
    cases[2] = nan
    found = class_confidence(side(cases, (0.0,)), DAY, {"x": Counts(cases, PEOPLE)}, draws=50)
    assert found.status.observed[2] == -1
    assert np.isnan(found.both[2])
    assert found.status.shares[2].sum() == 0
    assert found.sentence(2, ("hoch", "niedrig")) == ""


def test_indicators_without_counts_stay_as_they_are() -> None:
    found = class_confidence(side(CASES, (-1.0, 1.0)), DAY, {}, draws=20)
    assert found.fixed == ("x",)
    assert found.status.kept == pytest.approx(np.ones(6))


def test_redrawn_with_the_same_values_is_the_same_index() -> None:
    for frozen in (True, False):
        chosen = side(CASES, (0.0,), frozen)
        plain = chosen.composite.at(DAY).index([1.0])
        again = chosen.composite.redrawn(DAY, {"x": 100 * CASES / PEOPLE}).index([1.0])
        assert again == pytest.approx(plain, rel=1e-12)
        assert (class_index(again, (0.0,)) == chosen.classes(DAY, {})).all()


def test_refusal_and_cancel() -> None:
    with pytest.raises(UserError):
        class_confidence(side(CASES, (0.0,)), DAY, {}, draws=0)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        class_confidence(side(CASES, (0.0,)), DAY, {}, progress=Progress(token=token))


def test_sentence_names_the_other_class() -> None:
    found = class_confidence(
        side(CASES, (-1.0, 0.0, 1.0)), DAY, {"x": Counts(CASES, PEOPLE)}, draws=500
    )
    text = found.sentence(0, ("hoch", "mittel", "niedrig", "sehr niedrig"))
    assert text.startswith("„niedrig“ in ")
    assert "sonst mittel " in text
