"""The checks of the what-if workspace: how firm ranks are against other weights, and classes
against chance in the counts. Both run as one job; the page stays usable meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor_app.app.classes import certainty_of, certainty_texts, check_classes
from monitor_app.app.weighting import check_robustness
from monitor_app.core.formats import format_number
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.indicators.classconfidence import ClassConfidence
from monitor_app.indicators.robustness import Robustness
from monitor_app.ui.whatifload import words

if TYPE_CHECKING:
    from monitor_app.ui.whatif import WhatIf


class Checks:
    """Results hold for the weights they were made with; any change forgets them."""

    def __init__(self, room: WhatIf) -> None:
        self._room = room
        self.robust: Robustness | None = None
        self.certain: dict[str, float] = {}
        self.texts: dict[str, str] = {}
        room.page.check.clicked.connect(self.run)
        room.page.worst.valueChanged.connect(self.forget)

    def clear(self) -> None:
        self.robust = None
        self.certain, self.texts = {}, {}

    def forget(self) -> None:
        page = self._room.page
        if self.robust is not None:
            self.clear()
            page.ranking.set_ranges(None)
            page.ranking.set_certainty({})
            page.ranking.setToolTip("")
            self._room.show_area()
        page.hint.setText(_("How much do the ranks depend on the weights? The check tells."))

    def run(self) -> None:
        """Draw weightings, and the counts where there are classes."""
        room, page = self._room, self._room.page
        if room.index is None or room.weighting is None or room.scene is None:
            return
        weights = tuple(page.rows.weights)
        k, day, session = page.worst.value(), room.day, room.session
        try:
            index = replace(room.index, weighting=room.weighting.with_weights(weights))
        except UserError:
            return
        page.check.setEnabled(False)

        def work(progress: Progress) -> tuple[Robustness, ClassConfidence | None]:
            robust = check_robustness(index, day, k=k, progress=progress.part(0.0, 0.7))
            if index.weighting.classes is None:
                return robust, None
            try:
                return robust, check_classes(session, index, day, progress=progress.part(0.7, 1.0))
            except UserError:
                return robust, None  # no indicator is made of counts: nothing can be drawn

        def end() -> None:
            page.check.setEnabled(room.scene is not None)

        def done(found: tuple[Robustness, ClassConfidence | None]) -> None:
            end()
            same = weights == tuple(page.rows.weights) and k == page.worst.value()
            if same and room.scene is not None and room.day == day:
                self._take(*found)

        def failed(error: UserError) -> None:
            end()
            room.warn(words(error))

        room.bench.job(_("Checking robustness"), work, done, failed=failed, cancelled=end)

    def _take(self, robust: Robustness, certain: ClassConfidence | None) -> None:
        page = self._room.page
        self.robust = robust
        page.ranking.set_ranges(robust)
        text = _(
            "Dot: rank. Line: nine tenths of {draws} weightings near the chosen ones (shares vary "
            "by about ±{points} percentage points). Grey: nine tenths of all weightings."
        )
        points = 100 * float(robust.share_spread.max(initial=0.0))
        page.hint.setText(
            text.format(draws=format_number(robust.around.draws), points=format_number(points))
        )
        if certain is not None and self._room.index is not None:
            self.certain = certainty_of(certain)
            self.texts = certainty_texts(self._room.index, certain)
            page.ranking.set_certainty(self.certain)
            page.ranking.setToolTip(
                _("Class kept: share of {draws} draws of the counts.").format(
                    draws=format_number(certain.draws)
                )
            )
        self._room.show_area()
