"""Which definitions refer to which."""

from __future__ import annotations

from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.definitions import IndicatorDef


def closure(catalogue: Catalogue, indicator_id: str) -> tuple[IndicatorDef, ...]:
    """The definition and all that it refers to, itself first.

    Errors: ``UserError`` for an unknown id, a faulty formula, or definitions that refer to each
    other in a circle (the message names the circle).
    """
    done: dict[str, IndicatorDef] = {}

    def visit(one: str, above: tuple[str, ...]) -> None:
        if one in above:
            raise fail(
                "circular",
                _("These indicators refer to each other in a circle: {circle}.").format(
                    circle=" → ".join((*above[above.index(one) :], one))
                ),
                value=one,
                repair=_("Take one of them out of the formula of another."),
            )
        if one in done:
            return
        definition = catalogue.get(one)
        done[one] = definition
        for name in definition.names:
            if name in catalogue:
                visit(name, (*above, one))

    visit(indicator_id, ())
    return tuple(done.values())
