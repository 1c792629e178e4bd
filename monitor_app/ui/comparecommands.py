"""Commands around comparing: two maps, series, profile, selection by expression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from monitor_app.app.areaselect import indicator_column, indicator_named
from monitor_app.core.i18n import _
from monitor_app.core.progress import Progress
from monitor_app.ui.expressionbar import Fail, Take, reason_of
from monitor_app.ui.maproom import MAP
from monitor_app.ui.profileroom import PROFILE
from monitor_app.ui.seriesdialog import SeriesDialog
from monitor_app.ui.swipe import CompareDialog
from monitor_app.ui.tablemodel import NumberColumn

if TYPE_CHECKING:
    from monitor_app.ui.workbench import Workbench


def compare_commands(bench: Workbench) -> dict[str, Callable[[], object]]:
    """Commands by id; also lets expressions above the table name any indicator."""
    _serve_expressions(bench)
    bench.map.profile.profile_wanted.connect(lambda: bench.window_.show_page(PROFILE))
    return {
        "compare_maps": lambda: CompareDialog(bench).show(),
        "series": lambda: SeriesDialog(bench).open(),
        "profile": lambda: bench.window_.show_page(PROFILE),
        "select_by": lambda: open_expression(bench),
    }


def open_expression(bench: Workbench) -> None:
    """Show the table with the line for expressions."""
    bench.window_.show_page(MAP)
    bench.map.raise_dock("table")
    bench.map.table.open_expression()


def _serve_expressions(bench: Workbench) -> None:
    bar = bench.map.table.expression

    def fetch(names: Sequence[str], take: Take, fail: Fail) -> None:
        session, keys = bench.session, bench.map.table.model.table.keys
        view = session.view
        if not session.has_project:
            return

        def work(_progress: Progress) -> dict[str, NumberColumn]:
            found: dict[str, NumberColumn] = {}
            for name in names:
                indicator = indicator_named(session, name)
                if indicator is not None:
                    column = indicator_column(session, indicator, view.level, keys, view.day)
                    precision = column.precision or 0
                    found[name] = NumberColumn(name, column.values, column.status, precision)
            return found

        def done(found: dict[str, NumberColumn]) -> None:
            if bench.map.table.model.table.keys == keys:
                take(found)

        bench.job(
            _("Computing {name}").format(name=", ".join(names)), work, done,
            failed=lambda error: fail(reason_of(error)),
            cancelled=lambda: fail(_("The computation was cancelled.")),
        )  # fmt: skip

    bar.fetch = fetch
    bar.offer = lambda: bench.session.catalogue.ids if bench.session.has_project else ()
