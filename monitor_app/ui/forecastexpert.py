"""Assumptions for experts: components, types of areas, targets, bounds, chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from monitor_app.app.forecasting_town import Town
from monitor_app.app.forecastspecs import part_names
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.forecast.defaults import countries, country_name
from monitor_app.forecast.spec import PERSONS_PER_DWELLING, SHARE_FROM_TOWN, ForecastSpec
from monitor_app.ui.forecastextras import ExtraTables
from monitor_app.ui.forecastgrids import TypeGrid
from monitor_app.ui.forecastparts import emptied, filled, label, roomy
from monitor_app.ui.forecasttable import (
    EditColumn,
    EditTable,
    number_from,
    share_from,
    share_text,
    whole_from,
    years_from,
    years_text,
)
from monitor_app.ui.forecasttrends import TrendsPage
from monitor_app.ui.theme import Theme

TOWN = ""  # the area of a target that stands for the whole town


def error_label() -> QLabel:
    made = label("", "error")
    made.hide()
    return made


class ExpertPanel(QWidget):
    """``changed``: entries of a specification by name. Fields show what is wrong beside them."""

    changed = Signal(dict)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._areas: tuple[tuple[str, str], ...] = ()
        self._spec: ForecastSpec | None = None
        self.errors: dict[str, QLabel] = {}
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self._components(), _("Components"))
        self.tabs.addTab(self._types(), _("Types of areas"))
        self.trends = TrendsPage()
        self.trends.changed.connect(self.changed)
        self.tabs.addTab(self.trends, _("Ages and trends"))
        self.targets_page, self.bounds_page, self.pull_page = QWidget(), QWidget(), QWidget()
        self.extras = ExtraTables(theme)
        self.extras.changed.connect(self.changed)
        for page, title in (
            (self.targets_page, _("Targets")),
            (self.bounds_page, _("Bounds")),
            (self.pull_page, _("Attractiveness")),
        ):
            QVBoxLayout(page).setContentsMargins(0, 8, 0, 0)
            self.tabs.addTab(page, title)
        for page, title in self.extras.pages():
            self.tabs.addTab(page, title)
        self.tabs.addTab(self._chance(), _("Chance"))
        for at in range(self.tabs.count()):
            tab = self.tabs.widget(at)
            assert tab is not None
            tab.setProperty("role", "panel")
        self.targets: EditTable | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)

    def _error(self, entry: str) -> QLabel:
        self.errors[entry] = error_label()
        return self.errors[entry]

    # building --------------------------------------------------------------------------------

    def _components(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 8, 0, 0)
        self.parts: dict[str, QCheckBox] = {}
        row = QHBoxLayout()
        for number, (key, name) in enumerate(part_names().items()):
            box = QCheckBox(name)
            box.clicked.connect(self._switch)
            self.parts[key] = box
            row.addWidget(box)
            if number % 3 == 2:
                row.addStretch(1)
                column.addLayout(row)
                row = QHBoxLayout()
        column.addWidget(self._error("components"))
        self.control = roomy(QSpinBox())
        self.control.setMaximumWidth(160)
        self.control.setRange(0, 100)
        self.control.setSuffix(" %")
        self.control.setAccessibleName(_("Weight of the shares of growth"))
        self.control.editingFinished.connect(
            lambda: self.changed.emit({"control": self.control.value() / 100})
        )
        self.country = QComboBox()
        self.country.setMaximumWidth(360)
        self.country.setAccessibleName(_("Country of default rates"))
        self.country.addItem(_("by the place of the project"), "auto")
        for code in countries():
            self.country.addItem(country_name(code), code)
        self.country.activated.connect(
            lambda: self.changed.emit({"country": self.country.currentData()})
        )
        form = QFormLayout()
        form.addRow(_("Totals of areas follow shares of growth by"), self.control)
        form.addRow("", self._error("control"))
        form.addRow(_("Country of default rates"), self.country)
        form.addRow("", self._error("country"))
        column.addLayout(form)
        column.addWidget(
            label(
                _("0 per cent: rates of each area alone. 100 per cent: each area keeps its part in"
                  " the growth of the town. “Looking back” tells which of the two was better"
                  " here."),
                "small",
            )
        )  # fmt: skip
        column.addStretch(1)
        return page

    def _types(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 8, 0, 0)
        self.kind = QComboBox()
        self.kind.setMaximumWidth(420)
        self.kind.setAccessibleName(_("Types of areas"))
        for text, value in (
            (_("none: each area for itself, pulled towards the town"), "none"),
            (_("automatic: areas with like rates"), "auto"),
            (_("by hand"), "hand"),
        ):
            self.kind.addItem(text, value)
        self.kind.activated.connect(self._choose_types)
        self.least = roomy(QSpinBox())
        self.least.setMaximumWidth(160)
        self.least.setRange(0, 1_000_000)
        self.least.setSingleStep(1000)
        self.least.setGroupSeparatorShown(True)
        self.least.setAccessibleName(_("Fewest people of a type"))
        self.least.editingFinished.connect(
            lambda: self.changed.emit({"minimum_population": self.least.value()})
        )
        form = QFormLayout()
        form.addRow(_("Areas that share rates"), self.kind)
        form.addRow(_("Fewest people of a type"), self.least)
        form.addRow("", self._error("minimum_population"))
        self.grid = TypeGrid()
        self.grid.changed.connect(lambda types: self.changed.emit({"types": types}))
        column.addLayout(form)
        column.addWidget(self.grid)
        column.addWidget(self._error("types"))
        column.addStretch(1)
        return page

    def _chance(self) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(0, 8, 0, 0)
        self.draws = roomy(QSpinBox())
        self.draws.setMaximumWidth(160)
        self.draws.setRange(0, 100_000)
        self.draws.setSingleStep(100)
        self.draws.setGroupSeparatorShown(True)
        self.draws.setAccessibleName(_("Number of draws"))
        self.draws.editingFinished.connect(lambda: self.changed.emit({"draws": self.draws.value()}))
        self.seed = QLineEdit()
        self.seed.setMaximumWidth(160)
        self.seed.setAccessibleName(_("Seed of the draws"))
        self.seed.editingFinished.connect(self._seed)
        form.addRow(_("Number of draws"), self.draws)
        form.addRow("", self._error("draws"))
        form.addRow(_("Seed of the draws"), self.seed)
        form.addRow("", self._error("seed"))
        form.addRow(label(_("The same seed gives the same numbers again."), "small"))
        return page

    def _tables(self) -> None:
        """Tables that offer areas; made anew where the areas are others."""
        for page in (self.targets_page, self.bounds_page, self.pull_page):
            emptied(page)
        area = EditColumn("area", _("Area"), choices=self._areas, width=200)
        whole = EditColumn(
            "area", _("Area"), choices=((TOWN, _("Town as a whole")), *self._areas), width=200
        )
        what = (
            ("population", _("Population")), ("births", _("Births")), ("deaths", _("Deaths")),
            ("arrivals", _("Moves in from outside")), ("departures", _("Moves out of the town")),
            ("net_migration", _("Net migration")),
        )  # fmt: skip
        self.targets = EditTable(
            self._theme, _("Targets"),
            (EditColumn("year", _("Year"), whole_from, needed=True, width=80),
             EditColumn("what", _("What"), choices=what, width=190),
             EditColumn("value", _("Persons"), number_from, needed=True), whole),
            _("Add a target"),
        )  # fmt: skip
        self.bounds = EditTable(
            self._theme, _("Bounds"),
            (area, EditColumn("lower", _("at least"), number_from),
             EditColumn("upper", _("at most"), number_from)),
            _("Add a bound"),
        )  # fmt: skip
        self.pull = EditTable(
            self._theme, _("Attractiveness"),
            (area, EditColumn("factor", _("Moves in, per cent of the rates"), share_from,
                              share_text, needed=True, width=220)),
            _("Add an area"),
        )  # fmt: skip
        self.targets.changed.connect(self._target_rows)
        self.bounds.changed.connect(
            lambda rows: self.changed.emit(
                {"bounds": {r["area"]: {k: v for k, v in r.items() if k != "area"} for r in rows}}
            )
        )
        self.pull.changed.connect(
            lambda rows: self.changed.emit(
                {"attractiveness": {r["area"]: r["factor"] for r in rows}}
            )
        )
        for page, table, text in (
            (self.targets_page, self.targets,
             _("Totals that the forecast shall meet, such as a forecast of the state.")),
            (self.bounds_page, self.bounds,
             _("Fewest and most people of an area: land that is full, for instance.")),
            (self.pull_page, self.pull,
             _("Areas that will draw more or fewer people than in the past.")),
        ):  # fmt: skip
            filled(page, text, table)

    # showing ---------------------------------------------------------------------------------

    def show_spec(
        self, spec: ForecastSpec, town: Town | None, areas: Sequence[tuple[str, str]]
    ) -> None:
        """``town``: as known at the base; ``areas``: key and name of each area of the level."""
        self._spec = spec
        self.trends.show_spec(spec, town)
        if tuple(areas) != self._areas or self.targets is None:
            self._areas = tuple(areas)
            self._tables()
        self.extras.show_spec(spec, self._areas)
        for spin, value in (
            (self.control, round(100 * spec.control)),
            (self.least, round(spec.minimum_population)), (self.draws, spec.draws),
        ):  # fmt: skip
            with QSignalBlocker(spin):
                spin.setValue(value)
        self.seed.setText(str(spec.seed))
        for key, box in self.parts.items():
            box.setChecked(spec.switched_on(key))
        self.country.setCurrentIndex(max(0, self.country.findData(spec.country)))
        kind = spec.types if isinstance(spec.types, str) else "hand"
        self.kind.setCurrentIndex(self.kind.findData(kind))
        self.grid.setVisible(kind == "hand")
        self.grid.show_types({} if isinstance(spec.types, str) else spec.types, self._areas)
        assert self.targets is not None
        self.targets.show_rows(
            [{"area": t.area or TOWN, "year": t.year, "what": t.what, "value": t.value}
             for t in spec.targets]
        )  # fmt: skip
        self.bounds.show_rows(
            [{"area": a} | ({"lower": b.lower} if b.lower else {})
             | ({} if b.upper is None else {"upper": b.upper}) for a, b in spec.bounds.items()]
        )  # fmt: skip
        self.pull.show_rows([{"area": a, "factor": f} for a, f in spec.attractiveness.items()])

    def show_errors(self, found: dict[str, str]) -> None:
        """Entry -> what is wrong with it, at its field."""
        self.trends.show_errors(found)
        for entry, where in self.errors.items():
            where.setText(found.get(entry, ""))
            where.setVisible(bool(where.text()))
        if self.targets is not None:
            for entry, table in (
                ("targets", self.targets), ("bounds", self.bounds), ("attractiveness", self.pull),
                *self.extras.tables.items(),
            ):  # fmt: skip
                table.say(found.get(entry, ""))

    # changing --------------------------------------------------------------------------------

    def _switch(self) -> None:
        if self._spec is None:
            return
        usual = self._spec.model_copy(update={"components": {}})
        self.changed.emit(
            {
                "components": {
                    key: box.isChecked()
                    for key, box in self.parts.items()
                    if box.isChecked() != usual.switched_on(key)
                }
            }
        )

    def _choose_types(self) -> None:
        kind = self.kind.currentData()
        self.grid.setVisible(kind == "hand")
        if kind != "hand":
            self.changed.emit({"types": kind})

    def _seed(self) -> None:
        text = self.seed.text().strip()
        value: Any = int(text) if text.isdigit() else text
        if self._spec is not None and value != self._spec.seed:
            self.changed.emit({"seed": value})

    def _target_rows(self, rows: list[dict[str, Any]]) -> None:
        self.changed.emit({"targets": [{**r, "area": r["area"] or None} for r in rows]})


def housing_table(
    theme: Theme, areas: Sequence[tuple[str, str]], types: Sequence[tuple[str, str]]
) -> EditTable:
    """New dwellings by project; the specification names the areas and the types by key."""
    told = _("Empty: as the type of dwelling says, without a type {usual}")
    return EditTable(
        theme, _("Housing projects"),
        (
            EditColumn("name", _("Project"), needed=True, width=96),
            EditColumn("area", _("Area"), choices=tuple(areas), width=150),
            EditColumn("dwellings", _("Dwellings by year"), years_from, years_text, needed=True,
                       width=158, tip=_("For instance 2026: 60; 2027: 40")),
            EditColumn("type", _("Type of dwelling"), choices=(("", _("not told")), *types),
                       width=232, tip=_("Tells how many people of which ages move in")),
            EditColumn("persons_per_dwelling", _("Persons each"), number_from, width=122,
                       tip=told.format(usual=format_number(PERSONS_PER_DWELLING, 1))),
            EditColumn("share_from_town", _("From the town"), share_from, share_text, width=96,
                       tip=_("Share of the first residents who move inside the town") + ". "
                       + told.format(usual=share_text(SHARE_FROM_TOWN))),
            EditColumn("probability", _("Probability"), share_from, share_text, width=74,
                       start=1.0),
            EditColumn("delay", _("Delay"), whole_from, width=60, tip=_("Delay in years"), start=0),
        ),
        _("Add a housing project"),
    )  # fmt: skip
