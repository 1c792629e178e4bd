"""Maps that are compared stand on the same classes; what cannot be compared is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_app.app import forecasting, maps, mapseries
from monitor_app.app.areaprofile import Profiles
from monitor_app.app.areaselect import areas_where
from monitor_app.app.mapseries import (
    day_texts,
    of_days,
    of_indicators,
    of_scenarios,
    thinned,
    write_series,
)
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.core.status import Status
from monitor_app.reports.page import SheetLayout
from monitor_app.reports.series import frame_times
from tests.app.test_scenarios import SPEC, town


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("reihe")
    made = Session(Settings(), folder / "working")
    made.create(folder / "town.gpkg", "Kleinstadt")
    made.apply(town())
    forecasting.keep(made, forecasting.run(made, SPEC))
    yield made
    made.close(discard=True)


def test_dates_share_breaks_also_when_the_view_classes_each_alone(session: Session) -> None:
    session.set_view(indicator="einwohner", level="teil", whole_series=False, k=2)
    days = session.dates()
    made = of_days(session, (days[0], days[-1]))
    first, last = made.specs
    assert first.classification.breaks == last.classification.breaks
    assert made.shared
    assert made.shapes[0] is made.shapes[1]  # one raster serves both
    pooled = np.concatenate([first.values, last.values])
    assert first.classification.lower == pooled.min()
    assert last.classification.upper == pooled.max()
    assert made.captions == ("31.12.2015", "31.12.2024")


def test_indicators_of_different_units_keep_their_own_classes(session: Session) -> None:
    session.set_view(indicator="einwohner", level="teil", day=date(2024, 12, 31))
    made = of_indicators(session, ("einwohner", "altenquotient"))
    assert not made.shared
    same = of_indicators(session, ("altenquotient", "jugendquotient"))
    assert same.shared
    assert len({s.classification.breaks for s in same.specs}) == 1


def test_indicators_named_alike_are_told_apart(session: Session) -> None:
    """“Jugendquotient (unter 20 …)” and “Jugendquotient (unter 15 …)” are not one caption."""
    session.set_view(indicator="einwohner", level="teil", day=date(2024, 12, 31))
    ready = {c.definition.id: c.definition for c in session.choices("teil") if c.ready}
    by_name: dict[str, list[str]] = {}
    for key, definition in ready.items():
        by_name.setdefault(definition.name.shown.split(" (")[0], []).append(key)
    alike = next(keys for keys in by_name.values() if len(keys) > 1)
    made = of_indicators(session, alike[:2])
    assert len(set(made.captions)) == 2
    assert made.indicators == tuple(alike[:2])


def test_years_are_called_years(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.set_view(indicator="einwohner", level="teil")
    days = session.dates()[-2:]
    assert day_texts(session, days) == of_days(session, days).captions
    for module in (mapseries, maps):
        monkeypatch.setattr(module, "is_period", lambda _session, _table: True)
    captions = of_days(session, days).captions
    assert day_texts(session, days) == captions == tuple(str(d.year) for d in days)
    assert day_texts(session, ()) == ()


def test_two_scenarios_of_a_forecast_year(session: Session) -> None:
    session.set_view(
        indicator="einwohner", level="teil", scenario="main/middle", day=date(2027, 12, 31)
    )
    made = of_scenarios(session, ("main/middle", "main/low"))
    middle, low = made.specs
    assert middle.classification.breaks == low.classification.breaks
    assert middle.values.sum() > low.values.sum()
    assert all(s.is_forecast for s in made.specs)
    assert made.captions[0].startswith("Mittel")
    session.set_view(scenario="", day=date(2024, 12, 31))


def test_a_profile_goes_on_with_a_forecast(session: Session) -> None:
    key = "02"
    made = Profiles(session, "teil", scenario="main/middle", day=date(2027, 12, 31))
    figure = next(f for f in made.profile(key).figures if f.indicator == "einwohner")
    table = session.series("einwohner", "teil", scenario="main/middle")
    assert figure.day == date(2027, 12, 31)
    assert figure.value == table.values[1, -1]
    assert figure.status == Status.FORECAST
    assert "Prognose" in figure.remark
    assert figure.five_years is not None
    assert figure.five_years.base_day == date(2022, 12, 31)


def test_what_cannot_be_compared_is_told_at_once(session: Session) -> None:
    session.set_view(indicator="einwohner", level="teil")
    with pytest.raises(UserError) as wrong:
        of_days(session, (date(1900, 1, 1), date(1901, 1, 1)))
    assert len(wrong.value.issues) == 2
    with pytest.raises(UserError):
        of_days(session, ())
    made = of_days(session, session.dates()[:1])
    with pytest.raises(UserError):
        write_series(made, Path("reihe.doc"), SheetLayout())


def test_a_cancelled_series_leaves_nothing(session: Session, tmp_path: Path) -> None:
    session.set_view(indicator="einwohner", level="teil")
    made = of_days(session, session.dates())
    token = CancelToken()
    seen: list[float] = []

    def report(part: float | None, _text: str) -> None:
        seen.append(part or 0.0)
        if len(seen) == 3:
            token.cancel()

    for name in ("reihe.gif", "reihe.pdf"):
        seen.clear()
        with pytest.raises(Cancelled):
            write_series(made, tmp_path / name, SheetLayout(), progress=Progress(report, token))
        token = CancelToken()
    assert not list(tmp_path.iterdir())


@given(st.integers(0, 200), st.integers(2, 40))
def test_thinned_keeps_the_ends(count: int, most: int) -> None:
    days = [date(1900 + i, 1, 1) for i in range(count)]
    found = thinned(days, most)
    assert len(found) == min(count, most)
    assert list(found) == sorted(set(found))
    if count:
        assert (found[0], found[-1]) == (days[0], days[-1])


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=20), st.floats(0.1, 5))
def test_frames_stand_in_proportion_to_gaps(gaps: list[int], seconds: float) -> None:
    days = [date.fromordinal(700_000 + s) for s in np.cumsum([0, *gaps]).tolist()]
    times = frame_times(days, seconds)
    assert len(times) == len(days)
    assert times[-1] == 10 * round(300 * seconds)
    longest, shortest = max(gaps), min(gaps)
    assert times[gaps.index(longest)] == max(times[:-1])
    assert times[gaps.index(shortest)] == min(times[:-1])
    assert all(t % 10 == 0 for t in times)  # GIF counts hundredths
    assert max(times[:-1]) <= 10 * round(400 * seconds)


def test_areas_by_an_expression_over_indicators(session: Session) -> None:
    session.set_view(indicator="einwohner", level="teil", day=date(2024, 12, 31))
    people = session.compute("einwohner", "teil").values[:, -1]
    limit = people.mean()
    text = f"einwohner > {limit:.0f} und nicht gebiet = 'Ost'"
    found = areas_where(session, text, "teil", date(2024, 12, 31))
    assert [k for k, _n in found] == [k for k, p in zip(("01", "02"), people, strict=True)
                                      if p > limit]  # fmt: skip
    with pytest.raises(UserError) as wrong:
        areas_where(session, "einwohne > 3", "teil")
    assert "einwohner" in (wrong.value.issues[0].repair or "")
