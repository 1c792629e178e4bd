"""What a profile of an area says: the object that panel, sheet and command line show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from monitor_app.cartography.chartspec import PyramidSpec, TimeLineSpec
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.formats import STATUS_SIGNS, format_date, format_number, format_value
from monitor_app.core.i18n import _
from monitor_app.core.status import Status


@dataclass(frozen=True)
class Change:
    """From ``base_day`` to the day of the figure: in the unit of the indicator, or in per cent of
    the earlier value (counts). ``status`` is the stronger one of both values; ``reform``: the
    areas changed in between, so that the numbers count other areas."""

    base_day: date
    value: float
    status: int
    unit: str
    precision: int
    reform: bool = False
    period: bool = False

    @property
    def base_text(self) -> str:
        return str(self.base_day.year) if self.period else format_date(self.base_day)

    @property
    def text(self) -> str:
        """With sign and unit; the sign of the status where there is none."""
        return format_value(self.value, self.status, self.precision, self.unit, signed=True)


@dataclass(frozen=True)
class KeyFigure:
    """One indicator of an area. ``rank`` 1 is the highest of ``count`` areas with a value, equal
    values share the better place, None without a value. ``rate``: the city's value has the size
    of those of its areas (a count of the city is the sum of all)."""

    indicator: str
    name: str
    topic: str
    unit: str
    precision: int
    day: date
    period: bool
    value: float
    status: int
    rank: int | None
    count: int
    city_value: float
    city_status: int
    rate: bool
    previous: Change | None
    five_years: Change | None
    carried: bool = False

    @property
    def text(self) -> str:
        return format_value(self.value, self.status, self.precision, self.unit)

    @property
    def city_text(self) -> str:
        return format_value(self.city_value, self.city_status, self.precision, self.unit)

    @property
    def rank_text(self) -> str:
        if self.rank is None:
            return ""
        return _("{rank} of {count}").format(
            rank=format_number(self.rank), count=format_number(self.count)
        )

    @property
    def day_text(self) -> str:
        return str(self.day.year) if self.period else format_date(self.day)

    @property
    def short_name(self) -> str:
        """Without the explanation in brackets."""
        return self.name.split(" (")[0]

    @property
    def signs(self) -> tuple[str, ...]:
        """The signs and marks of this row with their meaning, as in “. = secret”."""
        found = [f"* {self.remark}"] if self.remark and self.status < Status.MISSING else []
        pairs = [(self.value, self.status), (self.city_value, self.city_status)]
        pairs += [(c.value, c.status) for c in (self.previous, self.five_years) if c is not None]
        for _value, status in pairs:
            if status >= Status.MISSING:
                sign = STATUS_SIGNS[Status(status)]
                found.append(
                    _("“{sign}”: {meaning}").format(sign=sign, meaning=status_word(status))
                )
        return tuple(found)

    @property
    def remark(self) -> str:
        """What a reader must know about the value, empty for an ordinary one."""
        words = [status_word(self.status)]
        if self.carried:
            words.append(_("earlier values carried to present areas"))
        if any(c is not None and c.reform for c in (self.previous, self.five_years)):
            words.append(_("areas changed in between"))
        return ", ".join(w for w in words if w)


@dataclass(frozen=True)
class Neighbour:
    """An area with a common border of ``border`` metres; ``values``: texts in the order of
    ``AreaProfile.columns``."""

    key: str
    name: str
    border: float
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class AreaProfile:
    """Everything that is shown of one area. ``above``: name of each coarser level and of its area
    there. ``columns``: names of the indicators that neighbours are compared by, ``own``: the
    area's own values of them."""

    key: str
    name: str
    level: str
    level_name: str
    city: str
    day: date | None
    above: tuple[tuple[str, str], ...]
    surface: float | None
    figures: tuple[KeyFigure, ...]
    pyramid: PyramidSpec | None
    lines: tuple[TimeLineSpec, ...]
    columns: tuple[str, ...]
    own: tuple[str, ...]
    neighbours: tuple[Neighbour, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...]
    shapes: AreaShapes

    @property
    def usual_day(self) -> date | None:
        """The date that most figures of a day share; only others need to say theirs."""
        days = [f.day for f in self.figures if not f.period]
        return max(days, key=lambda day: (days.count(day), day), default=None)

    def day_beside(self, figure: KeyFigure) -> str:
        """The date of a figure where it is not the usual one, else empty."""
        usual = figure.day == self.usual_day and not figure.period
        return "" if usual else figure.day_text

    @property
    def place(self) -> str:
        """Level and the areas above, as in “Zählbezirk in Favoriten”."""
        upper = self.above[-1][1] if self.above else ""
        if not upper:
            return self.level_name
        return _("{level} in {upper}").format(level=self.level_name, upper=upper)


def status_word(status: int) -> str:
    """What the sign or mark of a value means; empty for an ordinary value."""
    return {
        Status.ESTIMATED: _("estimated"),
        Status.PROVISIONAL: _("provisional"),
        Status.REVISED: _("revised"),
        Status.UNRELIABLE: _("limited reliability"),
        Status.FORECAST: _("forecast"),
        Status.MISSING: _("no data"),
        Status.SECRET: _("secret"),
        Status.NOT_APPLICABLE: _("not applicable"),
        Status.TOO_UNCERTAIN: _("too uncertain"),
        Status.BELOW_BASE: _("below minimum base"),
    }.get(Status(status), "")
