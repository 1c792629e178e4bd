"""The forecast workspace at work: specifications of the project, data check, runs, results.

Every assumption is a change of a specification that the project keeps (one step of undo for
changes in a row). A run reads the project and changes nothing; what it found is stored afterwards
as one revision, so a cancelled run leaves no trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from monitor_app.app.session import Event
from monitor_app.core.areas import CITY
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue, Severity, UserError
from monitor_app.core.progress import Progress
from monitor_app.core.selection import SelectionChange
from monitor_app.ui.forecastoutcome import Outcome
from monitor_app.ui.forecastplace import Place, panels

if TYPE_CHECKING:
    from monitor_app.app.forecasting import SummaryRow
    from monitor_app.app.forecasting_run import Forecast
    from monitor_app.app.forecasting_town import Town
    from monitor_app.forecast.spec import ForecastSpec
    from monitor_app.ui.forecastpage import ForecastPage
    from monitor_app.ui.workbench import Workbench

FORECAST = "forecast"


class ForecastRoom(QObject):
    """Belongs to a workbench; does nothing until its page is looked at."""

    key, icon = FORECAST, "forecast"
    _told = Signal(object, str)

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.title = _("Forecast")
        self.bench = bench
        self.session = bench.session
        self.page = Place()
        self.inner: ForecastPage | None = None
        self.spec: ForecastSpec | None = None
        self.town: Town | None = None
        self.running = False
        self._all_years: tuple[int, ...] = ()
        self.run_text = ""
        self._stale = True
        self._checking = False
        self._panels: list[Any] = []
        self.outcome = Outcome(self)
        self.page.appeared.connect(self._appear)
        self._told.connect(self._show_progress)
        self._ends = [
            self.session.subscribe(self._heard),
            self.session.selection.subscribe(self._selection_changed),
        ]

    # building --------------------------------------------------------------------------------

    def _appear(self) -> None:
        if self.inner is None:
            self._build()
        self.refresh()

    def _build(self) -> None:
        from monitor_app.ui.forecastpage import ForecastPage

        rates, backtest = panels(self.bench)
        self._panels = [p for p in (rates, backtest) if p is not None]
        page = self.inner = ForecastPage(self.bench.theme, rates, backtest)
        for panel in self._panels:
            if hasattr(panel, "spec_changed"):
                panel.spec_changed.connect(self._take_spec)
        self.page.put(page)
        page.step_chosen.connect(self.show_step)
        page.forecast_chosen.connect(self._choose)
        page.new.clicked.connect(self._new)
        page.remove.clicked.connect(self._remove)
        page.data.level_chosen.connect(lambda level: self.change({"level": level}))
        page.data.import_wanted.connect(lambda: self.bench.run("import"))
        page.data.next_wanted.connect(lambda: self.show_step("assume"))
        page.assume.changed.connect(self.change)
        page.assume.preset_chosen.connect(self._preset)
        page.assume.next_wanted.connect(lambda: self.show_step("run"))
        page.run.run_wanted.connect(self.run)
        page.run.cancel_wanted.connect(self.bench.window_.jobs.cancel_job)
        page.run.next_wanted.connect(lambda: self.show_step("result"))
        page.result.compute.clicked.connect(lambda: self.show_step("run"))
        self.outcome.connect_step(page.result)

    # what the session tells ------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        if event is Event.SAVED:
            return
        if event is Event.VIEW:
            self.outcome.show_selection()
            return
        if event is Event.PROJECT:
            self.spec = None
            self.run_text = ""
        self.outcome.forget()
        self._stale = True
        if self.page.isVisible():
            self.refresh()

    def _selection_changed(self, change: SelectionChange) -> None:
        if change.added or change.removed:
            self.outcome.show_selection()

    # the specification -----------------------------------------------------------------------

    def refresh(self) -> None:
        """Bring everything up to date, if something changed since the page was last seen."""
        if not self.session.has_project or self.inner is None:
            return
        if self._stale and not self._checking and not self.running:
            self._load()
        elif not self._stale and self.inner.step == "result":
            self.outcome.load()

    def _load(self, wanted: str = "") -> None:
        from monitor_app.app.forecastspecs import draft, offered_levels, stored_specs
        from monitor_app.app.scenarios import run_key

        assert self.inner is not None
        self._stale = False
        page, known = self.inner, stored_specs(self.session)
        key = wanted or ("" if self.spec is None else self.spec.id)
        spec = known.get(key)
        if spec is None and self.session.project.read_only:
            spec = self.spec  # changes that cannot be kept
        spec = spec or next(iter(known.values()), None) or draft(self.session)
        levels = offered_levels(self.session)
        if spec is None or not levels:
            self.spec = self.town = None
            page.data.show_nothing(
                _("A forecast needs the population by age, best by sex too, of at least three years"
                  " in a row. Births, deaths and moves by age make it better; without them the"
                  " program derives them.")
            )  # fmt: skip
            page.show_forecasts((), "")
            self._enable()
            page.show_step("data")
            return
        self.spec = spec
        self.run_text = self.session.project.remembered(run_key(spec.id)) or ""
        names = {lv.key: lv.name for lv in self.session.areas.levels}
        page.data.show_levels(
            [(k, _("Town as a whole") if k == CITY else names[k]) for k in levels], spec.level
        )
        self._show_names()
        self._check()

    def _show_names(self) -> None:
        from monitor_app.app.forecastspecs import spec_name, stored_specs

        if self.inner is None or self.spec is None:
            return
        known = {**stored_specs(self.session)}
        known.setdefault(self.spec.id, self.spec)
        known[self.spec.id] = self.spec
        self.inner.show_forecasts([(k, spec_name(s)) for k, s in known.items()], self.spec.id)

    def _check(self) -> None:
        """Read what the forecast would rest on."""
        from monitor_app.app.forecasting import data_check

        spec, session = self.spec, self.session
        assert spec is not None
        self._checking = True

        def work(_progress: Progress) -> tuple[Town, tuple[Issue, ...], tuple[int, ...]]:
            whole = data_check(session, spec.model_copy(update={"base": None}))
            if spec.base is None:
                return (*whole, whole[0].years)
            try:
                return (*data_check(session, spec), whole[0].years)
            except UserError as error:
                return whole[0], (*whole[1], *error.issues), whole[0].years

        def done(found: tuple[Town, tuple[Issue, ...], tuple[int, ...]]) -> None:
            self._checking = False
            self.town, issues, self._all_years = found
            assert self.inner is not None
            self.inner.data.show_town(self.town, issues)
            self._show_spec()
            self._show_field_issues(issues)
            self.refresh()

        def failed(error: UserError) -> None:
            self._checking = False
            self.town, self._all_years = None, ()
            assert self.inner is not None
            self.inner.data.show_issues_only(error.issues)
            self._show_spec()

        def ended() -> None:
            self._checking = False

        self.bench.job(_("Checking the data"), work, done, failed=failed, cancelled=ended)

    def _areas(self) -> list[tuple[str, str]]:
        if self.town is None:
            return []
        names = self.town.names
        return [(a, names.get(a, a)) for a in self.town.layout.areas]

    def _show_spec(self) -> None:
        from monitor_app.app.forecasting_words import run_words
        from monitor_app.app.forecastspecs import keeps_housing, presets

        page, spec = self.inner, self.spec
        if page is None or spec is None:
            return
        events = () if self.town is None else self.town.years[1:]
        planned = keeps_housing(self.session)
        page.assume.show_spec(
            spec, self.town, self._all_years, self._areas(), presets(events), planned
        )
        if self.town is not None:
            for panel in self._panels:
                if hasattr(panel, "show_spec"):
                    panel.show_spec(spec)
        names = {lv.key: lv.name for lv in self.session.areas.levels}
        level = names.get(spec.level, spec.level)
        page.run.show_words(run_words(spec, self.town, level, planned))
        self._say_states()
        self._enable()

    def _say_states(self) -> None:
        from monitor_app.app.scenarios import removed_scenarios

        page, spec = self.inner, self.spec
        if page is None or spec is None:
            return
        names = {lv.key: lv.name for lv in self.session.areas.levels}
        town, level = self.town, names.get(spec.level, spec.level)
        page.say(
            "data",
            _("not possible yet") if town is None
            else _("{level}: {count} areas").format(level=level, count=len(town.layout.areas)),
        )  # fmt: skip
        last = (town.years[-1] if town is not None else spec.base or 0) + spec.years
        page.say("assume", _("{count} scenarios up to {year}").format(
            count=len(spec.scenarios), year=last) if town else "")  # fmt: skip
        there = self.has_results()
        text = _("not yet computed")
        if there:
            text = _("assumptions changed since") if self._outdated() else _("computed")
        page.say("run", _("running …") if self.running else text)
        gone = not there and removed_scenarios(self.session.project, spec.id) is not None
        page.say("result", "" if there else _("scenarios removed") if gone else _("none yet"))
        outdated = there and self._outdated()
        page.result.outdated.setText(
            _("The assumptions have changed since this forecast was computed.") if outdated else ""
        )
        page.result.outdated.setVisible(outdated)

    def has_results(self) -> bool:
        start = "" if self.spec is None else f"{self.spec.id}/"
        return bool(start) and any(s.key.startswith(start) for s in self.session.scenarios())

    def _outdated(self) -> bool:
        from monitor_app.forecast.spec import dump_spec

        return bool(
            self.run_text and self.spec is not None and dump_spec(self.spec) != self.run_text
        )

    def _enable(self) -> None:
        page = self.inner
        if page is None:
            return
        for key, button in page.buttons.items():
            button.setEnabled(key == "data" or self.spec is not None)
        writable = self.session.has_project and not self.session.project.read_only
        page.run.run.setEnabled(self.town is not None and writable and not self.running)
        page.remove.setEnabled(self.spec is not None and writable and not self.running)
        page.new.setEnabled(self.spec is not None and writable and not self.running)
        for widget in (page.assume, page.data.level):
            widget.setEnabled(not self.running)
        page.choice.setEnabled(page.choice.count() > 0 and not self.running)

    def change(self, changes: dict[str, Any]) -> None:
        """Other entries of the specification: kept in the project, or told at the field."""
        from monitor_app.app.forecastspecs import changed, keep_spec

        page, before = self.inner, self.spec
        if page is None or before is None or self.running:
            return
        try:
            spec = changed(before, **changes)
        except UserError as error:
            page.assume.show_errors(error.issues)
            return
        if spec == before:
            page.assume.show_errors(())
            return
        self.spec = spec
        if not self.session.project.read_only and not self.bench.locked:
            keep_spec(self.session, spec)
            self.session.announce(Event.SAVED)
        if {"level", "base", "country", "dataset", "first_year", "usual_housing",
                "age_step"} & changes.keys():  # fmt: skip
            self._check()
            return
        self._show_spec()
        if "name" in changes:
            self._show_names()
        if self.town is not None:
            from monitor_app.app.forecasting_housing import Planned, check_types
            from monitor_app.app.forecasting_run import check

            own = [Planned(p.name, p) for p in spec.housing]
            self._show_field_issues([*check(spec, self.town), *check_types(spec, own)])

    def _take_spec(self, spec: ForecastSpec) -> None:
        """A panel has changed the specification."""
        from monitor_app.app.forecastspecs import keep_spec

        if self.spec is None or spec == self.spec or self.running:
            return
        self.spec = spec
        if not self.session.project.read_only and not self.bench.locked:
            keep_spec(self.session, spec)
            self.session.announce(Event.SAVED)
        self._show_spec()

    def _show_field_issues(self, issues: Sequence[Issue]) -> None:
        """Findings about the specification (not the data), at its fields."""
        assert self.inner is not None
        own = [i for i in issues if i.code.startswith("spec-") and i.severity is Severity.ERROR]
        places = {
            "spec-target": "targets", "spec-target-twice": "targets",
            "spec-target-bound": "targets", "spec-base": "base", "spec-base-years": "base_years",
        }  # fmt: skip
        from dataclasses import replace

        told = [replace(i, column=places.get(i.code, i.column)) for i in own]
        self.inner.assume.show_errors(told)

    def _preset(self, key: str) -> None:
        from monitor_app.app.forecastspecs import presets

        events = () if self.town is None else self.town.years[1:]
        for preset in presets(events):
            if preset.key == key:
                self.change(dict(preset.changes))

    def _choose(self, key: str) -> None:
        self.spec = None
        self.outcome.forget()
        self._load(key)

    def _new(self) -> None:
        from monitor_app.app.forecastspecs import draft, keep_spec, stored_specs

        if self.spec is not None:
            keep_spec(self.session, self.spec)  # a draft that nobody has changed yet
        taken = set(stored_specs(self.session))
        made = draft(self.session, taken)
        if made is None:
            return
        keep_spec(self.session, made, _("New forecast “{name}”").format(name=made.name))
        self.session.announce(Event.SAVED)
        self._choose(made.id)
        self.show_step("assume")

    def _remove(self) -> None:
        from monitor_app.app.forecastspecs import remove_forecast

        spec, session = self.spec, self.session
        if spec is None:
            return

        def done(_none: object) -> None:
            self.spec = None
            session.announce(Event.DATA)

        self.bench.job(
            _("Deleting the forecast"), lambda _progress: remove_forecast(session, spec), done,
            changes=True,
        )  # fmt: skip

    # steps -----------------------------------------------------------------------------------

    def show_step(self, key: str) -> None:
        if self.inner is None:
            return
        self.inner.show_step(key)
        if key == "result":
            self.outcome.load()

    # the run ---------------------------------------------------------------------------------

    def run(self) -> None:
        """Compute; stored only when everything has ended well."""
        from monitor_app.app import forecasting

        page, spec, session = self.inner, self.spec, self.session
        if page is None or spec is None or self.running:
            return
        self.running = True
        page.run.clear_results()
        page.run.show_progress(0.0, _("Reading the data …"))
        self._enable()
        self._say_states()

        def work(progress: Progress) -> Forecast:
            def report(fraction: float | None, text: str) -> None:
                progress.step(fraction, text)
                self._told.emit(fraction, text)

            return forecasting.run(session, spec, Progress(report, progress.token))

        self.bench.job(
            _("Computing the forecast"), work, self._keep, failed=self._failed,
            cancelled=self._cancelled,
        )  # fmt: skip

    def _show_progress(self, fraction: float | None, text: str) -> None:
        if self.inner is not None and self.running:
            self.inner.run.show_progress(fraction, text)

    def _end(self, text: str) -> None:
        self.running = False
        assert self.inner is not None
        self.inner.run.show_idle(text)
        self._say_states()
        self._enable()
        if self._stale:
            self.refresh()

    def _failed(self, error: UserError) -> None:
        self._end(_("The forecast was not computed."))
        assert self.inner is not None
        self.inner.run.show_issues(error.issues)

    def _cancelled(self) -> None:
        self._end(_("Cancelled: the project is as it was."))

    def _keep(self, forecast: Forecast) -> None:
        """One revision with all data sets and the specification."""
        from monitor_app.app import forecasting

        session = self.session

        def work(progress: Progress) -> list[SummaryRow]:
            forecasting.keep(session, forecast, progress)
            return forecasting.kept_summary(session, forecast)

        def done(rows: list[SummaryRow]) -> None:
            self._kept(forecast, rows)

        self.bench.job(
            _("Storing the forecast"),
            work, done, failed=self._failed, cancelled=self._cancelled, changes=True,
        )  # fmt: skip

    def _kept(self, forecast: Forecast, rows: list[SummaryRow]) -> None:
        from monitor_app.app.forecastspecs import scenario_name
        from monitor_app.forecast.spec import dump_spec

        assert self.inner is not None
        self.run_text = dump_spec(forecast.spec)
        labels = {s.key: scenario_name(s) for s in forecast.spec.scenarios}
        issues = [*forecast.issues, *(i for r in forecast.results for i in r.issues)]
        told = [i for i in issues if i.severity is not Severity.INFO]
        self._end("")
        self.inner.run.show_results(rows, labels, told)
        self.session.announce(Event.DATA)

    # the end ---------------------------------------------------------------------------------

    def tools(self) -> Sequence[QWidget]:
        """Widgets that are switched off while the project changes; a run can still be cancelled."""
        page = self.inner
        if page is None:
            return ()
        return (page.box, page.data, page.assume, page.result.to_map, *self._panels)

    def shutdown(self) -> None:
        for end in self._ends:
            end()
        self._ends = []
        for panel in self._panels:
            if hasattr(panel, "shutdown"):
                panel.shutdown()
        if self.inner is not None:
            self.inner.shutdown()
