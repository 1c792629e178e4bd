"""The chart panels below the map: pyramid, relation, distribution, radar, change and moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton

from monitor_app.core.areas import CITY
from monitor_app.core.datasets import Origin
from monitor_app.core.formats import format_date
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.ui.chartpanel import ChartPanel
from monitor_app.ui.chartpick import CheckChooser, SideChooser, fill, ready_topics
from monitor_app.ui.tabledata import table_of

if TYPE_CHECKING:
    from monitor_app.app.session import Choice, Session
    from monitor_app.app.view import ViewState
    from monitor_app.cartography.mapspec import MapSpec
    from monitor_app.ui.mappage import Panel, Picture
    from monitor_app.ui.workbench import Workbench

AUTO, NONE, TOGETHER = "auto", "none", "together"
_DAY = "day:"  # before a date as the data of an entry


class PyramidPanel(ChartPanel):
    """Population by age and sex of the selected area or the town, beside another one."""

    follows_selection = True

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench, _("Population pyramid"))
        self.area = self.combo(_("Area of the bars"))
        self.day = self.combo(_("Date of the bars"))
        self.against = self.combo(_("Population of the line"))
        self.share = QCheckBox(_("in per cent"))
        self.share.setToolTip(_("Shares compare areas of different size"))
        self._wanted: bool | None = None  # in per cent or persons; None: as the areas ask for
        self.share.clicked.connect(self._share_clicked)
        self.add(self.share)
        self.finish()

    def show_picture(self, picture: Picture) -> None:
        spec = picture.spec
        areas = [(n, k) for k, n in zip(spec.keys, spec.names, strict=True)]
        fill(
            self.area,
            [
                (_("Selected area"), AUTO), (_("Selected areas together"), TOGETHER),
                (_("Town as a whole"), CITY), *areas,
            ], AUTO,
        )  # fmt: skip
        super().show_picture(picture)

    def _share_clicked(self, on: bool) -> None:
        self._wanted = on
        self.ask()

    def _who(self, picture: Picture) -> tuple[str, ...]:
        """Keys of the areas of the bars."""
        chosen = self.area.currentData()
        if chosen not in (AUTO, TOGETHER):
            return (str(chosen),)
        return selected_of(self.session, picture)[: 1 if chosen == AUTO else None] or (CITY,)

    def work(self, picture: Picture) -> Callable[[], Any]:
        from monitor_app.app import chartpeople as source
        from monitor_app.app.charts import nearest_day

        session, view = self.session, self.session.view
        keys, wanted = self._who(picture), _day_of(self.day.currentData())
        area, parts = keys[0], keys if len(keys) > 1 else ()
        against, share = self.against.currentData() or AUTO, self._wanted
        others = [k for k in selected_of(session, picture) if k not in keys]

        def make() -> Any:
            level = CITY if area == CITY else view.level
            known = source.days(session, level, view.scenario)
            days = [d for d, _origin in known]
            if not days:
                raise source.no_ages()
            day = wanted if wanted in days else nearest_day(days, view.day)
            whos = [source.Who(area, day, parts)]
            if against == AUTO and area != CITY:
                whos.append(source.Who(others[0] if others else CITY, day))
            elif _day_of(against) is not None:
                whos.append(source.Who(area, _day_of(against), parts))
            elif against not in (AUTO, NONE) and (against,) != keys:
                whos.append(source.Who(against, day))
            spec = source.pyramid(
                session, view.level, whos, share=share, scenario=view.scenario,
                carried=view.carried,
            )  # fmt: skip
            return spec, known

        return make

    def take(self, result: Any) -> None:
        spec, known = result
        dates = [(_day_text(d, origin), _DAY + d.isoformat()) for d, origin in reversed(known)]
        fill(self.day, [(_("Date of the map"), None), *dates])
        picture = self._picture
        areas = [] if picture is None else [
            (n, k) for k, n in zip(picture.spec.keys, picture.spec.names, strict=True)
        ]  # fmt: skip
        before = [(_("Line: {what}").format(what=text), day) for text, day in dates]
        fill(
            self.against,
            [
                (_("Line: automatic"), AUTO), (_("No line"), NONE),
                (_("Line: town as a whole"), CITY), *before,
                *((_("Line: {what}").format(what=n), k) for n, k in areas),
            ], AUTO,
        )  # fmt: skip
        self.share.setChecked(spec.share)
        self.view.set_chart(spec)


def selected_of(session: Session, picture: Picture) -> tuple[str, ...]:
    """Selected areas that the map shows, the first selected first."""
    shown = set(picture.spec.keys)
    return tuple(key for key in session.selection.keys if key in shown)


def _day_of(data: object) -> date | None:
    """The date of an entry of a combo box (Qt would hand back a date of its own)."""
    text = str(data)
    return date.fromisoformat(text.removeprefix(_DAY)) if text.startswith(_DAY) else None


def _day_text(day: date, origin: Origin) -> str:
    text = format_date(day)
    return text if origin is Origin.OBSERVED else _("{day} (forecast)").format(day=text)


class RelationPanel(ChartPanel):
    """The shown indicator against a second one, residuals on the map, or many indicators against
    each other."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench, _("Relation of indicators"))
        self.mode = self.combo(_("Kind of chart"))
        fill(self.mode, [(_("Scatter chart"), "scatter"), (_("Correlation"), "correlation")])
        self.second = SideChooser(bench.theme, _("Second indicator"))
        self.second.chosen.connect(self._second_chosen)
        self.add(self.second)
        self.residuals = QPushButton(_("Residuals on the map"))
        self.residuals.setCheckable(True)
        self.residuals.setToolTip(
            _("What the second indicator does not explain: observed minus expected values")
        )
        self.residuals.clicked.connect(self._toggle_residuals)
        self.add(self.residuals)
        self.pick = CheckChooser(12)
        self.pick.changed.connect(self.ask)
        self.add(self.pick)
        self.note = QLabel()
        self.note.setProperty("role", "small")
        self.note.setWordWrap(True)
        self.add(self.note)
        self.finish()
        self.mode.activated.connect(self._show_controls)
        self.view.mark_clicked.connect(self._open_pair)
        self._map: MapSpec | None = None  # of the residuals, while it is shown
        self._level = ""
        self._choices: tuple[Choice, ...] = ()
        self._show_controls()

    def _second_chosen(self, _id: str) -> None:
        self.ask()
        if self._map is not None:  # what is on the map follows
            self._toggle_residuals(True)

    def _show_controls(self) -> None:
        pairs = self.mode.currentData() == "scatter"
        self.second.setVisible(pairs)
        self.residuals.setVisible(pairs)
        self.pick.setVisible(not pairs)
        self.note.setText("" if pairs else _("A click on a cell opens the scatter chart."))

    def show_picture(self, picture: Picture) -> None:
        if self._map is not None and picture.spec is not self._map:
            self._map = None
            self._mark_residuals(False)
            self._bench.map.banners.drop("residuals")
        super().show_picture(picture)

    def clear(self) -> None:
        self._map = None
        self._level = ""
        self._mark_residuals(False)
        self._bench.map.banners.drop("residuals")
        super().clear()

    def work(self, picture: Picture) -> Callable[[], Any]:
        from monitor_app.app import charts

        session, view = self.session, self.session.view
        mode, second, chosen = self.mode.currentData(), self.second.current, self.pick.chosen

        def make() -> Any:
            choices = session.choices(view.level)
            ready = {c.definition.id for c in choices if c.ready}
            if mode == "correlation":
                usable = [i for i in chosen if i in ready]
                return mode, charts.correlation(session, view, usable), choices, ""
            other = second if second in ready and second != view.indicator else ""
            if not other:
                found = charts.describing(session, view, 2)
                other = next((i for i in found if i != view.indicator), "")
            if not other:
                return mode, _no_second(), choices, ""
            return mode, charts.scatter(session, view, other), choices, other

        return make

    def take(self, result: Any) -> None:
        mode, spec, choices, second = result
        view = self.session.view
        self.second.set_topics(ready_topics(choices, view.indicator))
        if second:
            self.second.set_current(second)
        if self.pick.list.count() == 0 or view.level != self._level:
            now = spec.keys if mode == "correlation" and not isinstance(spec, UserError) else ()
            self.pick.set_topics(ready_topics(choices), now or self.pick.chosen)
            self._level = view.level if now else ""
        if isinstance(spec, UserError):
            self.refuse(spec)
        else:
            self.view.set_chart(spec)

    def _open_pair(self, mark: int) -> None:
        """A cell of the matrix as a scatter chart."""
        from monitor_app.cartography.chartmarks import correlation_cell
        from monitor_app.cartography.relationspec import CorrelationSpec

        spec = self.view.spec
        if not isinstance(spec, CorrelationSpec) or not spec.keys:
            return
        row, column = correlation_cell(mark)
        one, other = spec.keys[row], spec.keys[column]
        shown = self.session.view.indicator
        self.mode.setCurrentIndex(0)
        self._show_controls()
        if shown == other:
            one, other = other, one
        self.second.set_current(other)
        if shown == one:
            self.ask()
        else:
            self._bench.change_view(indicator=one)

    def _toggle_residuals(self, on: bool) -> None:
        if not on:
            self._bench.maproom.show()
            return
        from monitor_app.app.charts import residual_map

        session, view, second = self.session, self.session.view, self.second.current

        def make() -> MapSpec:
            return residual_map(session, view, second)

        self._bench.job(
            _("Computing the residuals"), lambda _progress: make(),
            partial(self._show_residuals, (view, second)), failed=self._no_residuals,
        )  # fmt: skip

    def _no_residuals(self, error: UserError) -> None:
        self._mark_residuals(False)
        self._bench.window_.say(error.issues[0].message)

    def _show_residuals(self, asked: tuple[ViewState, str], spec: MapSpec) -> None:
        page = self._bench.map
        picture = page.picture
        now = (self.session.view, self.second.current)
        if self._closed or picture is None or asked != now or picture.spec.keys != spec.keys:
            self._mark_residuals(False)
            return
        self._map = spec
        rows = table_of(spec, picture.table, {}, "")
        page.show_picture(replace(picture, spec=spec, rows=rows, rate=False))
        self._mark_residuals(True)
        page.banners.put(
            "residuals", "balance", _("Residuals on the map"), self._bench.maproom.show
        )

    def _mark_residuals(self, on: bool) -> None:
        """The button says what its next click does."""
        self.residuals.setChecked(on)
        self.residuals.setText(_("Values on the map again") if on else _("Residuals on the map"))


def _no_second() -> UserError:
    from monitor_app.core.issues import fail

    return fail(
        "chart.second",
        _("There is no second indicator with values on this level."),
        repair=_("Import further data, or choose another level."),
    )


class DistributionPanel(ChartPanel):
    """How the values of the map lie: histogram with class limits, box plots by district."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench, _("Distribution"))
        self.mode = self.combo(_("Kind of chart"))
        self.finish()

    def show_picture(self, picture: Picture) -> None:
        from monitor_app.app.charts import box_levels

        areas = self.session.areas
        levels = box_levels(self.session, picture.spec.level)
        by = _("Box plots by {level}")
        entries = [(by.format(level=areas.level(k).name), k) for k in levels]
        fill(self.mode, [(_("Histogram"), "histogram"), *(entries or [(_("Box plot"), "")])])
        super().show_picture(picture)

    def work(self, picture: Picture) -> Callable[[], Any]:
        from monitor_app.app import charts

        session, mode = self.session, self.mode.currentData()
        if mode == "histogram":
            return lambda: charts.histogram_of(picture.spec, picture.rate)
        return lambda: charts.boxes_of(session, picture.spec, str(mode or ""), picture.rate)


class RadarPanel(ChartPanel):
    """Up to eight indicators of the selected areas and the town."""

    follows_selection = True

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench, _("Radar chart"))
        self.pick = CheckChooser(8)
        self.pick.changed.connect(self.ask)
        self.add(self.pick)
        self.hint = QLabel(_("Select areas on the map to compare them with the town."))
        self.hint.setProperty("role", "small")
        self.hint.setWordWrap(True)
        self.add(self.hint)
        self.finish()
        self._level = ""

    def clear(self) -> None:
        self._level = ""
        super().clear()

    def work(self, picture: Picture) -> Callable[[], Any]:
        from monitor_app.app import charts

        session, view = self.session, self.session.view
        keys = session.selection.keys
        chosen = self.pick.chosen if self._level == view.level else ()

        def make() -> Any:
            used = chosen or charts.describing(session, view, charts.FEW)
            return charts.radar(session, view, keys, used), used, session.choices(view.level), view

        return make

    def take(self, result: Any) -> None:
        spec, used, choices, view = result
        if self._level != view.level:
            self._level = view.level
            self.pick.set_topics(ready_topics(choices), used)
        self.hint.setVisible(not self.session.selection.keys)
        self.view.set_chart(spec)


class ChangePanel(ChartPanel):
    """What the population changed by, and who moved where."""

    follows_selection = True

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench, _("Change and moves"))
        self.mode = self.combo(_("Kind of chart"))
        fill(
            self.mode,
            [
                (_("Components of change"), "components"),
                (_("Moves as a matrix"), "matrix"),
                (_("Moves as a ring"), "ring"),
            ],
        )
        self.ahead = QCheckBox(_("with forecast"))
        self.ahead.setChecked(True)
        self.ahead.clicked.connect(self.ask)
        self.add(self.ahead)
        self.level = self.combo(_("Areas of the moves"))
        self.year = self.combo(_("Year of the moves"))
        self.hint = QLabel()
        self.hint.setProperty("role", "small")
        self.hint.setWordWrap(True)
        self.add(self.hint)
        self.finish()
        self.mode.activated.connect(self._show_controls)
        self._show_controls()

    def _show_controls(self) -> None:
        moves = self.mode.currentData() != "components"
        self.ahead.setVisible(not moves and bool(self._has_forecast()))
        for combo in (self.level, self.year):
            combo.setVisible(moves and combo.count() > 1)

    def _has_forecast(self) -> bool:
        return self.session.has_project and bool(self.session.scenarios())

    def work(self, picture: Picture) -> Callable[[], Any]:
        from monitor_app.app import chartmoves as source

        session, view = self.session, self.session.view
        mode, ahead = self.mode.currentData(), self.ahead.isChecked()
        level, every = self.level.currentData(), self.year.currentData() == "all"
        year = _day_of(self.year.currentData())
        areas = selected_of(session, picture) or (CITY,)
        if mode == "components":
            return lambda: (
                source.components(
                    session, view.level, areas, scenario=view.scenario, ahead=ahead,
                    carried=view.carried,
                ), (), (),
            )  # fmt: skip

        def make() -> Any:
            levels, days = source.flow_levels(session), source.flow_days(session)
            used = level if level in levels else source.flow_level(session, view.level)
            wanted: Sequence[date] = days if every else (year,) if year in days and year else ()
            spec = source.flows(session, used, wanted, shown_level=view.level, chord=mode == "ring")
            named = [(session.areas.level(k).name, k) for k in levels]
            return spec, (named, used), days

        return make

    def take(self, result: Any) -> None:
        spec, levels, days = result
        if levels:
            fill(self.level, levels[0], levels[1])
            years: list[tuple[str, object]] = [
                (str(d.year), _DAY + d.isoformat()) for d in reversed(days)
            ]
            fill(self.year, [*years, (_("all years"), "all")])
        self._show_controls()
        hint = getattr(spec, "note", "")
        if self.mode.currentData() == "components":  # of which area or areas
            hint = "\n".join(t for t in (spec.title, hint) if t)
        if self.mode.currentData() == "components" and not self.session.selection.keys:
            hint = "\n".join(t for t in (hint, _("Select an area to see its own change.")) if t)
        self.hint.setText(hint)
        self.view.set_chart(spec)

    def refuse(self, error: UserError) -> None:
        self._show_controls()
        self.hint.setText("")
        super().refuse(error)


def panels() -> tuple[tuple[str, Callable[[], str], Callable[[Workbench], Panel]], ...]:
    """Names, titles and makers for the map page."""
    return (
        ("pyramid", lambda: _("Pyramid"), PyramidPanel),
        ("relation", lambda: _("Relation"), RelationPanel),
        ("distribution", lambda: _("Distribution"), DistributionPanel),
        ("radar", lambda: _("Radar"), RadarPanel),
        ("change", lambda: _("Change"), ChangePanel),
    )
