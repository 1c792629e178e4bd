"""The workspace “Profile”: follows the selected area, saves sheets, keeps the key figures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from monitor_app.app.areaprofile import Profiles
from monitor_app.app.profilefiles import write_sheets
from monitor_app.app.profilekeys import keys_for, store_keys
from monitor_app.app.session import Event
from monitor_app.core.i18n import _, ngettext
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.core.selection import SelectionChange
from monitor_app.reports.page import SheetLayout
from monitor_app.reports.profilesheet import file_stem
from monitor_app.reports.profilesheet_spec import AreaProfile
from monitor_app.ui.chartmenu import ChartMenu
from monitor_app.ui.forecastroom import Place
from monitor_app.ui.profilefigures import FiguresDialog
from monitor_app.ui.sheetform import remember

if TYPE_CHECKING:
    from monitor_app.cartography.chartkinds import AnyChart
    from monitor_app.ui.chartview import ChartView
    from monitor_app.ui.profilepage import ProfilePage
    from monitor_app.ui.workbench import Workbench

PROFILE = "profile"


def _chart_of(view: ChartView) -> AnyChart | None:
    return view.spec


class ProfileRoom(QObject):
    """Belongs to a workbench; builds its page and computes only when it is looked at."""

    key, icon = PROFILE, "profile"

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.title = _("Profile")
        self.bench = bench
        self.session = bench.session
        self.page = Place()
        self.inner: ProfilePage | None = None
        self._profiles: Profiles | None = None
        self._number = 0
        self._wanted = ""
        self.page.appeared.connect(self._appear)
        self._unsubscribe = [
            self.session.subscribe(self._heard),
            self.session.selection.subscribe(self._selection_changed),
        ]

    def _appear(self) -> None:
        if self.inner is None:
            from monitor_app.ui.profilepage import ProfilePage

            page = self.inner = ProfilePage(self.bench.theme, self.session.selection)
            page.area_chosen.connect(lambda key: self.session.selection.set((key,)))
            page.shown_wanted.connect(lambda key: self.bench.maproom.go(indicator=key))
            page.figures_wanted.clicked.connect(self.choose_figures)
            menu = QMenu(page.sheet)
            menu.addAction(_("Sheet of this area …"), self.save_one)
            menu.addAction(_("Sheets of all areas as one PDF …"), self.save_all)
            menu.addAction(_("Sheets of all areas in a folder …"), self.save_folder)
            page.sheet.setMenu(menu)
            for view in (page.pyramid, *page.lines):
                chart = ChartMenu(self.bench, partial(_chart_of, view), view)
                view.menu_wanted.connect(chart.open_at)
            self.page.put(page)
        self.refresh()

    # following -----------------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        if event is Event.SAVED:
            return
        self._profiles = None
        self._forget()
        if self.page.isVisible():
            self.refresh()

    def _forget(self) -> None:
        """No profile is waited for any more."""
        self._wanted = ""
        self._number += 1

    def _selection_changed(self, change: SelectionChange) -> None:
        if (change.added or change.removed) and self.page.isVisible():
            self.refresh()

    def _current(self) -> str | None:
        """The area to show: the one selected last."""
        keys = self.session.selection.keys
        return keys[-1] if keys else None

    def refresh(self) -> None:
        """Compute and show the profile of the selected area, in the background."""
        page, session = self.inner, self.session
        if page is None:
            return
        if not session.has_project or not session.view.level:
            page.set_areas((), None)
            page.show_words(_("Import boundaries and numbers first."))
            return
        view = session.view
        if self._profiles is None:
            self._profiles = Profiles(
                session, view.level, day=view.day, shown=view.indicator,
                carried=view.carried, scenario=view.scenario,
            )  # fmt: skip
        profiles, key = self._profiles, self._current()
        names = session.names(view.level)
        page.set_areas([(k, names.get(k, k)) for k in profiles.keys], key)
        if key is None or key not in profiles.keys:
            page.show_words(_("Choose an area: in the list above, on the map or in the table."))
            self._forget()
            return
        if self._wanted == key:
            return
        self._wanted = key
        self._number += 1
        number = self._number

        def done(profile: AreaProfile) -> None:
            if number == self._number and self.inner is not None:
                self.inner.show_profile(profile)

        def failed(error: UserError) -> None:
            if number == self._number and self.inner is not None:
                issue = error.issues[0]
                self.inner.show_words("\n\n".join(t for t in (issue.message, issue.repair) if t))

        self.bench.job(
            _("Profile of {name}").format(name=names.get(key, key)),
            lambda _progress: profiles.profile(key), done, failed=failed,
        )  # fmt: skip

    # figures -------------------------------------------------------------------------------

    def choose_figures(self) -> None:
        """Ask for the key figures; they are kept in the project."""
        level = self.session.view.level

        def work(_progress: Progress) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
            ready = [c.definition for c in self.session.choices(level) if c.ready]
            return [(d.id, d.name.shown) for d in ready], keys_for(self.session, level)

        def ask(found: tuple[list[tuple[str, str]], tuple[str, ...]]) -> None:
            dialog = FiguresDialog(*found, parent=self.page)
            dialog.chosen.connect(self._take_figures)
            dialog.open()

        self.bench.job(_("Looking at the indicators"), work, ask)

    def _take_figures(self, keys: Sequence[str]) -> None:
        self.bench.job(
            _("Choose the key figures of the profile"),
            lambda _progress: store_keys(self.session, keys),
            lambda _none: self.session.announce(Event.DATA),
            changes=True,
        )

    # files ---------------------------------------------------------------------------------

    def save_one(self) -> None:
        profile = self.inner.profile if self.inner is not None else None
        if profile is None:
            return
        kinds = ("PDF (*.pdf)", "SVG (*.svg)", "PNG (*.png)")
        start = self.session.project.path.parent / f"{file_stem(profile)}.pdf"
        path, kind = QFileDialog.getSaveFileName(
            self.page, _("Save sheet"), str(start), ";;".join(kinds)
        )
        if path:
            target = Path(path)
            if not target.suffix:
                ending = {k: k.split("*")[1].rstrip(")") for k in kinds}.get(kind, ".pdf")
                target = target.with_name(target.name + ending)
            self.write((profile.key,), target)

    def save_all(self) -> None:
        view = self.session.view
        start = self.session.project.path.parent / f"{_('Profiles')}_{view.level}.pdf"
        path, _kind = QFileDialog.getSaveFileName(
            self.page, _("Save sheets"), str(start), "PDF (*.pdf)"
        )
        if path:
            target = Path(path)
            if target.suffix.lower() != ".pdf":
                target = target.with_name(target.name + ".pdf")
            self.write((), target)

    def save_folder(self) -> None:
        start = str(self.session.project.path.parent)
        path = QFileDialog.getExistingDirectory(self.page, _("Folder for the sheets"), start)
        if path:
            self.write((), Path(path))

    def write(self, keys: Sequence[str], target: Path) -> None:
        """Write sheets in the background; all areas where no key is named."""
        profiles = self._profiles
        if profiles is None:
            return
        layout = SheetLayout(office=self.session.settings.office)
        window, bench, project = self.bench.window_, self.bench, self.session.project

        def done(written: Sequence[Path]) -> None:
            remember(bench, project, profiles.shown, target.name, profiles.level, profiles.day)
            if len(written) == 1:
                window.say(_("Written: {path}").format(path=written[0]))
            else:
                text = ngettext("{count} file written", "{count} files written", len(written))
                window.say(text.format(count=len(written)))

        self.bench.job(
            _("Writing {name}").format(name=target.name),
            lambda progress: write_sheets(profiles, keys, target, layout, progress=progress),
            done,
        )

    # the workbench -------------------------------------------------------------------------

    def tools(self) -> Sequence[QWidget]:
        return () if self.inner is None else (self.inner,)

    def shutdown(self) -> None:
        for end in self._unsubscribe:
            end()
        self._unsubscribe = []
        if self.inner is not None:
            self.inner.shutdown()
