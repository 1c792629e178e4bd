"""The one window: rail, context bar, workspaces, status bar. Light imports only; whatever needs
numpy or more lives in the workspaces and is attached when the libraries are loaded."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, Qt
from PySide6.QtGui import QActionGroup, QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.settings import Settings
from monitor_app.core.i18n import LANGUAGE, _
from monitor_app.ui.actions import Actions
from monitor_app.ui.jobbar import MESSAGE_MS, JobBar
from monitor_app.ui.loader import Loader
from monitor_app.ui.rail import Rail
from monitor_app.ui.startpage import StartPage
from monitor_app.ui.theme import Scheme, Theme

if TYPE_CHECKING:
    from monitor_app.core.issues import Issue
    from monitor_app.ui.workbench import Workbench

START, DATA, MAP = "start", "data", "map"


class MainWindow(QMainWindow):
    """Frame around the workspaces. Everything about the project is done by the workbench, which
    is there once ``load`` has ended; what is asked for earlier is done then."""

    def __init__(self, settings: Settings, theme: Theme) -> None:
        super().__init__()
        self.settings = settings
        self.theme = theme
        self.workbench: Workbench | None = None
        self._waiting: list[Callable[[Workbench], None]] = []
        self.setWindowTitle(_("Small-area monitoring"))
        self.setAcceptDrops(True)
        self.setMinimumSize(640, 420)
        self.jobs = JobBar(self)
        self.setStatusBar(self.jobs)
        self.rail = Rail(theme)
        self.rail.add(START, "start", _("Start"))
        self.rail.chosen.connect(self.show_page)
        self.start = StartPage(theme)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start)
        self._by_key: dict[str, QWidget] = {START: self.start}
        self._lay_out()
        self._connect_start()
        self.actions_: Actions = Actions(self, theme, self._early_handlers())
        self._build_choices()
        self.actions_.enable(project=False, writable=False, shown=False)
        self.loader = Loader(self)
        self.loader.ready.connect(self._attach)
        self.loader.failed.connect(self._cannot_load)
        self.show_recent()
        self.rail.check(START)
        self.start.setFocus()
        self._restore_geometry()

    # building --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self.pages, 1)
        self._column.addLayout(row, 1)
        self.setCentralWidget(body)

    def _connect_start(self) -> None:
        page = self.start
        page.sample_wanted.connect(lambda: self._later("sample"))
        page.new_wanted.connect(lambda: self._later("new"))
        page.open_wanted.connect(lambda: self._later("open"))
        page.files_wanted.connect(lambda: self._later("import"))
        page.recent_wanted.connect(lambda path: self.open_path(Path(path)))
        page.recent_forgotten.connect(self._forget)

    def _early_handlers(self) -> dict[str, Callable[[], object]]:
        """Handlers by command. Those of the workbench are looked up when they are used."""
        own: dict[str, Callable[[], object]] = {
            "quit": self.close,
            "fullscreen": self._toggle_full_screen,
        }
        deferred = (
            "new", "open", "sample", "save", "save_as", "import", "page", "table", "close",
            "undo", "redo", "copy_map", "copy_table", "select_all", "select_invert",
            "select_none", "filter", "commands", "zoom_in", "zoom_out", "zoom_all",
            "zoom_selection", "show_table", "refresh", "reset_layout", "back", "forward", "play",
            "balance", "select_by", "compare_maps", "series", "profile", "help", "diagnostics",
            "about",
        )  # fmt: skip
        return {name: (lambda name=name: self._later(name)) for name in deferred} | own

    def _build_choices(self) -> None:
        """Submenus: recent projects, appearance, language."""
        file_menu, view_menu = self.actions_.menus["file"], self.actions_.menus["view"]
        self.recent_menu = QMenu(_("Recent projects"), self)
        file_menu.insertMenu(self.actions_["save"], self.recent_menu)
        view_menu.addSeparator()
        looks = view_menu.addMenu(_("Appearance"))
        self._looks = QActionGroup(self)
        for scheme, title in (
            (Scheme.SYSTEM, _("As the system")),
            (Scheme.LIGHT, _("Light")),
            (Scheme.DARK, _("Dark")),
        ):
            action = looks.addAction(title)
            action.setCheckable(True)
            action.setChecked(scheme is self.theme.scheme)
            action.triggered.connect(lambda _on=False, s=scheme: self.use_scheme(s))
            self._looks.addAction(action)
        languages = view_menu.addMenu(_("Language"))
        self._languages = QActionGroup(self)
        for code, title in (("de", "Deutsch"), ("en", "English")):
            action = languages.addAction(title)
            action.setCheckable(True)
            action.setChecked(code == LANGUAGE.code)
            action.triggered.connect(lambda _on=False, c=code: self._use_language(c))
            self._languages.addAction(action)

    def _use_language(self, code: str) -> None:
        self.settings.language = code
        self.settings.save()
        self.say(_("The language changes at the next start."))

    def add_page(self, key: str, picture: str, title: str, page: QWidget) -> None:
        self.pages.addWidget(page)
        self._by_key[key] = page
        self.rail.add(key, picture, title)

    def add_bar(self, bar: QWidget) -> None:
        """Put the context bar above everything."""
        self._column.insertWidget(0, bar)

    def show_page(self, key: str) -> None:
        self.rail.check(key)
        self.pages.setCurrentWidget(self._by_key[key])
        self._by_key[key].setFocus()
        if self.workbench is not None:
            self.workbench.page_shown(key)

    @property
    def page(self) -> str:
        shown = self.pages.currentWidget()
        return next(key for key, page in self._by_key.items() if page is shown)

    # loading ---------------------------------------------------------------------------------

    def load(self) -> None:
        """Begin to load what the workspaces need; returns at once."""
        self.jobs.facts.setText(_("Loading …"))
        self.loader.start()

    def _attach(self) -> None:
        from monitor_app.ui.workbench import Workbench

        self.jobs.facts.clear()
        self.workbench = Workbench(self)
        if self._waiting:
            QApplication.restoreOverrideCursor()
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call(self.workbench)

    def _cannot_load(self, library: str) -> None:
        self.jobs.showMessage(_("A part of the program is missing: {name}").format(name=library))

    def when_ready(self, call: Callable[[Workbench], None]) -> None:
        """Call now, or as soon as everything is loaded."""
        if self.workbench is not None:
            call(self.workbench)
            return
        if not self._waiting:
            QApplication.setOverrideCursor(Qt.CursorShape.BusyCursor)
        self._waiting.append(call)

    def _later(self, command: str) -> None:
        self.when_ready(lambda bench: bench.run(command))

    # what the workbench and others use -------------------------------------------------------

    def open_path(self, path: Path) -> None:
        """Open a project, or import a file into the open one."""
        self.when_ready(lambda bench: bench.open_paths([path]))

    def open_sample(self) -> None:
        """Open the sample town as soon as everything is loaded."""
        self._later("sample")

    def say(self, text: str) -> None:
        """A short message about something that worked."""
        self.jobs.showMessage(text, MESSAGE_MS)

    def show_issues(self, title: str, issues: Sequence[Issue]) -> None:
        """What went wrong, as a table; not modal for the program, only for this window."""
        from monitor_app.ui.issues import IssueDialog

        dialog = IssueDialog(self.theme, title, issues, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_recent(self) -> None:
        from monitor_app.ui.thumbnails import thumbnail_path

        recent = self.settings.recent
        self.start.set_recent(recent, {path: thumbnail_path(path) for path in recent})
        self.recent_menu.clear()
        for path in recent:
            action = self.recent_menu.addAction(Path(path).stem.replace("&", "&&"))
            action.setToolTip(path)
            action.triggered.connect(lambda _on=False, p=path: self.open_path(Path(p)))
        self.recent_menu.setEnabled(bool(recent))

    def _forget(self, path: str) -> None:
        self.settings.forget(path)
        self.settings.save()
        self.show_recent()

    def use_scheme(self, scheme: Scheme) -> None:
        """Switch between light, dark, and what the desktop says; kept for the next start."""
        self.settings.theme = scheme.value
        self.settings.save()
        self.theme.scheme = scheme
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.theme.apply(app)
        self.actions_.draw_icons()
        self.rail.draw_icons()

    # files dropped ---------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.start.set_drop_active(True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self.start.set_drop_active(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.start.set_drop_active(False)
        paths = [Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.when_ready(lambda bench: bench.open_paths(paths))

    # window ----------------------------------------------------------------------------------

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.actions_["fullscreen"].setChecked(self.isFullScreen())

    def _restore_geometry(self) -> None:
        stored = self.settings.window.get("geometry", "")
        if not stored or not self.restoreGeometry(QByteArray(b64decode(stored))):
            available = self.screen().availableGeometry()
            self.resize(min(1440, available.width() - 40), min(900, available.height() - 60))

    def keep_geometry(self) -> None:
        self.settings.window["geometry"] = b64encode(self.saveGeometry().data()).decode()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if (
            event.type() is QEvent.Type.ActivationChange
            and self.isActiveWindow()
            and self.workbench is not None
        ):
            self.workbench.flow.watch()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.workbench is not None and not self.workbench.may_close(self.close):
            event.ignore()
            return
        self.keep_geometry()
        if self.workbench is not None:
            self.workbench.flow.stop()
            self.workbench.shutdown()
        self.loader.shutdown()
        if self._waiting:
            self._waiting.clear()
            QApplication.restoreOverrideCursor()
        self.jobs.shutdown()
        self.settings.save()
        event.accept()
