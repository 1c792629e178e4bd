"""Step “assumptions”: horizon, variant, scenarios, housing; expert matters one level deeper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.forecasting_base_years import without_rates
from monitor_app.app.forecasting_housing import type_names
from monitor_app.app.forecasting_town import Town
from monitor_app.app.forecastspecs import DRAWS, Preset, spec_name, variant_names
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import Issue
from monitor_app.forecast.spec import ForecastSpec
from monitor_app.ui.forecastexpert import ExpertPanel, error_label, housing_table
from monitor_app.ui.forecastparts import EDGE, Section, caption, label, roomy, scrolling
from monitor_app.ui.forecastscenarios import ScenarioEditor
from monitor_app.ui.forecasttable import EditTable
from monitor_app.ui.forecasttypes import DwellingTypes
from monitor_app.ui.forecastusual import UsualHousing
from monitor_app.ui.forecastyears import BaseYearsPage
from monitor_app.ui.theme import Theme

#: Entries of a housing project that the table does not show.
_NO_COLUMNS = {"delay_spread"}


class AssumeStep(QWidget):
    """``changed``: entries of the specification by name; ``preset_chosen``: key of a preset."""

    changed = Signal(dict)
    preset_chosen = Signal(str)
    next_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._spec: ForecastSpec | None = None
        self._first = 0
        self._choices: tuple[tuple[tuple[str, str], ...], ...] = ()
        self.name = QLineEdit()
        self.preset = QComboBox()
        self.end = roomy(QSpinBox())
        self.variant = QComboBox()
        self.draws = QComboBox()
        self.errors = {key: error_label() for key in ("years", "variant", "draws", "level", "")}
        self.scenarios = ScenarioEditor(theme)
        self.housing: EditTable | None = None
        self.planned = QCheckBox(_("also the projects that the project file keeps"))
        self.usual = UsualHousing()
        self.types = DwellingTypes(theme)
        self.years = BaseYearsPage(theme)
        self.expert = ExpertPanel(theme)
        self.next = QPushButton(_("Continue with the computation"))
        self.next.setProperty("role", "primary")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("role", "panel")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(EDGE, EDGE, EDGE, EDGE)
        column.setSpacing(16)
        basics = Section(_("How far, and what changes?"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        for text, value in (
            (_("none"), DRAWS[0]),
            (_("{draws} draws (for a look)").format(draws=format_number(DRAWS[1])), DRAWS[1]),
            (_("{draws} draws (to publish)").format(draws=format_number(DRAWS[2])), DRAWS[2]),
        ):
            self.draws.addItem(text, value)
        for variant, (text, about) in variant_names().items():
            self.variant.addItem(text, variant.value)
            self.variant.setItemData(self.variant.count() - 1, about, Qt.ItemDataRole.ToolTipRole)
        for n, (title, widget, key) in enumerate(
            (
                (_("Last year"), self.end, "years"),
                (_("What changes"), self.variant, "variant"),
                (_("Probable ranges"), self.draws, "draws"),
                (_("Name of the forecast"), self.name, "name"),
                (_("Presets"), self.preset, "preset"),
            )
        ):
            widget.setAccessibleName(title)
            widget.setMinimumWidth(96)
            grid.addWidget(caption(title), 0, n)
            grid.addWidget(widget, 1, n)
            if key in self.errors:
                grid.addWidget(self.errors[key], 2, n)
        for n, share in enumerate((1, 3, 3, 2, 2)):
            grid.setColumnStretch(n, share)
        basics.column.addLayout(grid)
        basics.column.addWidget(self.errors["level"])
        basics.column.addWidget(self.errors[""])
        column.addWidget(basics)
        scenarios = Section(
            _("Scenarios"),
            _("100 per cent are the rates of the base years. A factor holds from its year on."),
        )
        scenarios.column.addWidget(self.scenarios)
        column.addWidget(scenarios)
        self.projects = Section(_("Housing projects"), folded=True)
        self.projects.column.addWidget(
            label(
                _("New dwellings draw people: some from inside the town, some from outside."),
                "small",
            )
        )
        self.planned.setToolTip(_("Projects that were imported with dwellings and years"))
        self.projects.column.addWidget(self.planned)
        self.projects.column.addWidget(self.usual)
        column.addWidget(self.projects)
        self.past = Section(_("Base years and their weights"), folded=True)
        self.past.column.addWidget(self.years)
        column.addWidget(self.past)
        self.deeper = Section(_("For experts"), folded=True)
        self.deeper.column.addWidget(self.expert)
        column.addWidget(self.deeper)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setContentsMargins(EDGE, 8, EDGE, 12)
        row.addStretch(1)
        row.addWidget(self.next)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scrolling(inside), 1)
        outer.addLayout(row)

    def _connect(self) -> None:
        self.end.editingFinished.connect(self._end)
        self.variant.activated.connect(
            lambda: self.changed.emit({"variant": self.variant.currentData(), "components": {}})
        )
        self.draws.activated.connect(lambda: self.changed.emit({"draws": self.draws.currentData()}))
        self.name.editingFinished.connect(self._rename)
        self.preset.activated.connect(self._preset)
        self.scenarios.changed.connect(lambda rows: self.changed.emit({"scenarios": rows}))
        self.planned.clicked.connect(lambda on: self.changed.emit({"planned_housing": on}))
        self.usual.changed.connect(self.changed)
        self.types.changed.connect(self.changed)
        self.years.changed.connect(self.changed)
        self.expert.changed.connect(self.changed)
        self.next.clicked.connect(self.next_wanted)

    # showing ---------------------------------------------------------------------------------

    def show_spec(
        self, spec: ForecastSpec, town: Town | None, years: Sequence[int],
        areas: Sequence[tuple[str, str]], presets: Sequence[Preset],
        planned: bool = False,
    ) -> None:  # fmt: skip
        """``years``: all stocks of the data; ``town``: as known at the base; ``areas``: key and
        name of each area of the level; ``planned``: the project keeps planned housing."""
        last = spec.base or (town.years[-1] if town is not None else (years[-1] if years else 0))
        self._spec, self._first = spec, last + 1
        for field, text in ((self.name, spec_name(spec)),):
            if field.text() != text:
                field.setText(text)
        with QSignalBlocker(self.end):
            self.end.setRange(last + 1, last + 100)
            self.end.setValue(last + spec.years)
            self.end.setSingleStep(5 if spec.age_step == "five" else 1)
        self.variant.setCurrentIndex(self.variant.findData(spec.variant.value))
        at = self.draws.findData(spec.draws)
        if at < 0:
            self.draws.addItem(
                _("{draws} draws").format(draws=format_number(spec.draws)), spec.draws
            )
            at = self.draws.count() - 1
        self.draws.setCurrentIndex(at)
        self.preset.clear()
        self.preset.addItem(_("Choose a preset …"), "")
        for preset in presets:
            self.preset.addItem(preset.name, preset.key)
            self.preset.setItemData(
                self.preset.count() - 1, preset.about, Qt.ItemDataRole.ToolTipRole
            )
        idle = frozenset() if town is None else without_rates(town)
        self.scenarios.show_spec(spec, self._first, planned, idle)
        self._show_housing(spec, areas)
        self.years.show_spec(spec, town, years)
        assert self.past.head is not None
        self.past.head.setText(self.years.title(spec))
        self.expert.show_spec(spec, town, areas)
        self.show_errors(())

    def _show_housing(self, spec: ForecastSpec, areas: Sequence[tuple[str, str]]) -> None:
        # A type that nobody knows any more stays what it is until another one is chosen.
        known = {**{p.type: p.type for p in spec.housing if p.type}, **type_names(spec)}
        choices = (tuple(areas), tuple(sorted(known.items(), key=lambda t: t[1].casefold())))
        if self.housing is None or self._choices != choices:
            self._choices = choices
            if self.housing is not None:
                self.housing.hide()
                self.housing.deleteLater()
            self.housing = housing_table(self._theme, *choices)
            self.housing.changed.connect(self._projects)
            self.projects.column.addWidget(self.housing)
            self.projects.column.addWidget(self.types)
        self.housing.show_rows([p.model_dump(exclude=_NO_COLUMNS) for p in spec.housing])
        self.types.show_spec(spec)
        self.planned.setChecked(spec.planned_housing)
        self.usual.show_spec(spec)
        head = self.projects.head
        assert head is not None
        count = len(spec.housing)
        head.setText(
            _("Housing projects ({count})").format(count=count) if count else
            _("Housing projects")
        )  # fmt: skip

    def show_errors(self, issues: Sequence[Issue]) -> None:
        """What the specification refuses, each at its field; what has no field, above all."""
        found: dict[str, str] = {}
        for issue in issues:
            entry = (issue.column or "").partition(".")[0]
            text = issue.message if issue.repair is None else f"{issue.message} {issue.repair}"
            found[entry] = f"{found[entry]} {text}" if entry in found else text
        fields = {*self.errors, *self.years.errors, *self.expert.errors, *self.expert.trends.errors,
                  "scenarios", "housing", "dwelling_types", "usual_housing", "targets", "bounds",
                  "attractiveness", *self.expert.extras.tables}  # fmt: skip
        rest = [text for entry, text in found.items() if entry not in fields]
        if rest:
            found[""] = " ".join(text for text in (found.get("", ""), *rest) if text)
        for entry, where in (self.errors | self.years.errors).items():
            where.setText(found.get(entry, ""))
            where.setVisible(bool(where.text()))
        self.expert.show_errors(found)
        self.scenarios.say(found.get("scenarios", ""))
        self.types.say(found.get("dwelling_types", ""))
        self.usual.say(found.get("usual_housing", ""))
        if self.housing is not None:
            self.housing.say(found.get("housing", ""))
        if any(e in found for e in self.years.errors):
            assert self.past.head is not None
            self.past.head.setChecked(True)
        deeper = {*self.expert.errors, *self.expert.trends.errors, "targets", "bounds",
                  "attractiveness", *self.expert.extras.tables}  # fmt: skip
        if deeper & found.keys():
            assert self.deeper.head is not None
            self.deeper.head.setChecked(True)

    # changing --------------------------------------------------------------------------------

    def _end(self) -> None:
        years = self.end.value() - self._first + 1
        if self._spec is not None and years != self._spec.years:
            self.changed.emit({"years": years})

    def _rename(self) -> None:
        if self._spec is not None and self.name.text().strip() != spec_name(self._spec):
            self.changed.emit({"name": self.name.text().strip()})

    def _projects(self, rows: list[dict[str, Any]]) -> None:
        """Rows keep what the table does not show of the project of their name, or, where one was
        renamed, of the project in their place."""
        assert self._spec is not None
        before = self._spec.housing
        more = {p.name: p.model_dump(include=_NO_COLUMNS) for p in before}
        if len(before) == len(rows):
            for project, row in zip(before, rows, strict=True):
                more.setdefault(row["name"], more[project.name])
        self.changed.emit({"housing": [{**more.get(r["name"], {}), **r} for r in rows]})

    def _preset(self) -> None:
        key = self.preset.currentData()
        if key:
            self.preset.setCurrentIndex(0)
            self.preset_chosen.emit(key)
