"""What connects the session with the window: commands, pages, and what they show.

Slow calls of the session run as jobs. While a job changes the session, everything that reads it
is switched off; the map itself stays usable.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from PySide6.QtCore import QByteArray, QObject
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from monitor_app.app.session import Choice, Event, Session
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.ui.catalogueroom import CATALOGUE, CatalogueRoom
from monitor_app.ui.chooser import Choice as TreeChoice
from monitor_app.ui.chooser import Topic
from monitor_app.ui.commandsearch import CommandSearch, Entry
from monitor_app.ui.comparecommands import compare_commands
from monitor_app.ui.contextbar import ContextBar
from monitor_app.ui.datapage import DataPage
from monitor_app.ui.help import AboutDialog, HelpDialog
from monitor_app.ui.importpage import ImportPage
from monitor_app.ui.maproom import MAP, MapRoom
from monitor_app.ui.noticebar import NoticeBar
from monitor_app.ui.projectflow import ProjectFlow
from monitor_app.ui.rooms import Room, rooms_of
from monitor_app.ui.topics import topic_name, with_favourites
from monitor_app.ui.whatif import WHATIF, WhatIf

if TYPE_CHECKING:
    from monitor_app.ui.window import MainWindow

T = TypeVar("T")

START, DATA = "start", "data"


class Workbench(QObject):
    """Lives as long as its window; created when the libraries are loaded."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window_ = window
        self.theme = window.theme
        self.session = Session(window.settings)
        self._choices: tuple[Choice, ...] = ()
        self._locked = False
        self._changing = 0  # jobs that change the session now
        self._focused: QWidget | None = None
        self._offered_for = ""
        self.bar = ContextBar(self.theme)
        self.bar.hide()
        self.notices = NoticeBar(self.theme)
        window.add_bar(self.notices)
        window.add_bar(self.bar)
        self.data = DataPage(self.theme)
        window.add_page(DATA, "data", _("Data"), self.data)
        self.maproom = MapRoom(self)
        self.map = self.maproom.page
        self.rooms: dict[str, Room] = {room.key: room for room in (self.maproom, *rooms_of(self))}
        for room in self.rooms.values():
            window.add_page(room.key, room.icon, room.title, room.page)
        self.import_ = ImportPage(self)
        self.import_.ended.connect(self._import_ended)
        self.data.stack.addWidget(self.import_)
        self.flow = ProjectFlow(self)
        self.search = CommandSearch(window)
        self._connect()
        self._commands = self._all_commands()
        self._restore_panels()
        self._unsubscribe = self.session.subscribe(self._heard)
        self.show_project()
        self.flow.offer_leftovers()

    def _connect(self) -> None:
        bar = self.bar
        bar.level_chosen.connect(lambda level: self.change_view(level=level))
        bar.indicator_chosen.connect(lambda indicator: self.change_view(indicator=indicator))
        bar.day_chosen.connect(lambda day: self.change_view(day=day))
        bar.scenario_chosen.connect(lambda key: self.change_view(scenario=key))
        bar.search_wanted.connect(self.open_search)
        self.data.import_wanted.connect(lambda: self.run("import"))
        self.data.remove_wanted.connect(self.flow.remove_dataset)

    def _all_commands(self) -> dict[str, Callable[[], object]]:
        flow, page, shown = self.flow, self.map, self.maproom
        return {
            "new": flow.new, "open": flow.open, "sample": flow.sample,
            "save": flow.save, "save_as": flow.save_as, "close": flow.close,
            "import": flow.choose_files, "undo": flow.undo, "redo": flow.redo,
            "page": shown.export_page, "table": shown.export_table,
            "copy_map": shown.copy_map,
            "copy_table": lambda: page.table.copy_rows(everything=True),
            "select_all": page.select_all, "select_invert": page.invert_selection,
            "select_none": self.session.selection.clear,
            "filter": shown.open_filter, "commands": self.open_search,
            "zoom_in": lambda: page.map.zoom(1.5), "zoom_out": lambda: page.map.zoom(1 / 1.5),
            "zoom_all": page.map.zoom_to_all, "zoom_selection": page.map.zoom_to_selection,
            "show_table": shown.show_table, "refresh": self.refresh,
            "reset_layout": page.reset_layout,
            "back": lambda: page.step(-1), "forward": lambda: page.step(1),
            "play": page.slider.play.toggle, "balance": page.toggle_balance,
            **compare_commands(self),
            "help": self.show_help, "about": self.show_about,
            "diagnostics": flow.copy_diagnostics,
        }  # fmt: skip

    def run(self, command: str) -> None:
        """Carry out a command by its id."""
        self._commands[command]()

    # jobs ----------------------------------------------------------------------------------

    def job(
        self,
        label: str,
        work: Callable[[Progress], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[UserError], None] | None = None,
        cancelled: Callable[[], None] | None = None,
        changes: bool = False,
    ) -> None:
        """Run slow work; ``changes``: the session changes meanwhile, so nothing else may use
        it. Failures are shown as a table of findings unless ``failed`` takes them."""

        def ended() -> None:
            # Another job may be changing the session still: only its own end unlocks.
            if changes:
                self._changing -= 1
            self._lock(self._changing > 0)

        def on_done(result: T) -> None:
            ended()
            done(result)

        def on_failed(error: UserError) -> None:
            ended()
            if failed is not None:
                failed(error)
            else:
                self.window_.show_issues(_("That did not work"), error.issues)
                self.show_project()

        def on_cancelled() -> None:
            ended()
            if cancelled is not None:
                cancelled()
            self.show_project()

        if changes:
            self._changing += 1
            self._lock(True)
        self.window_.jobs.start(label, work, done=on_done, failed=on_failed, cancelled=on_cancelled)

    def _lock(self, on: bool) -> None:
        if on and not self._locked:
            self._focused = QApplication.focusWidget()
        self._locked = on
        tools = [tool for room in self.rooms.values() for tool in room.tools()]
        for widget in (self.bar, self.data, *tools, self.window_.start):
            widget.setEnabled(not on)
        focused, self._focused = self._focused, None if not on else self._focused
        if not on and focused is not None and isValid(focused) and focused.isVisible():
            focused.setFocus()  # switching off had taken it away
        self._enable()

    @property
    def whatif(self) -> WhatIf:
        return cast(WhatIf, self.rooms[WHATIF])

    @property
    def catalogue(self) -> CatalogueRoom:
        return cast(CatalogueRoom, self.rooms[CATALOGUE])

    @property
    def locked(self) -> bool:
        return self._locked

    # what the session tells ------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        if event is Event.VIEW:
            self.show_map()
        elif event is Event.SAVED:
            self._show_name()
        else:
            self.show_project()

    def show_project(self) -> None:
        """Everything anew: another project, or other data in it."""
        there = self.session.has_project
        self.bar.setVisible(there)
        for key in (DATA, *self.rooms):
            self.window_.rail.offer(key, there)
        self.maproom.forget()
        self._show_name()
        self.window_.show_recent()
        if not there:
            self.map.show_nothing("")
            if self.window_.page != START:
                self.window_.show_page(START)
            self._enable()
            return
        self._offered_for = ""
        self.data.show_project(self.session.project)
        self.show_map()

    def _offer_indicators(self) -> None:
        """Find out which indicators can be computed on the shown level."""
        level = self.session.view.level
        if level == self._offered_for:
            return
        self._offered_for = level
        self.job(
            _("Looking at the indicators"),
            lambda _progress: self.session.choices(level),
            self._take_choices,
            failed=lambda _error: None,  # the map says what is missing
        )

    def _take_choices(self, choices: tuple[Choice, ...]) -> None:
        self._choices = choices
        by_topic: dict[str, list[TreeChoice]] = {}
        for choice in choices:
            known = choice.definition
            why = ""
            if not choice.ready:
                why = _("Missing: {inputs}").format(inputs="; ".join(choice.missing))
            words = f"{known.name.de} {known.name.en} {known.description.shown}"
            by_topic.setdefault(known.topic, []).append(
                TreeChoice(known.id, known.name.shown, why, words)
            )
        topics = [Topic(topic_name(key), tuple(found)) for key, found in by_topic.items()]
        starred = self.session.settings.favourites
        self.bar.set_topics(with_favourites(topics, starred), self.session.view.indicator)
        self.maproom.offer(choices, topics)

    def favourites_changed(self) -> None:
        self._take_choices(self._choices)

    def _show_name(self) -> None:
        window = self.window_
        if not self.session.has_project:
            window.setWindowTitle(_("Small-area monitoring"))
            window.setWindowModified(False)
            self.flow.tell_state()
            return
        project = self.session.project
        window.setWindowTitle(f"{project.name}[*]")
        window.setWindowModified(project.dirty)
        self.bar.set_project(project.name, project.dirty, project.read_only)
        self.flow.tell_state()
        self._label_undo()

    def _label_undo(self) -> None:
        project = self.session.project
        for name, label, plain in (
            ("undo", project.undo_label, _("Undo")),
            ("redo", project.redo_label, _("Redo")),
        ):
            action = self.window_.actions_[name]
            action.setText(f"{plain}: {label}" if label else plain)
            action.setEnabled(bool(label) and not self._locked and not project.read_only)

    def _enable(self) -> None:
        there = self.session.has_project and not self._locked
        writable = there and not self.session.project.read_only
        shown = there and self.map.picture is not None
        actions = self.window_.actions_
        actions.enable(project=there, writable=writable, shown=shown)
        for name in ("new", "open", "sample", "quit"):
            actions[name].setEnabled(not self._locked)
        if shown and self.map.picture is not None:
            actions["balance"].setChecked(self.map.picture.spec.base_day is not None)
        if there:
            self._label_undo()

    # showing the map -------------------------------------------------------------------------

    def change_view(self, **changes: Any) -> None:
        """Change what is shown (see ``MapRoom.change_view``)."""
        self.maproom.change_view(**changes)

    def show_map(self) -> None:
        """Bring map, charts, table and context bar up to the session's view."""
        self.maproom.show()
        self._enable()
        self._offer_indicators()

    # commands of the workspaces --------------------------------------------------------------

    def page_shown(self, key: str) -> None:
        if key != MAP:
            self.map.slider.stop()

    def refresh(self) -> None:
        self.show_project()

    def show_help(self) -> None:
        page = self.window_.page
        if page == DATA and self.data.stack.currentWidget() is self.import_:
            page = "import"
        HelpDialog(self.theme, page, self.window_.actions_, self.window_).open()

    def show_about(self) -> None:
        AboutDialog(self.theme, self.window_).open()

    def open_search(self) -> None:
        """All commands, indicators and areas in one list."""
        entries = [
            Entry(
                action.text().replace("&", ""),
                _("Command"),
                "",
                action.trigger,
                action.shortcut().toString(QKeySequence.SequenceFormat.NativeText),
            )
            for action in self.window_.actions_.all()
            if action.isEnabled()
        ]
        for choice in self._choices:
            known = choice.definition
            if choice.ready:
                go = partial(self.maproom.go, indicator=known.id)
                topic = topic_name(known.topic)
                entries.append(Entry(known.name.shown, _("Indicator"), topic, go))
        entries += self.maproom.areas_to_find()
        self.search.open(entries)

    # files and the end -----------------------------------------------------------------------

    def open_paths(self, paths: Sequence[Path]) -> None:
        self.flow.open_paths(paths)

    def begin_import(self, paths: Sequence[Path]) -> None:
        """Show the import page for some files; it belongs to the data workspace."""
        self.window_.show_page(DATA)
        self.data.stack.setCurrentWidget(self.import_)
        self.import_.begin(paths)

    def _import_ended(self, stored: bool) -> None:
        self.data.stack.setCurrentIndex(0)
        if stored and self.map.picture is not None:
            self.window_.show_page(MAP)

    def may_close(self, again: Callable[[], object]) -> bool:
        return self.flow.may_close(again)

    def _restore_panels(self) -> None:
        stored = self.window_.settings.window.get("panels", "")
        if stored:
            self.map.restoreState(QByteArray(b64decode(stored)))

    def shutdown(self) -> None:
        """End threads; close the project (what is unsaved stays recoverable)."""
        self.window_.settings.window["panels"] = b64encode(self.map.saveState().data()).decode()
        self._unsubscribe()
        self.import_.map.stop()
        for room in self.rooms.values():
            room.shutdown()
        self.window_.jobs.shutdown()
        self.session.close()
