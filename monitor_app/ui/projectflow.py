"""Opening, saving, closing and recovering projects, and what to ask before something is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox

from monitor_app.app import offers
from monitor_app.app.demo import make_demo
from monitor_app.app.diagnostics import diagnostics_text
from monitor_app.app.offers import Answer
from monitor_app.app.session import Event
from monitor_app.app.settings import home_folder
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.ui.questions import ask, confirm

if TYPE_CHECKING:
    from monitor_app.project.recovery import Leftover
    from monitor_app.ui.workbench import Workbench

MAP = "map"
DATA = "data"
#: Issue codes that say "this is no project": then a dropped file is something to import.
NO_PROJECT = {"not_a_project"}
#: Codes that say that somebody else changed or removed the file.
OUTSIDE = {"target_changed", "vanished"}
PROJECT_FILTER = "GeoPackage (*.gpkg)"
#: How often others are told that the project is still in use.
KEEP_LOCK_MS = 120_000


def data_filter() -> str:
    """Kinds of files that can be imported, for file dialogs."""
    kinds = "*.csv *.txt *.xlsx *.xls *.ods *.gpkg *.shp *.zip *.geojson *.json *.fgb *.parquet"
    return f"{_('Tables and boundaries')} ({kinds});;{_('All files')} (*)"


class ProjectFlow:
    """Commands about the project as a whole. Everything slow is a job of the workbench."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._session = bench.session
        self._window = bench.window_
        self._leaving = False
        self._watched: Path | None = None
        self.keeper = QTimer(bench)
        self.keeper.setInterval(KEEP_LOCK_MS)
        self.keeper.timeout.connect(self._keep_lock)

    # asking --------------------------------------------------------------------------------

    def leave(self, then: Callable[[], object]) -> None:
        """Call ``then`` when the open project may go: at once where nothing is unsaved, else
        after the user chose to save or to discard."""
        session = self._session
        if not session.has_project or session.project.read_only or not session.project.dirty:
            then()
            return
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(_("Unsaved changes"))
        box.setText(_("Save the changes in “{name}”?").format(name=session.project.name))
        save = box.addButton(_("Save"), QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton(_("Discard"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(_("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(save)

        def chosen() -> None:
            if box.clickedButton() is save:
                self.save(then)
            elif box.clickedButton() is discard:
                session.close(discard=True)
                then()

        box.finished.connect(lambda _result: chosen())
        box.open()

    def may_close(self, again: Callable[[], object]) -> bool:
        """Whether the window may close now; if not, ``again`` is called once it may."""
        session = self._session
        if self._leaving:
            return True
        if self._bench.locked:
            self._window.say(_("Please wait or cancel what is running."))
            return False
        if not session.has_project or session.project.read_only or not session.project.dirty:
            return True

        def go() -> None:
            self._leaving = True
            again()

        self.leave(go)
        return False

    # opening -------------------------------------------------------------------------------

    def _opened(self, page: str = MAP) -> None:
        session = self._session
        session.announce(Event.PROJECT)
        self.keeper.start()
        if session.has_project and not session.map_levels():
            page = DATA
        self._window.show_page(page)

    def _keep_lock(self) -> None:
        if self._session.has_project:
            self._session.project.keep_lock()
        else:
            self.keeper.stop()

    def stop(self) -> None:
        """Before the window goes."""
        self.keeper.stop()

    def new(self) -> None:
        path, _kind = QFileDialog.getSaveFileName(
            self._window, _("New project"), self._folder(_("Project") + ".gpkg"), PROJECT_FILTER,
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if path:
            target = Path(path)
            if target.suffix.lower() != ".gpkg":
                target = target.with_name(target.name + ".gpkg")
            self.leave(lambda: self._create(target))

    def _create(self, target: Path) -> None:
        self._bench.job(
            _("Creating the project"),
            lambda _progress: self._session.create(target, target.stem),
            lambda _none: self._opened(DATA),
            changes=True,
        )

    def open(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(
            self._window, _("Open a project"), self._folder(), PROJECT_FILTER
        )
        if path:
            self._remember_folder(path)
            self.open_file(Path(path))

    def open_file(
        self, path: Path, mode: str = "write", then: Callable[[], object] | None = None
    ) -> None:
        """Open a project and go on with ``then``; a file that is none is imported instead."""

        def opened(_none: object) -> None:
            self._opened()
            if then is not None:
                then()

        def failed(error: UserError) -> None:
            codes = {issue.code for issue in error.issues}
            if codes & NO_PROJECT:
                self.import_files([path])
            elif "locked" in codes:
                self._ask_locked(path)
            else:
                self._window.show_issues(
                    _("“{name}” cannot be opened").format(name=path.name), error.issues
                )
                self._bench.show_project()

        def go() -> None:
            self._bench.job(
                _("Opening {name}").format(name=path.name),
                lambda progress: self._session.open(path, mode, progress),
                opened,
                failed=failed,
                changes=True,
            )

        self.leave(go)

    def _ask_locked(self, path: Path) -> None:
        question = offers.locked(path)
        if question is None:  # the other one has closed it meanwhile
            self._window.say(_("The project is free again; please open it once more."))
            return

        def answered(answer: Answer | None) -> None:
            if answer is Answer.COPY:
                self.open_file(path, "read", self.save_as)
            elif answer is not None:
                self.open_file(path, answer.value)

        ask(self._window, question, answered)

    def sample(self) -> None:
        def work(progress: Progress) -> None:
            path = make_demo(home_folder(), progress.part(0.0, 0.9))
            self._session.open(path, progress=progress.part(0.9, 1.0))

        def go() -> None:
            self._bench.job(
                _("Opening the sample town"),
                work,
                lambda _none: self._opened(),
                changes=True,
            )

        self.leave(go)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Files that were dropped: one GeoPackage may be a project, all else is imported."""
        if len(paths) == 1 and paths[0].suffix.lower() == ".gpkg":
            self.open_file(paths[0])
        else:
            self.import_files(paths)

    # recovering ----------------------------------------------------------------------------

    def offer_leftovers(self) -> None:
        """Offer on the start page what a crash left behind."""
        self._bench.job(
            _("Looking for unsaved work"),
            lambda _progress: self._session.leftovers(),
            self._show_leftovers,
            failed=lambda _error: None,
        )

    def _show_leftovers(self, found: tuple[Leftover, ...]) -> None:
        for leftover in found:
            question = offers.recovery(leftover)
            offer = self._window.start.add_leftover(question.text, question.details)

            def restore(leftover: Leftover = leftover, offer=offer) -> None:  # type: ignore[no-untyped-def]
                self.leave(lambda: self._restore(leftover, offer.hide))

            def discard(leftover: Leftover = leftover, offer=offer, question=question) -> None:  # type: ignore[no-untyped-def]
                def sure() -> None:
                    leftover.discard()
                    offer.hide()

                last = next(c for c in question.choices if c.answer is Answer.DISCARD)
                confirm(self._window, last, sure)

            offer.restored.connect(restore)
            offer.discarded.connect(discard)

    def _restore(
        self, leftover: Leftover, hide: Callable[[], object], take_over: bool = False
    ) -> None:
        def done(_none: object) -> None:
            hide()
            self._opened()

        def failed(error: UserError) -> None:
            codes = {issue.code for issue in error.issues}
            question = offers.locked(leftover.target) if "locked" in codes else None
            if question is None:
                self._window.show_issues(_("That did not work"), error.issues)
                return
            again = tuple(c for c in question.choices if c.answer is Answer.TAKE_OVER)

            def answered(answer: Answer | None) -> None:
                if answer is not None:
                    self._restore(leftover, hide, take_over=True)

            ask(self._window, replace(question, choices=again), answered)

        self._bench.job(
            _("Restoring {name}").format(name=leftover.name),
            lambda _progress: self._session.recover(leftover, take_over=take_over),
            done,
            failed=failed,
            changes=True,
        )

    # saving and closing --------------------------------------------------------------------

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Write the user's file; go on with ``then`` when that has succeeded."""
        self._save(_("Saving"), self._session.save, then)

    def save_as(self) -> None:
        project = self._session.project
        path, _kind = QFileDialog.getSaveFileName(
            self._window, _("Save as"), str(project.path), PROJECT_FILTER
        )
        if path:
            target = Path(path)
            if target.suffix.lower() != ".gpkg":
                target = target.with_name(target.name + ".gpkg")
            # The dialog has asked about replacing a file.
            self._save(
                _("Saving"),
                lambda progress: self._session.save_as(target, progress, overwrite=True),
                None,
            )

    def _save(
        self, label: str, work: Callable[[Progress], None], then: Callable[[], object] | None
    ) -> None:
        def done(_none: object) -> None:
            self._bench.maproom.keep_picture()
            self._session.announce(Event.SAVED)
            self._window.show_recent()
            self._window.say(_("Saved."))
            if then is not None:
                then()

        def failed(error: UserError) -> None:
            codes = {issue.code for issue in error.issues}
            self._session.announce(Event.SAVED)
            if not codes & OUTSIDE or not self.look_outside():
                self._window.show_issues(_("That did not work"), error.issues)

        self._bench.job(label, work, done, failed=failed, changes=True)

    def look_outside(self) -> bool:
        """Ask what to do where somebody else changed or removed the project's file; whether there
        was something to ask."""
        question = offers.changed_outside(self._session)
        if question is None:
            return False

        def answered(answer: Answer | None) -> None:
            if answer is Answer.SAVE_AS:
                self.save_as()

        ask(self._window, question, answered)
        return True

    def tell_state(self) -> None:
        """Keep saying that a project can only be read; a change by others is told until the file
        is saved or another project is open."""
        notices, session = self._bench.notices, self._session
        words = offers.read_only_text(session)
        if words:
            notices.put("read_only", words, [(_("Save as …"), self.save_as)])
        else:
            notices.drop("read_only")
        if not session.has_project or session.project.path != self._watched:
            notices.drop("outside")
            self._watched = session.project.path if session.has_project else None

    def watch(self) -> None:
        """The window became active: did somebody else change the file meanwhile?"""
        session = self._session
        if self._bench.locked or self._window.jobs.busy or not session.has_project:
            return

        def done(question: offers.Question | None) -> None:
            if question is None:
                self._bench.notices.drop("outside")
                return
            self._bench.notices.put(
                "outside",
                question.text,
                [(_("Save as …"), self.save_as), (_("Details …"), self.look_outside)],
                closable=True,
            )

        self._window.jobs.runner.start(  # quietly: nobody asked for it
            _("Looking at the file"),
            lambda _progress: offers.changed_outside(session),
            done=done,
            failed=lambda _error: None,
        )

    def copy_diagnostics(self) -> None:
        """Versions, settings and the end of the log, for an e-mail; no values."""

        def done(text: str) -> None:
            QGuiApplication.clipboard().setText(text)
            self._window.say(_("The diagnostics are on the clipboard."))

        session = self._session
        self._bench.job(
            _("Collecting diagnostics"), lambda _progress: diagnostics_text(session), done
        )

    def close(self) -> None:
        def go() -> None:
            self.keeper.stop()
            self._session.close()
            self._session.announce(Event.PROJECT)

        self.leave(go)

    # changing ------------------------------------------------------------------------------

    def undo(self) -> None:
        self._move(_("Undoing"), self._session.undo, _("Undone: {what}"))

    def redo(self) -> None:
        self._move(_("Redoing"), self._session.redo, _("Redone: {what}"))

    def _move(self, label: str, work: Callable[[], object], said: str) -> None:
        def done(revision: object) -> None:
            self._session.announce(Event.DATA)
            self._window.say(said.format(what=getattr(revision, "label", "")))

        self._bench.job(label, lambda _progress: work(), done, changes=True)

    def remove_dataset(self, key: str) -> None:
        """Take a data set out; undo brings it back, so nobody is asked."""

        def done(revision: object) -> None:
            self._session.announce(Event.DATA)
            self._window.say(
                _("{what} – Ctrl+Z brings it back").format(what=getattr(revision, "label", ""))
            )

        self._bench.job(
            _("Removing"),
            lambda _progress: self._session.remove_dataset(key),
            done,
            changes=True,
        )

    # importing -----------------------------------------------------------------------------

    def choose_files(self) -> None:
        paths, _kind = QFileDialog.getOpenFileNames(
            self._window, _("Import files"), self._folder(), data_filter()
        )
        if paths:
            self._remember_folder(paths[0])
            self.import_files([Path(p) for p in paths])

    def import_files(self, paths: Sequence[Path]) -> None:
        """Begin an import; without a project one is created first."""
        if self._session.has_project:
            self._bench.begin_import(paths)
            return
        path, _kind = QFileDialog.getSaveFileName(
            self._window, _("Where shall the new project be kept?"),
            self._folder(_("Project") + ".gpkg"), PROJECT_FILTER,
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if not path:
            return
        target = Path(path)
        if target.suffix.lower() != ".gpkg":
            target = target.with_name(target.name + ".gpkg")

        def done(_none: object) -> None:
            self._opened(DATA)
            self._bench.begin_import(paths)

        self._bench.job(
            _("Creating the project"),
            lambda _progress: self._session.create(target, target.stem),
            done,
            changes=True,
        )

    def _folder(self, name: str = "") -> str:
        """Where file dialogs begin: beside the project used last."""
        settings = self._session.settings
        folder = Path(settings.last_folder) if settings.last_folder else Path.home()
        if not settings.last_folder and settings.recent:
            folder = Path(settings.recent[0]).parent
        if not folder.is_dir():
            folder = Path.home()
        return str(folder / name) if name else str(folder)

    def _remember_folder(self, path: str | Path) -> None:
        self._session.settings.last_folder = str(Path(path).parent)
