"""The what-if workspace at work: weightings of the project, sliders, map, ranking, robustness.

While a slider is dragged only ``Scene.frame`` runs and the map is recoloured. What takes longer
(another indicator, level or normalisation; robustness) is a job.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from monitor_app.app.maps import shapes_of
from monitor_app.app.session import Choice, Event
from monitor_app.app.weighting import (
    KIND,
    TYPED,
    ComputedIndex,
    delete_weighting,
    keep_weighting,
    weightings,
)
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.core.selection import SelectionChange
from monitor_app.indicators.definitions import Texts
from monitor_app.indicators.robustness import Robustness, consistency
from monitor_app.indicators.weightings import Weighting, dump_weighting, form_error
from monitor_app.ui.whatifchecks import Checks
from monitor_app.ui.whatifclasses import TypeScene, type_scene
from monitor_app.ui.whatifload import (
    Loaded,
    changed_copy,
    draft,
    items_of,
    load,
    topics_of,
    words,
)
from monitor_app.ui.whatifpage import WhatIfPage
from monitor_app.ui.whatifrules import new_id
from monitor_app.ui.whatifscene import Scene, day_note, nearest_day, reasons, scene_of

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench

WHATIF = "whatif"
#: Seconds between two updates of legend and ranking while a slider is dragged.
SIDES_EVERY = 0.08


class WhatIf(QObject):
    """Belongs to a workbench; does nothing until its page is looked at."""

    key, icon = WHATIF, "whatif"

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.title = _("What if")
        self._bench = bench
        self.session = bench.session
        self.page: WhatIfPage = WhatIfPage(bench.theme, bench.session.selection)
        self.weighting: Weighting | None = None
        self.index: ComputedIndex | None = None
        self.scene: Scene | None = None
        self.types: TypeScene | None = None
        self.compared = ""
        self._before: np.ndarray[Any, np.dtype[np.float64]] | None = None
        self._other: ComputedIndex | None = None
        self._choices: tuple[Choice, ...] = ()
        self._level = ""
        self._heading = ""
        self._names: dict[str, str] = {}
        self._drawn: AreaShapes | None = None
        self._sides_at = 0.0
        self._stale = True
        self._loading = False
        self._shapes: dict[tuple[str, tuple[int, ...]], AreaShapes] = {}
        self._reasons: dict[str, str] = {}
        self._connect()
        self.checks = Checks(self)
        self._ends = [
            self.session.subscribe(self._heard),
            self.session.selection.subscribe(self._selection_changed),
        ]

    @property
    def bench(self) -> Workbench:
        return self._bench

    @property
    def robust(self) -> Robustness | None:
        return self.checks.robust

    def _connect(self) -> None:
        page = self.page
        page.appeared.connect(self.refresh)
        page.rows.moved.connect(self._moved)
        page.rows.settled.connect(self._settled)
        page.rows.turned.connect(self._turn)
        page.rows.removed.connect(self._remove)
        page.add.chosen.connect(self._add)
        page.rules.changed.connect(lambda changes: self._change(**changes))
        page.bar.chosen.connect(self._choose)
        page.bar.keep.connect(self._keep)
        page.bar.drop.connect(self._drop)
        page.bar.compare.connect(self._compare)
        page.classes.changed.connect(lambda changes: self._change(**changes))
        page.show_types.toggled.connect(lambda _on: self._moved())

    # what the session tells ------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        if event is Event.SAVED:
            return
        if event is Event.PROJECT:
            self.weighting = None
            self.compared = ""
        if event in (Event.PROJECT, Event.DATA):
            self._shapes.clear()
            self._clear()
        elif self.session.view.level != self._level:
            self._clear()
        elif self.index is not None:
            self._take_day()
        if self.page.isVisible():
            self.refresh()

    def _clear(self) -> None:
        self._stale = True
        self.index = self.scene = self.types = None
        self.checks.clear()
        self._before = self._other = None

    def refresh(self) -> None:
        """Bring everything up to date, if something changed since the page was last seen."""
        if self.session.has_project and self._stale and not self._loading:
            self._load()

    def _load(self, weighting: Weighting | None = None) -> None:
        """Compute the index of a weighting (the present one, or the first that fits)."""
        session = self.session
        self._level = level = session.view.level
        self._loading = True
        wanted = weighting or self._known(self.weighting)
        compared = self.compared

        def work(progress: Progress) -> Loaded:
            return load(session, level, wanted, compared, progress)

        self._bench.job(
            _("Computing the index"), work, self._take, changes=True,
            failed=self._failed, cancelled=self._cancelled,
        )  # fmt: skip

    def _failed(self, error: UserError) -> None:
        self._loading = self._stale = False
        self._say_nothing(words(error))

    def _cancelled(self) -> None:
        self._loading = self._stale = False

    def _known(self, weighting: Weighting | None) -> Weighting | None:
        """The weighting as the project has it now (after an undo it may have others weights)."""
        if weighting is None:
            return None
        named = {w.id: w for w in weightings(self.session)}
        return named.get(weighting.id, weighting)

    def _take(self, loaded: Loaded) -> None:
        self._loading = self._stale = False
        self.weighting, self._choices = loaded.weighting, loaded.choices
        self._names = {c.definition.id: c.definition.name.shown for c in loaded.choices}
        self.index, self._other = loaded.index, loaded.other
        self.checks.clear()
        self._show_controls()
        if self.index is None:
            self._say_nothing(loaded.problem)
            return
        if self.compared and self._other is None:
            self.compared = ""
            self._show_names()
        self._take_day()
        self.warn(loaded.problem)

    def _say_nothing(self, text: str) -> None:
        page = self.page
        self.scene = self.types = None
        page.map.empty_text = text
        page.map.set_map(None, None)
        page.ranking.set_map(None)
        page.title.setText("" if self.weighting is None else self.weighting.name.shown)
        page.subtitle.setText(text)
        page.notes.clear()
        page.legend.hide()
        page.type_legend.hide()
        page.show_types.hide()
        page.check.setEnabled(False)
        page.area.clear()

    # showing ---------------------------------------------------------------------------------

    def _show_controls(self) -> None:
        weighting, page = self.weighting, self.page
        assert weighting is not None
        page.rows.set_items(items_of(weighting, self._choices))
        page.rules.show_weighting(weighting)
        self._show_class_rules()
        page.about.setText(weighting.description.shown)
        page.about.setVisible(bool(page.about.text()))
        page.add.set_topics(topics_of(self._choices, weighting.indicators))
        page.add.set_current("")
        self._show_names()

    def _show_class_rules(self) -> None:
        assert self.weighting is not None
        days = () if self.index is None else self.index.dates
        day = nearest_day(self.index, self.session.view.day) if self.index is not None else None
        self.page.classes.show_weighting(self.weighting, days, day)

    def _show_names(self) -> None:
        assert self.weighting is not None
        self.page.bar.show_choices(
            weightings(self.session), self.weighting, self.compared, self._own(),
            not self.session.project.read_only,
        )  # fmt: skip

    def _take_day(self) -> None:
        """Prepare the date that is chosen, and show it."""
        assert self.index is not None
        wanted = self.session.view.day
        self.day: date = nearest_day(self.index, wanted)
        self.scene = scene_of(self.session, self.index, self.day)
        self.types = type_scene(self.scene, self.index, self.day)
        self.checks.clear()
        self._before = None
        if self._other is not None:
            text = _("Change of rank: {mine} against {other}")
            self._heading = text.format(
                mine=self.index.weighting.name.shown, other=self._other.weighting.name.shown
            )
            other_day = nearest_day(self._other, self.day)
            other = scene_of(self.session, self._other, other_day)
            self._before = other.index(self._other.weighting.weights)
        page = self.page
        self._show_class_rules()
        page.show_types.setVisible(self.types is not None and self._before is None)
        notes = [day_note(self.day, wanted), *(i.message for i in self.index.issues)]
        if self.weighting is not None:
            notes.append(self.weighting.caveat.shown)
        page.notes.setText("\n\n".join(dict.fromkeys(n for n in notes if n)))
        page.check.setEnabled(True)
        self._drawn = self._shapes_now()
        self._show_consistency()
        self._moved()

    def _shapes_now(self) -> AreaShapes:
        located = (a for a in self.session.areas.at(self._level, self.day) if a.located)
        place = (self._level, tuple(area.id for area in located))
        if place not in self._shapes:
            self._shapes[place] = shapes_of(self.session, self._level, self.day)
        return self._shapes[place]

    def _moved(self) -> None:
        """A frame: weights to index, classes, colours."""
        if self.scene is None:
            return
        page, weights = self.page, self.page.rows.weights
        try:
            if self._before is not None:
                spec = self.scene.change(self._before, weights, self._heading)
            else:
                spec = self.scene.frame(weights)
            typed = spec
            if self.types is not None and self._before is None and page.show_types.isChecked():
                typed = self.types.frame(spec, weights)
        except UserError as error:
            self.warn(words(error))
            return
        self.warn("")
        page.map.set_map(typed, self._drawn)
        now = time.monotonic()
        if page.rows.dragging and now - self._sides_at < SIDES_EVERY:
            return  # the map follows every step; the rest follows at a pace that eyes can read
        self._sides_at = now
        self._show_sides(self.scene, spec, typed, weights)

    def _show_sides(
        self, scene: Scene, spec: MapSpec, typed: MapSpec, weights: Sequence[float]
    ) -> None:
        """Legend, ranking, and what is said about the selected area. ``spec``: the index;
        ``typed``: what the map shows."""
        page = self.page
        page.title.setText(spec.title)
        page.subtitle.setText(
            _("{level}, as of {day}").format(level=spec.level_name, day=spec.date_text)
        )
        page.legend.setVisible(typed is spec)
        page.type_legend.setVisible(typed is not spec)
        if typed is spec or self.types is None:
            page.legend.show_spec(spec)
        else:
            page.type_legend.show_types(self.types.weighting, typed)
        page.ranking.set_map(spec, city=False)
        self.checks.forget()
        plain = self.types is None or self._before is not None
        page.ranking.set_types({} if plain or self.types is None else self.types.by_area(weights))
        self._reasons = reasons(scene, weights, self._names)
        page.ranking.set_reasons(self._reasons)
        self.show_area()

    def show_area(self) -> None:
        keys = self.session.selection.keys
        if self.scene is None or self.weighting is None or not keys:
            self.page.area.clear()
            return
        names = self._names
        shown = [names.get(i, i) for i in self.weighting.indicators]
        self.page.area.show_area(
            self.scene, self.page.rows.weights, keys[-1], shown, self.robust,
            self.weighting.meaning, self._reasons.get(keys[-1], ""),
            self._class_text(keys[-1]),
        )  # fmt: skip

    def _class_text(self, key: str) -> str:
        """The class of an area and, after the check, how certain it is."""
        if self.types is None or self._before is not None:
            return ""
        name = self.types.by_area(self.page.rows.weights).get(key, "")
        if not name:
            return ""
        said = _("Class: {name}.").format(name=name)
        return " ".join(text for text in (said, self.checks.texts.get(key, "")) if text)

    def _selection_changed(self, change: SelectionChange) -> None:
        if (change.added or change.removed) and self.page.isVisible():
            self.show_area()

    def _show_consistency(self) -> None:
        if self.scene is None or self.weighting is None:
            return
        prepared = self.scene.prepared
        try:
            used = prepared.shares(self.page.rows.weights) > 0
        except UserError:
            return
        alpha, matrix = consistency(prepared, used)
        names = self._names
        self.page.matrix.show_result([names.get(i, i) for i in prepared.indicators], matrix, alpha)

    def warn(self, text: str) -> None:
        self.page.warning.setText(text)
        self.page.warning.setVisible(bool(text))

    # changing --------------------------------------------------------------------------------

    def _own(self) -> set[str]:
        return set(self.session.project.documents(KIND))

    def _settled(self) -> None:
        """The hand let go of a slider."""
        if self.weighting is None:
            return
        self._moved()
        self._show_consistency()
        try:
            changed = self.weighting.with_weights(self.page.rows.weights)
        except UserError:
            return
        self._set(changed)

    def _set(self, changed: Weighting) -> None:
        """Another form of the present weighting: kept where the project has it, else a draft."""
        if changed == self.weighting:
            return
        if changed.id in self._own():
            self.weighting = changed
            if not self.session.project.read_only and not self._bench.locked:
                keep_weighting(self.session, changed)
                self.session.announce(Event.SAVED)
        elif changed.id != TYPED:
            self.weighting = changed_copy(changed)
            self._show_names()
        else:
            self.weighting = changed

    def _change(self, **changes: Any) -> None:
        """Another rule or other indicators: the index is prepared anew."""
        if self.weighting is None:
            return
        try:
            settled = self.weighting.with_weights(self.page.rows.weights)
            changed = Weighting.model_validate({**settled.model_dump(), **changes})
        except (UserError, ValidationError) as error:
            problem = error if isinstance(error, UserError) else form_error(error)
            self.warn(words(problem))
            self.page.rules.show_weighting(self.weighting)
            return
        self._set(changed)
        self._load(self.weighting)

    def _turn(self, indicator: str, raises: bool) -> None:
        direction = "positive" if raises else "negative"
        self._change(components=
            [{**c, "direction": direction} if c["indicator"] == indicator else c
             for c in self._parts()]
        )  # fmt: skip

    def _remove(self, indicator: str) -> None:
        self._change(components=[c for c in self._parts() if c["indicator"] != indicator])

    def _add(self, indicator: str) -> None:
        parts = self._parts()
        mean = sum(c["weight"] for c in parts) / max(1, len(parts))
        self._change(components=[*parts, {"indicator": indicator, "weight": mean or 50.0}])

    def _parts(self) -> list[dict[str, Any]]:
        assert self.weighting is not None
        return [
            {**c.model_dump(), "weight": w}
            for c, w in zip(self.weighting.components, self.page.rows.weights, strict=True)
        ]

    def _choose(self, key: str) -> None:
        known = {w.id: w for w in weightings(self.session)}
        if key == "":
            self._load(draft(self.session.view.indicator))
        elif key in known:
            if self.compared == key:
                self.compared = ""
            self._load(known[key])

    def _compare(self, key: str) -> None:
        self.compared = key
        self._load(self.weighting)

    def _keep(self, name: str) -> None:
        """Store the present weighting under a name of its own."""
        if self.weighting is None:
            return
        taken = {w.id for w in weightings(self.session)} | {TYPED}
        try:
            settled = self.weighting.with_weights(self.page.rows.weights)
        except UserError as error:
            self.warn(words(error))
            return
        kept = settled.model_copy(
            update={"id": new_id(name, taken), "name": Texts(de=name, en=name)}
        )
        label = _("Keep weighting “{name}”").format(name=name)
        self.session.project.put_document(KIND, kept.id, dump_weighting(kept), label)
        self.weighting = kept
        self.page.bar.name.clear()
        self.session.announce(Event.SAVED)
        self._show_names()
        self._moved()
        self._bench.window_.say(_("Kept in the project: {name}").format(name=name))

    def _drop(self) -> None:
        if self.weighting is None:
            return
        delete_weighting(self.session, self.weighting)
        self.session.announce(Event.SAVED)
        self.weighting = None
        self._load()

    def tools(self) -> Sequence[QWidget]:
        """Widgets that are switched off while the project changes; the map stays usable."""
        page = self.page
        return (page.bar, page.rows, page.add, page.rules, page.classes)

    def shutdown(self) -> None:
        for end in self._ends:
            end()
        self._ends = []
        self.page.shutdown()
