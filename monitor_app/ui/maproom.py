"""The map workspace at work: brings map, legend, charts and table up to the session's view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QMimeData, QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from monitor_app.app.exports import map_svg
from monitor_app.app.mapkinds import is_rate
from monitor_app.app.maps import compute_view, is_ready, shapes_of, shown_map
from monitor_app.app.session import Choice
from monitor_app.app.together import Together, together
from monitor_app.cartography.mapspec import group_levels
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.formats import format_date, format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status
from monitor_app.ui.chartmenu import attach_menus
from monitor_app.ui.chartpanels import panels as chart_panels
from monitor_app.ui.chooser import Topic
from monitor_app.ui.commandsearch import Entry
from monitor_app.ui.exportdialog import PageDialog, TableDialog
from monitor_app.ui.mapchoices import class_choice, kind_choice, layer_choice, view_changes
from monitor_app.ui.mappage import MapPage, Panel, Picture
from monitor_app.ui.tabledata import table_of
from monitor_app.ui.thumbnails import keep_thumbnail

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench

MAP = "map"

#: Linked panels below the map, beside ranking, time line and table: name, title (translated when
#: built), maker.
PANELS: tuple[tuple[str, Callable[[], str], Callable[[Workbench], Panel]], ...] = (*chart_panels(),)


class MapRoom(QObject):
    """Belongs to a workbench. The page shows pictures; this makes them."""

    key, icon = MAP, "map"

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self.session = bench.session
        self.title = _("Map")
        self.page = MapPage(bench.theme, bench.session.selection)
        self._choices: tuple[Choice, ...] = ()
        self._shapes: dict[tuple[str, bool, tuple[int, ...]], AreaShapes] = {}
        self.page.changed.connect(self.take)
        self.page.profile.together_wanted.connect(self.take_together)
        self.page.import_wanted.connect(lambda: bench.run("import"))
        for name, title, maker in PANELS:
            self.page.add_panel(name, title(), maker(bench))
        attach_menus(bench, self.page)

    # what the user wants -----------------------------------------------------------------

    def change_view(self, **changes: Any) -> None:
        """Change what is shown. Another series is computed in the background first, so that the
        window never waits."""
        session = self.session
        wanted = session.changed_view(**changes)
        if is_ready(session.view, wanted):
            session.set_view(**changes)
            return
        name = session.catalogue.get(wanted.indicator).name.shown
        self._bench.job(
            _("Computing {name}").format(name=name),
            lambda _progress: compute_view(session, wanted),
            lambda _table: session.set_view(**changes),
            changes=True,
        )

    def take(self, changes: dict[str, Any]) -> None:
        """Changes of the view as a panel of the page states them."""
        picture = self.page.picture
        if picture is None:  # nothing is shown that a kind or a limit could be of
            changes = {k: v for k, v in changes.items() if k not in ("show", "target", "breaks")}
        else:
            changes = view_changes(
                self.session, changes, picture.spec, picture.table, self._choices
            )
        self.change_view(**changes)

    def offer(self, choices: Sequence[Choice], topics: Sequence[Topic]) -> None:
        """Indicators of the project, of which one can be the second of a map."""
        self._choices = tuple(choices)
        legend, picture = self.page.legend, self.page.picture
        legend.kinds.set_topics(topics)
        if picture is not None:
            view = self.session.view
            legend.layers.show_choice(layer_choice(self.session, view, picture.table, choices))

    def take_together(self, keys: tuple[str, ...]) -> None:
        """The value of the selected areas as that of one larger area."""
        session, view = self.session, self.session.view
        day = view.day
        shown = self.page.picture is not None and "residuals" not in self.page.banners.names
        if not session.has_project or day is None or not shown:
            return

        def done(found: Together) -> None:
            if session.view == view:
                note = ""
                if found.city is not None and found.status < Status.MISSING:
                    gap = format_number(found.value - found.city, found.precision, signed=True)
                    note = _("{gap} against the city").format(gap=gap)
                self.page.profile.show_together(keys, found.text, note)

        self._bench.job(
            _("Taking areas together"),
            lambda _progress: together(
                session, view.indicator, view.level, keys, day, carried=view.carried,
                scenario=view.scenario,
            ),
            done,
            failed=lambda _error: None,  # the areas are told one by one
        )  # fmt: skip

    # showing -----------------------------------------------------------------------------

    def forget(self) -> None:
        """Another project, or other areas."""
        self._shapes.clear()

    def show(self) -> None:
        """Bring map, legend, charts, table and context bar up to the session's view."""
        session, bar = self.session, self._bench.bar
        view = session.view
        levels = [(level.key, level.name) for level in session.map_levels()]
        bar.set_levels(levels, view.level)
        bar.set_scenarios([(s.key, s.name, s.note) for s in session.scenarios()], view.scenario)
        bar.indicator.set_current(view.indicator)
        facts = ""
        try:
            picture = self._picture()
        except UserError as error:
            bar.set_days(session.dates() if view.level else (), view.day)
            issue = error.issues[0]
            self.page.show_nothing("\n\n".join(t for t in (issue.message, issue.repair) if t))
        else:
            bar.set_days(picture.days, view.day)
            self.page.show_picture(picture)
            spec = picture.spec
            if spec.day:
                facts = f"{spec.level_name}: {len(spec.keys)} · {format_date(spec.day)}"
        self._bench.window_.jobs.facts.setText(facts)

    def _picture(self) -> Picture:
        session = self.session
        view = session.view
        spec, refused = shown_map(session, view)
        table = session.view_table(view)
        areas = session.shown_areas(carried=table.carried)
        above = group_levels(areas, view.level)
        parents: dict[str, str] = {}
        title = ""
        if above:
            names = session.names(above[0])
            ancestors = areas.ancestor(view.level, above[0])
            parents = {key: names.get(up, up) for key, up in ancestors.items()}
            title = areas.level(above[0]).name
        return Picture(
            spec,
            self._shapes_now(),
            table,
            table_of(spec, table, parents, title),
            class_choice(view, spec),
            table.dates,
            table.forecast_from,
            rate=is_rate(session, table) or spec.unit == "%",
            kind=kind_choice(view, table, refused),
            layers=layer_choice(session, view, table, self._choices),
        )

    def _shapes_now(self) -> AreaShapes:
        """The same object as long as the same areas are valid: the map need not be drawn anew."""
        view = self.session.view
        areas = self.session.shown_areas(carried=view.carried)
        located = (a for a in areas.at(view.level, view.day) if a.located)
        place = (view.level, view.carried, tuple(area.id for area in located))
        if place not in self._shapes:
            self._shapes[place] = shapes_of(
                self.session, view.level, view.day, carried=view.carried
            )
        return self._shapes[place]

    # commands ----------------------------------------------------------------------------

    def show_table(self) -> None:
        self._bench.window_.show_page(MAP)
        self.page.raise_dock("table")
        self.page.table.view.setFocus()

    def open_filter(self) -> None:
        self._bench.window_.show_page(MAP)
        self.page.raise_dock("table")
        self.page.table.focus_filter()

    def copy_map(self) -> None:
        """The map as it is on screen, and as a page of vectors as soon as that is drawn."""
        picture = self.page.picture
        image = self.page.map.picture()
        data = QMimeData()
        data.setImageData(image)
        QGuiApplication.clipboard().setMimeData(data)
        self._bench.window_.say(_("The map is on the clipboard."))
        if picture is None:
            return
        office = self.session.settings.office

        def done(drawn: bytes) -> None:
            both = QMimeData()
            both.setImageData(image)
            both.setData("image/svg+xml", QByteArray(drawn))
            QGuiApplication.clipboard().setMimeData(both)
            self._bench.window_.say(_("The map is on the clipboard, as picture and as vectors."))

        self._bench.job(
            _("Drawing the map"),
            lambda _progress: map_svg(picture.spec, picture.shapes, office),
            done,
        )

    def export_page(self) -> None:
        if self.page.picture is not None:
            PageDialog(self._bench, self.page.picture).open()

    def export_table(self) -> None:
        if self.page.picture is not None:
            TableDialog(self._bench, self.page.picture).choose()

    def go(self, **changes: Any) -> None:
        """Show the map with another view."""
        self._bench.window_.show_page(MAP)
        self.change_view(**changes)

    def find_area(self, key: str) -> None:
        self._bench.window_.show_page(MAP)
        self.session.selection.set((key,))
        self.page.map.zoom_to_selection()

    def areas_to_find(self) -> list[Entry]:
        """The shown areas for the list of everything that can be found."""
        picture = self.page.picture
        if picture is None:
            return []
        return [
            Entry(name, _("Area"), key, partial(self.find_area, key))
            for key, name in zip(picture.spec.keys, picture.spec.names, strict=True)
        ]

    def keep_picture(self) -> None:
        """A small map of the project for the start page."""
        if self.session.has_project and self.page.picture is not None:
            keep_thumbnail(str(self.session.project.path), self.page.map.picture())

    def tools(self) -> Sequence[QWidget]:
        """Widgets that are switched off while the project changes."""
        return self.page.tools()

    def shutdown(self) -> None:
        self.page.shutdown()
