"""Formulas where nobody lives, of an age or at all."""

from __future__ import annotations

import numpy as np

from monitor_app.forecast import naive
from monitor_app.forecast.smoothing import smooth_rates


def test_areas_of_an_empty_town_have_no_share() -> None:
    series = np.array([[3.0, 1.0], [0.0, 0.0]])
    found = naive.constant_share(series, series.sum(axis=1), np.array([5.0, 6.0]))
    assert np.array_equal(found, np.zeros((2, 2)))
    full = naive.constant_share(series[:1], np.array([4.0]), np.array([8.0]))
    assert np.allclose(full, [[6.0, 2.0]])


def test_events_without_anybody_at_risk_tell_no_rate() -> None:
    assert np.array_equal(smooth_rates([0.0, 2.0, 1.0, 0.0], np.zeros(4), 10.0), np.zeros(4))
