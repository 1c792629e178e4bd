"""What came out of a forecast, in the window: reading, following the selection, handing on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress

if TYPE_CHECKING:
    from datetime import date

    from monitor_app.app.forecastresults import Results
    from monitor_app.forecast.spec import ForecastSpec
    from monitor_app.ui.forecastresult import ResultStep
    from monitor_app.ui.forecastroom import ForecastRoom


class Outcome:
    """The results of the forecast that a room shows."""

    def __init__(self, room: ForecastRoom) -> None:
        self._room = room
        self.results: Results | None = None
        self._stale = True
        self._reading = False

    def connect_step(self, step: ResultStep) -> None:
        step.units_chosen.connect(self._take_units)
        step.map_wanted.connect(self._to_map)
        step.chart_wanted.connect(self._save_chart)
        step.tables_wanted.connect(self._save_tables)

    def forget(self) -> None:
        """The project has changed: what was read may be wrong."""
        self.results = None
        self._stale = True

    def show_selection(self) -> None:
        """Follow the level and the areas that are chosen."""
        room = self._room
        if room.inner is not None and self.results is not None and room.page.isVisible():
            session = room.session
            room.inner.result.show_selection(session.view.level, session.selection.keys)

    def load(self) -> None:
        """Read the stored forecast, if that has not been done."""
        from monitor_app.app.forecastresults import read_results
        from monitor_app.app.scenarios import removed_scenarios

        room = self._room
        page, spec, session = room.inner, room.spec, room.session
        if page is None or spec is None or self._reading:
            return
        if not self._stale and self.results is not None:
            self.show_selection()
            return
        gone = None if room.has_results() else removed_scenarios(session.project, spec.id)
        if gone is not None:
            page.result.show_nothing(
                f"{gone.message} {gone.repair}", _("The scenarios of these results are gone")
            )
            return
        if not room.has_results():
            page.result.show_nothing(
                _("Choose the assumptions and compute the forecast: fans, age structure, components"
                  " and scenarios are shown here afterwards.")
            )  # fmt: skip
            return
        self._reading = True

        def done(found: Results) -> None:
            self._reading = self._stale = False
            self.results = found
            assert room.inner is not None
            room.inner.result.show_words(self._assumed(found.assumed))
            room.inner.result.show_results(found, session.view.level, session.selection.keys)

        def failed(error: UserError) -> None:
            self._reading = False
            issue = error.issues[0]
            assert room.inner is not None
            room.inner.result.show_nothing("\n".join(t for t in (issue.message, issue.repair) if t))

        def ended() -> None:
            self._reading = False

        room.bench.job(
            _("Reading the forecast"),
            lambda progress: read_results(session, spec.id, progress),
            done, failed=failed, cancelled=ended,
        )  # fmt: skip

    def _assumed(self, spec: ForecastSpec) -> tuple[tuple[str, str], ...]:
        """What the results shown were computed with, in words."""
        from monitor_app.app.forecasting_words import run_words
        from monitor_app.app.forecastspecs import keeps_housing

        room = self._room
        names = {lv.key: lv.name for lv in room.session.areas.levels}
        level = names.get(spec.level, spec.level)
        return run_words(spec, room.town, level, keeps_housing(room.session))

    def _take_units(self, units: tuple[str, ...]) -> None:
        """Areas chosen in the results are selected everywhere, where the level is the same."""
        room = self._room
        assert room.inner is not None
        result = room.inner.result
        if result.level == room.session.view.level:
            room.session.selection.set(units)
        else:
            result.show_selection(result.level, units)

    def _to_map(self, scenario: str, day: date | None) -> None:
        room = self._room
        if room.spec is None or room.inner is None:
            return
        session, level = room.session, room.inner.result.level
        changes: dict[str, Any] = {"scenario": f"{room.spec.id}/{scenario}", "day": day}
        if session.view.level != level and level in {lv.key for lv in session.map_levels()}:
            changes["level"] = level
        room.bench.window_.show_page("map")
        room.bench.change_view(**changes)

    # files -----------------------------------------------------------------------------------

    def _save_chart(self, title: str, draw: Callable[[Any], Any]) -> None:
        from monitor_app.cartography.chartexport import write_chart
        from monitor_app.ui.forecastfiles import CHARTS, ask_for_file

        target = ask_for_file(self._room.bench, _("Save chart"), title, CHARTS)
        if target is not None:
            self._write(target, lambda _progress: write_chart(draw, target))

    def _save_tables(self) -> None:
        from monitor_app.app.forecastspecs import spec_name
        from monitor_app.ui.forecastfiles import TABLES, ask_for_file, write_tables

        room, results = self._room, self.results
        if results is None or room.inner is None or room.spec is None:
            return
        target = ask_for_file(room.bench, _("Save tables"), spec_name(room.spec), TABLES)
        if target is None:
            return
        step = room.inner.result
        what = (
            step.scenario.currentData(), step.level, step.year.currentData(),
            step.group.currentIndex(),
        )  # fmt: skip
        self._write(target, lambda progress: write_tables(results, target, *what, progress))

    def _write(self, target: Path, work: Callable[[Progress], object]) -> None:
        bench = self._room.bench
        bench.job(
            _("Writing {name}").format(name=target.name), work,
            lambda _done: bench.window_.say(_("Written: {path}").format(path=target)),
        )  # fmt: skip
