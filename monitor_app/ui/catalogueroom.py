"""The workspace of indicators: tree, sheet, editor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from monitor_app.app.definitions import (
    KIND,
    check_text,
    remove_definition,
    store_text,
    variables_of,
)
from monitor_app.app.explain import explain, explanation
from monitor_app.app.session import Choice, Event
from monitor_app.app.usedefinitions import handed_words
from monitor_app.core.areas import CITY
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.definitions import IndicatorDef
from monitor_app.indicators.engine import Engine
from monitor_app.indicators.parser import CALLABLE
from monitor_app.indicators.units import shipped_units
from monitor_app.indicators.vocabulary import shipped_variables
from monitor_app.ui.cataloguetree import CatalogueTree
from monitor_app.ui.indicatoreditor import IndicatorEditor
from monitor_app.ui.indicatorsheet import IndicatorSheet
from monitor_app.ui.theme import Theme

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench

CATALOGUE = "catalogue"
FILES = "YAML (*.yaml *.yml)"
TEMPLATE = """id: neue_kennzahl
name: {de: "Neue Kennzahl", en: "New indicator"}
description: {de: "", en: ""}
topic: demography
unit: percent
formula: 100 * pop(age >= 65) / pop()
direction: neutral
precision: 1
"""


class CataloguePage(QWidget):
    """Tree at the left, sheet or editor at the right."""

    appeared = Signal()
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree = CatalogueTree()
        self.sheet = IndicatorSheet()
        self.editor = IndicatorEditor(theme)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.sheet)
        self.stack.addWidget(self.editor)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(self.tree)
        split.addWidget(self.stack)
        split.setStretchFactor(1, 1)
        split.setSizes([360, 900])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        self.setFocusProxy(self.tree.search)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.appeared.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.left.emit()


class CatalogueRoom(QObject):
    """Belongs to a workbench; does nothing until its page is looked at."""

    key, icon = CATALOGUE, "catalogue"

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.title = _("Indicators")
        self._bench = bench
        self.session = bench.session
        self.page = CataloguePage(bench.theme)
        self.current = ""
        self._choices: dict[str, Choice] = {}
        self._stale = True
        self._loading = False
        self._preview: Engine | None = None
        self._computing = False
        self._text = ""
        self._connect()
        self._unsubscribe = self.session.subscribe(self._heard)

    def _connect(self) -> None:
        page = self.page
        page.appeared.connect(self.refresh)
        page.left.connect(page.editor.stop)
        page.tree.chosen.connect(self.show)
        page.tree.new.connect(lambda: self.edit(TEMPLATE))
        sheet, editor = page.sheet, page.editor
        sheet.explain.connect(self.explain)
        sheet.show_map.connect(self._to_map)
        sheet.favour.connect(self._favour)
        sheet.copy.connect(self._copy)
        sheet.change.connect(self._change)
        editor.edited.connect(self._check)
        editor.save.connect(self._save)
        editor.remove.connect(self._remove)
        editor.leave.connect(lambda: self.show(self.current))
        editor.export.connect(self._write)
        editor.load.connect(self._read)

    def _heard(self, event: Event) -> None:
        if event not in (Event.PROJECT, Event.DATA, Event.VIEW):
            return
        self._stale = True
        if event is not Event.VIEW:
            self._preview = None
        if event is Event.PROJECT:
            self.current = ""
            self.page.editor.stop()
            self.page.stack.setCurrentWidget(self.page.sheet)
        if self.page.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Find out what the project can compute, if something changed since."""
        session = self.session
        if not session.has_project or not self._stale or self._loading:
            return
        self._loading = True
        level = session.view.level or CITY

        def done(choices: tuple[Choice, ...]) -> None:
            self._loading = self._stale = False
            self._choices = {c.definition.id: c for c in choices}
            if self.current not in self._choices:
                self.current = session.view.indicator
            self._list()
            if self.page.stack.currentWidget() is self.page.sheet:
                self.show(self.current)

        def over(_error: UserError | None = None) -> None:
            self._loading = False

        self._bench.job(
            _("Looking at the indicators"), lambda _progress: session.choices(level), done,
            failed=over, cancelled=over,
        )  # fmt: skip

    def _own(self) -> dict[str, str]:
        return dict(self.session.project.documents(KIND))

    def _list(self) -> None:
        self.page.tree.set_choices(
            tuple(self._choices.values()), self.session.settings.favourites, self._own(),
            self.current,
        )  # fmt: skip

    # sheet -----------------------------------------------------------------------------------

    def show(self, indicator: str) -> None:
        """Show the sheet of an indicator."""
        choice = self._choices.get(indicator)
        if choice is None:
            return
        self.current = indicator
        self.page.editor.stop()
        starred = indicator in self.session.settings.favourites
        handed = handed_words(self.session, indicator)
        self.page.sheet.show_choice(choice, self.session.catalogue, starred, handed)
        self.page.sheet.edit.setEnabled(not self.session.project.read_only)
        self.page.stack.setCurrentWidget(self.page.sheet)

    def explain(self) -> None:
        """How the value of the selected area (or of the city) came about."""
        session, indicator = self.session, self.current
        keys = session.selection.keys
        level, area = (session.view.level, keys[-1]) if keys else (CITY, CITY)
        wanted, scenario = session.view.day, session.view.scenario

        def work(_progress: Progress) -> str:
            table = session.series(indicator, level, scenario=scenario)
            days = table.dates
            if not days:
                return _("No values: {missing}").format(missing="; ".join(table.missing_inputs))
            day = days[-1] if wanted is None else min(days, key=lambda d: abs(d - wanted))
            trace = explain(session, indicator, level, area, day, scenario=scenario)
            return explanation(session, trace)

        def done(text: str) -> None:
            if self.current == indicator:
                self.page.sheet.add_explanation(text)

        self._bench.job(_("Looking for the numbers behind it"), work, done, changes=True)

    def _to_map(self) -> None:
        self._bench.window_.show_page("map")
        self._bench.change_view(indicator=self.current)

    def _favour(self, on: bool) -> None:
        settings = self.session.settings
        others = [i for i in settings.favourites if i != self.current]
        settings.favourites = [*others, self.current] if on else others
        settings.save()
        self.page.sheet.set_favourite(on)
        self._list()
        self._bench.favourites_changed()

    # editor ----------------------------------------------------------------------------------

    def edit(self, text: str) -> None:
        """Open the editor with a text."""
        names = [f"{name}()" for name in CALLABLE]
        names += [f'variable("{key}")' for key in sorted(self._variables())]
        names += list(self._choices)
        names += ["age", "sex", "group", *shipped_units(), "higher_better", "lower_better"]
        names += ["recompute", "weighted", "minimum_base", "description", "interpretation"]
        self.page.stack.setCurrentWidget(self.page.editor)
        self.page.editor.begin(text, list(dict.fromkeys(names)), self._is_own(text))

    def _is_own(self, text: str) -> bool:
        """Whether a text is kept in the project as it stands."""
        return text in self._own().values()

    def _variables(self) -> set[str]:
        return {*shipped_variables(), *variables_of(self.session)}

    def _copy(self) -> None:
        definition = self._choices[self.current].definition
        name = f"{definition.id[:50]}_kopie"
        number = 2
        while name in self._choices:
            name, number = f"{definition.id[:50]}_kopie{number}", number + 1
        title = _("{name} – copy").format(name=definition.name.shown)
        self.edit(
            definition_text(definition, id=name, name={"de": title, "en": title}, tests=None,
                            number=None)
        )  # fmt: skip

    def _change(self) -> None:
        own = self._own()
        definition = self._choices[self.current].definition
        self.edit(own.get(self.current) or definition_text(definition))

    def _check(self, text: str) -> None:
        """Findings at once; values as soon as the definition is sound."""
        if not self.session.has_project or self._bench.locked:
            return
        self._text = text
        checked = check_text(self.session, text, _("Editor"))
        writable = not self.session.project.read_only
        self.page.editor.show_issues(checked.issues, checked.sound, writable)
        if checked.sound and checked.definitions:
            self._compute(text, checked.definitions[0].definition)

    def _compute(self, text: str, definition: IndicatorDef) -> None:
        if self._computing:
            return  # the running one looks afterwards whether the text has changed
        session = self.session
        level = session.view.level or CITY
        catalogue = session.catalogue.with_documents({_("Editor"): text})
        if self._preview is None:
            self._preview = Engine(session.areas, session.project, catalogue)
        engine = self._preview
        self._computing = True

        def work(_progress: Progress) -> IndicatorTable:
            engine.catalogue = catalogue
            return engine.compute(definition.id, level)

        def over(_error: UserError | None = None) -> None:
            self._computing = False

        def done(table: IndicatorTable) -> None:
            over()
            if self.page.stack.currentWidget() is not self.page.editor:
                return
            if self._text != text:
                self._check(self._text)
            else:
                self.page.editor.show_preview(table, session.names(level))

        self._bench.job(_("Computing the preview"), work, done, failed=over, cancelled=over)

    def _save(self) -> None:
        text, session = self.page.editor.text.toPlainText(), self.session

        def done(added: Any) -> None:
            self.current = added.ids[0]
            self.page.stack.setCurrentWidget(self.page.sheet)
            self._bench.window_.say(_("Kept in the project: {name}").format(name=self.current))
            session.announce(Event.DATA)

        self._bench.job(
            _("Keeping the definition"), lambda _p: store_text(session, text, _("Editor")), done,
            changes=True,
        )  # fmt: skip

    def _remove(self) -> None:
        session, name = self.session, self.current

        def done(_none: None) -> None:
            self.page.stack.setCurrentWidget(self.page.sheet)
            session.announce(Event.DATA)

        self._bench.job(
            _("Removing the definition"), lambda _p: remove_definition(session, name), done,
            changes=True,
        )  # fmt: skip

    # files -----------------------------------------------------------------------------------

    def _write(self) -> None:
        folder = self.session.settings.last_folder
        found = Catalogue().with_documents([self.page.editor.text.toPlainText()]).ids
        start = str(Path(folder) / f"{found[0] if found else 'kennzahl'}.yaml")
        name, _kind = QFileDialog.getSaveFileName(
            self.page, _("Write the definition to a file"), start, FILES
        )
        if name:
            self.write_file(Path(name))

    def write_file(self, path: Path) -> None:
        """Write the text of the editor to a file."""
        try:
            path.write_text(self.page.editor.text.toPlainText(), encoding="utf-8")
        except OSError:
            self.page.editor.say(_("The file could not be written."), "error")
        else:
            self._bench.window_.say(_("Written: {file}").format(file=path.name))

    def _read(self) -> None:
        name, _kind = QFileDialog.getOpenFileName(
            self.page, _("Read a definition from a file"), self.session.settings.last_folder, FILES
        )
        if name:
            self.read_file(Path(name))

    def read_file(self, path: Path) -> None:
        """Open a file in the editor; nothing is kept yet."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            self.page.editor.say(_("The file could not be read as text in UTF-8."), "error")
        else:
            self.edit(text)

    def tools(self) -> tuple[QWidget, ...]:
        """Widgets that are switched off while the project changes."""
        return (self.page,)

    def shutdown(self) -> None:
        self._unsubscribe()
        self.page.editor.stop()


def definition_text(definition: IndicatorDef, **changes: Any) -> str:
    """A definition as YAML; ``changes``: entries to replace, None to leave out."""
    content = definition.model_dump(mode="json", by_alias=True, exclude_defaults=True) | changes
    kept = {key: value for key, value in content.items() if value is not None}
    return str(yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=96))
