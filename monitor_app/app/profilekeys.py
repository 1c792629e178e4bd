"""Which indicators a profile of an area names: a sensible list per topic, or the user's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from monitor_app.app.session import Session
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError, fail
from monitor_app.core.status import has_value
from monitor_app.indicators.tokens import nearest

#: Of each row the first indicator that the project can compute; topic by topic.
KEY_INDICATORS: tuple[tuple[str, ...], ...] = (
    ("einwohner",),
    ("bevoelkerungsdichte",),
    ("durchschnittsalter", "durchschnittsalter_geschaetzt"),
    ("anteil_unter_18", "jugendquotient", "jugendquotient_18"),
    ("anteil_65plus",),
    ("altenquotient", "altenquotient_67"),
    ("geburtenziffer",),
    ("natuerlicher_saldo_je_1000",),
    ("einpersonenhaushalte", "haushaltsgroesse"),
    ("wanderungssaldo",),
    ("fluktuationsrate", "mobilitaetsziffer"),
    ("auslaenderanteil",),
    ("migrationshintergrund",),
    ("arbeitslosenanteil", "beschaeftigtenquote"),
    ("sgb2_quote", "sgb2_anteil"),
    ("kinderarmut",),
    ("betreuungsquote_u3", "betreuungsquote_3_5"),
    ("wohnungen_je_1000",),
    ("wohnflaeche_je_einwohner",),
    ("angebotsmiete",),
    ("bautaetigkeit",),
    ("gruenflaeche_je_einwohner",),
)
#: More rows than this do not fit one page.
MOST = 20
#: Length of the list where the user chose none.
USUAL = 16
_KIND, _KEY = "setting", "profile"


def stored_keys(session: Session) -> tuple[str, ...]:
    """The user's own list, empty where there is none. Ids that the catalogue does not know any
    more are left out."""
    text = session.project.document(_KIND, _KEY)
    if not text:
        return ()
    try:
        listed = json.loads(text)["indicators"]
        return tuple(key for key in listed if key in session.catalogue)
    except (ValueError, TypeError, KeyError):
        return ()


def store_keys(session: Session, indicators: Iterable[str]) -> None:
    """Keep the user's list in the project (a step of undo); an empty one brings back the usual
    list. ``UserError`` for unknown or too many indicators."""
    chosen = tuple(dict.fromkeys(indicators))
    label = _("Choose the key figures of the profile")
    if chosen:
        check_keys(session, chosen)
        text = json.dumps({"indicators": list(chosen)}, ensure_ascii=False)
        session.project.put_document(_KIND, _KEY, text, label)
    else:
        session.project.delete_document(_KIND, _KEY, label)


def check_keys(session: Session, indicators: Sequence[str]) -> None:
    """All that is wrong with a list at once."""
    if len(indicators) > MOST:
        raise fail(
            "profile.many",
            _("{count} key figures are more than a profile can hold.").format(
                count=len(indicators)
            ),
            repair=_("Choose up to {most} indicators.").format(most=MOST),
        )
    unknown = [key for key in indicators if key not in session.catalogue]
    if unknown:
        known = session.catalogue.ids
        raise UserError(
            [
                fail(
                    "unknown-indicator",
                    _("There is no indicator “{id}”.").format(id=key),
                    value=key,
                    repair=nearest(key, known),
                ).issues[0]
                for key in unknown
            ]
        )


def usual_keys(session: Session, level: str) -> tuple[str, ...]:
    """*Slow* at the first time. The usual list: what the project can compute on this level."""
    found: list[str] = []
    for alternatives in KEY_INDICATORS:
        ready = (key for key in alternatives if _has_values(session, key, level))
        first = next(ready, None)
        if first is not None:
            found.append(first)
    return tuple(found[:USUAL])


def keys_for(session: Session, level: str) -> tuple[str, ...]:
    """*Slow* at the first time. The user's list where there is one, else the usual one."""
    return stored_keys(session) or usual_keys(session, level)


def _has_values(session: Session, indicator: str, level: str) -> bool:
    if indicator not in session.catalogue or session.engine.availability(indicator, level):
        return False
    table = session.compute(indicator, level)
    return bool(table.dates) and bool(has_value(table.status).any())
