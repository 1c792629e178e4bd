"""The session: one open project, what is shown of it, and everything a user can do to it.

The window and the command line work through this class alone. It knows no Qt. Calls marked
*slow* read or write files or compute; the window runs them in a job. They are safe to call from
the job's thread, and tell nobody: the thread that owns the session calls ``announce`` afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from monitor_app.app import scenarios as forecasts
from monitor_app.app.settings import Settings
from monitor_app.app.view import ViewState
from monitor_app.core.areas import CITY, EMPTY_AREAS, AreaSystem, Level
from monitor_app.core.batch import ImportBatch, ImportContext
from monitor_app.core.datasets import Origin
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.progress import Progress
from monitor_app.core.selection import Selection
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.carry import present_areas
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.engine import Engine
from monitor_app.project import recovery
from monitor_app.project.history import Revision
from monitor_app.project.project import Project

log = logging.getLogger(__name__)

DEFAULT_INDICATOR = "einwohner"


class Event(StrEnum):
    """What listeners are told about."""

    PROJECT = "project"  # another project, or none
    DATA = "data"  # areas, numbers or definitions
    VIEW = "view"  # what is shown
    SAVED = "saved"  # the user's file is up to date, or a change made it out of date


@dataclass(frozen=True)
class Choice:
    """An indicator as offered: ``missing`` names the inputs the project lacks (empty: ready)."""

    definition: IndicatorDef
    missing: tuple[str, ...]

    @property
    def ready(self) -> bool:
        return not self.missing


class Session:
    """See the module. ``working_dir`` is where working copies live (None: the user's folder)."""

    def __init__(self, settings: Settings | None = None, working_dir: Path | None = None) -> None:
        self.settings = settings or Settings.load()
        self.selection = Selection()
        self.view = ViewState()
        self.working_dir = working_dir
        self._project: Project | None = None
        self._engine: Engine | None = None
        self._listeners: list[Callable[[Event], None]] = []

    # -- telling ------------------------------------------------------------------------------

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``listener`` with each event; returns the function that ends the subscription."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def announce(self, *events: Event) -> None:
        """Tell the listeners, in the thread of the caller."""
        for event in events:
            for listener in tuple(self._listeners):
                listener(event)

    # -- the project --------------------------------------------------------------------------

    @property
    def project(self) -> Project:
        """The open project. ``UserError`` where there is none."""
        if self._project is None:
            raise fail(
                "no_project", _("No project is open."), repair=_("Open or create a project first.")
            )
        return self._project

    @property
    def has_project(self) -> bool:
        return self._project is not None

    def create(self, path: Path, name: str | None = None) -> None:
        """*Slow.* A new project at ``path`` (ending in ``.gpkg``), opened."""
        if path.suffix.lower() != ".gpkg":
            raise fail(
                "ending",
                _("A project is a GeoPackage: its name must end in .gpkg."),
                file=path.name,
                repair=_("Use for instance {name}.").format(name=path.with_suffix(".gpkg").name),
            )
        project = Project.create(path, name=name, working_dir=self.working_dir)
        self._take(project)

    def open(self, path: Path, mode: str = "write", progress: Progress | None = None) -> None:
        """*Slow.* Open a project; the one open so far is closed when that has succeeded."""
        self._take(Project.open(path, mode, working_dir=self.working_dir, progress=progress))

    def recover(self, leftover: recovery.Leftover, *, take_over: bool = False) -> None:
        """*Slow.* Go on with unsaved work."""
        self._take(leftover.open(take_over=take_over))

    def leftovers(self) -> tuple[recovery.Leftover, ...]:
        """Unsaved work of programs that ended without saving, newest first."""
        return recovery.leftovers(self.working_dir)

    def _take(self, project: Project) -> None:
        self.close()
        self._project = project
        self._engine = None
        stored = project.remembered("view")
        self.view = ViewState.load(stored) if stored else ViewState()
        self.selection.clear()
        if not project.read_only or project.path.exists():
            self.settings.remember(project.path)
            self._save_settings()
        self.complete_view()

    def save(self, progress: Progress | None = None) -> None:
        """*Slow.* Write the user's file. On failure it is untouched and the work is kept."""
        self._keep_view()
        self.project.save(progress)

    def save_as(
        self, path: Path, progress: Progress | None = None, *, overwrite: bool = False
    ) -> None:
        """*Slow.* Write to another file and go on with that one."""
        self._keep_view()
        self.project.save_as(path, progress, overwrite=overwrite)
        self.settings.remember(path)
        self._save_settings()

    def close(self, *, discard: bool = False) -> None:
        """Close the project. Unsaved work stays recoverable unless ``discard``."""
        if self._project is not None:
            self._project.close(discard=discard)
        self._project = None
        self._engine = None

    def _keep_view(self) -> None:
        self.project.remember("view", self.view.dump())

    def _save_settings(self) -> None:
        try:
            self.settings.save()
        except OSError as error:
            log.warning("settings could not be saved: %s", type(error).__name__)

    # -- changing -----------------------------------------------------------------------------

    def context(self) -> ImportContext:
        """What an import is checked against."""
        return ImportContext(areas=self.project.areas(), datasets=self.project.datasets())

    def apply(self, batch: ImportBatch, progress: Progress | None = None) -> Revision:
        """*Slow.* Store a confirmed import as one revision; its recipes are kept for next year."""
        return self._changed(self.project.apply(batch, progress))

    def undo(self) -> Revision:
        """*Slow* for large imports."""
        return self._changed(self.project.undo())

    def redo(self) -> Revision:
        """*Slow* for large imports."""
        return self._changed(self.project.redo())

    def remove_dataset(self, key: str) -> Revision:
        """*Slow* for large data sets."""
        name = next((d.spec.name for d in self.project.datasets() if d.spec.key == key), key)
        label = _("Remove {name}").format(name=name)
        return self._changed(self.project.remove_dataset(key, label))

    def _changed(self, revision: Revision) -> Revision:
        self._engine = None
        self.complete_view()
        return revision

    # -- areas and indicators -----------------------------------------------------------------

    @property
    def areas(self) -> AreaSystem:
        return self._project.areas() if self._project is not None else EMPTY_AREAS

    def shown_areas(self, *, carried: bool = False) -> AreaSystem:
        """The areas that values stand on; for carried ones the present areas at every date."""
        return present_areas(self.areas) if carried and self.areas.bridges else self.areas

    def map_levels(self) -> tuple[Level, ...]:
        """Levels that can be drawn, coarse to fine."""
        system = self.areas
        return tuple(
            level for level in system.levels if any(a.located for a in system.at(level.key))
        )

    def names(self, level: str) -> dict[str, str]:
        """Area keys and names of a level (the newest name where an area was renamed)."""
        return {area.key: area.name for area in self.areas.at(level)}

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            self._engine = Engine(self.project.areas(), self.project, self._definitions())
        return self._engine

    def _definitions(self) -> Catalogue:
        return Catalogue.shipped().with_documents(self.project.documents("indicator"))

    def definitions_changed(self) -> None:
        """Own definitions were stored or removed: only what they change is computed again."""
        if self._engine is not None:
            self._engine.catalogue = self._definitions()
        self.complete_view()

    @property
    def catalogue(self) -> Catalogue:
        return self.engine.catalogue

    def choices(self, level: str = CITY) -> tuple[Choice, ...]:
        """*Slow.* All indicators in the order of the catalogue, with what each one lacks."""
        return tuple(
            Choice(d, self.engine.availability(d.id, level)) for d in self.catalogue.definitions
        )

    def compute(
        self, indicator: str, level: str, origin: Origin = Origin.OBSERVED, *, carried: bool = False
    ) -> IndicatorTable:
        """*Slow* at the first call; kept until the data change. ``carried``: numbers from before
        territorial reforms on the present areas."""
        return self.engine.compute(indicator, level, origin=origin, carried=carried)

    def scenarios(self) -> tuple[forecasts.ForecastScenario, ...]:
        """Forecasts that series can go on with."""
        return forecasts.scenarios(self.project)

    def series(
        self, indicator: str, level: str, *, carried: bool = False, scenario: str = ""
    ) -> IndicatorTable:
        """*Slow* at the first call. Observed values, and after them those of a forecast scenario
        where one is named. ``UserError`` for an unknown scenario."""
        observed = self.compute(indicator, level, carried=carried)
        if not scenario:
            return observed
        keys = forecasts.scenario_of(self.project, scenario).datasets
        ahead = self.engine.compute(indicator, level, origin=Origin.FORECAST, datasets=keys)
        return forecasts.joined(observed, ahead)

    def view_table(self, view: ViewState) -> IndicatorTable:
        """*Slow* at the first call. The series of the indicator that a view shows."""
        return self.series(view.indicator, view.level, carried=view.carried, scenario=view.scenario)

    # -- what is shown ------------------------------------------------------------------------

    def changed_view(self, **changes: Any) -> ViewState:
        """The view with some fields changed, not yet shown."""
        return replace(self.view, **changes)

    def set_view(self, **changes: Any) -> None:
        """Change what is shown and tell the listeners. Fields of ``ViewState``."""
        before = self.view
        self.view = replace(self.view, **changes)
        if self.view.level != before.level:
            self.selection.clear()
        self.complete_view()
        if self.view != before:
            self.announce(Event.VIEW)

    def table(self) -> IndicatorTable | None:
        """The shown indicator on the shown level, None where nothing can be shown."""
        if not (self.has_project and self.view.indicator and self.view.level):
            return None
        return self.view_table(self.view)

    def dates(self) -> tuple[date, ...]:
        table = self.table()
        return table.dates if table is not None else ()

    def complete_view(self) -> None:
        """Fill in or mend whatever the view names that the project does not have: the finest
        level with values, the number of inhabitants, the newest date."""
        if not self.has_project:
            return
        levels = [level.key for level in self.map_levels()]
        known = self.catalogue
        view = self.view
        if view.scenario and view.scenario not in {s.key for s in self.scenarios()}:
            view = replace(view, scenario="")
        if view.indicator not in known:
            view = replace(view, indicator=self._first_indicator())
        if view.level not in levels:
            view = replace(view, level=self._best_level(view.indicator, levels))
        self.view = view
        days = self.dates()
        if view.day not in days:
            view = replace(view, day=_nearest(days, view.day))
        if view.compare_to is not None and (
            view.compare_to not in days or view.day is None or view.compare_to >= view.day
        ):
            view = replace(view, compare_to=None)
        self.view = view

    def _first_indicator(self) -> str:
        if DEFAULT_INDICATOR in self.catalogue:
            return DEFAULT_INDICATOR
        return next(iter(self.catalogue.ids), "")

    def _best_level(self, indicator: str, levels: Sequence[str]) -> str:
        for level in reversed(levels):
            try:
                if self.compute(indicator, level).dates:
                    return level
            except UserError:
                continue
        return levels[-1] if levels else ""


def _nearest(days: Sequence[date], wanted: date | None) -> date | None:
    """The date nearest to the wanted one, the newest where none is wanted."""
    if not days:
        return None
    if wanted is None:
        return days[-1]
    return min(days, key=lambda day: abs(day - wanted))
