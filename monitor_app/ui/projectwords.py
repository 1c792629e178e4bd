"""What a table of planned housing projects is and what importing it will do."""

from __future__ import annotations

from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.planned import PlannedHousing
from monitor_app.exchange.recipe_model import ProjectsContent


def project_words(content: ProjectsContent) -> str:
    """For the import page: meaning and use."""
    kinds = ", ".join(str(content.labels.get(k, k)) for k in content.dwellings)
    return " ".join(
        (
            _("Planned housing projects: dwellings ({kinds}), when they are moved into, and how"
              " probable each project is.").format(kinds=kinds),
            _("Every forecast of this project builds them, unless it is told not to. A later list"
              " replaces this one."),
        )
    )  # fmt: skip


def project_columns(content: ProjectsContent) -> dict[str, str]:
    """Meaning of each column that the table is read from."""
    found: dict[str | None, str] = {
        content.id: _("key of the project"),
        content.project: _("name of the project"),
        content.area.column: _("area"),
        content.start: _("first year of occupation"),
        content.probability: _("probability"),
        content.state: _("state of planning"),
    }
    found |= {
        column: _("dwellings: {kind}").format(kind=content.labels.get(kind, kind))
        for kind, column in content.dwellings.items()
    }
    found |= {
        column: _("share moved into in year {n}").format(n=n)
        for n, column in enumerate(content.shares, start=1)
    }
    return {column: text for column, text in found.items() if column}


def planned_cells(text: str) -> tuple[str, str, str, str]:
    """A row of what will be stored: name, areas, years, dwellings."""
    planned = PlannedHousing.load(text)
    years = [y for p in planned.projects for y in p.dwellings]
    areas = len({p.area for p in planned.projects})
    total = sum(p.total for p in planned.projects)
    return (
        planned.name, format_number(areas), f"{min(years)} – {max(years)}",
        _("{count} dwellings").format(count=format_number(total)),
    )  # fmt: skip
