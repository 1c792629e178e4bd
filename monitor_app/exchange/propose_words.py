"""Words that tell what a table is about, and names made of them."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath

from monitor_app.core.i18n import _
from monitor_app.exchange.guess import Role
from monitor_app.exchange.labels import parse_sex
from monitor_app.exchange.table import RawTable

_SUBJECTS = (
    ("births", re.compile(r"(lebend)?gebor(?!t)|geburt(?!s(ort|land|jahr|staat))|births?")),
    ("deaths", re.compile(r"sterbe(?!ziff)|gestorb|verstorb|todesf|deaths?")),
    ("moves_in", re.compile(r"zuz[uü]|zugez|moves?.?in(?![a-z])|immigr|zuwander")),
    ("moves_out", re.compile(r"wegz[uü]|fortz[uü]|wegzug|moves?.?out|emigr|abwander")),
    ("completions", re.compile(r"fertigstell|completion")),
    (
        "population",
        re.compile(
            r"einwohner|bev[oö]e?lk(?!erungsbewegung)|population|personen|wohnber|ewr|_pop|\bpop"
            r"|hauptwohn|(?<![a-z])bev(?![a-z])|bevstd|anzbest"
        ),
    ),
)
_SHARE = re.compile(
    r"%|anteil|quote|prozent|per cent|percent|rate|ziffer|dichte|durchschnitt|mittel|median|index"
    r"|migrationshinter|je 1|saldo|pro 1|differenz|ver(ä|ae)nderung|haushalt|arbeitslos|leistung"
)
#: Figures that no sum of areas has.
_RATE = re.compile(
    r"%|anteil|quote|quotient|prozent|per cent|percent|\brate|ziffer|dichte|durchschnitt|mittelwert"
    r"|mittlere|median|index|je \d|pro \d|pro (kopf|person|einw)|rank|rang|grad\b|differenz"
)
_TOTAL = re.compile(
    r"(?i)^\W*(?:insgesamt|gesamt\w*|summe|total|zusammen|alle|all|stadt insgesamt)\b.{0,40}$"
    r"|\b(?:insgesamt|gesamt|total|zusammen)\W*$"
)
_DATED = re.compile(
    r"(?<!\d)(?:(?:19|20)\d{2}(?:[-_.]?\d{2}){0,2}|\d{1,2}\.\d{1,2}\.(?:19|20)\d{2})(?!\d)"
)


def total_text(text: str) -> bool:
    """Whether a label or header names a sum of the others."""
    return _TOTAL.search(text.strip()) is not None


def subject_of(header: str, table: RawTable, people: bool) -> str:
    """What a column counts: its own header says it best, then the file, the titles, the table.
    ``people``: ages or sexes are told apart."""
    if _SHARE.search(header.casefold()):
        return "variable"
    places = (header, PurePath(table.source.name).stem, table.name, " ".join(table.before))
    for text in places:
        found = _first(text.casefold())
        if found is not None:
            return found
    if people:
        return "population"
    return "variable"


def is_rate(header: str) -> bool:
    """Whether a header speaks of a share, a mean or the like, which cannot be added up."""
    return _RATE.search(header.casefold()) is not None


def names_subject(header: str) -> bool:
    """Whether a header itself says what it counts."""
    return _first(header.casefold()) is not None


def _first(text: str) -> str | None:
    """The subject that is named first in a text."""
    hits = [(m.start(), kind) for kind, pattern in _SUBJECTS if (m := pattern.search(text))]
    return min(hits)[1] if hits else None


def stem_of(table: RawTable) -> str:
    """The name of a file without dates, so that the deliveries of all years share one."""
    stem = PurePath(table.source.name).stem
    plain = re.sub(r"[\s_.-]+", " ", _DATED.sub(" ", stem)).strip()
    return plain if re.search(r"[A-Za-zÄÖÜäöü]{2}", plain) else stem


def names_sex(sheet: str) -> bool:
    """Whether the name of a sheet is a sex, or all of them together."""
    text = sheet.strip()
    return len(text) > 1 and not text.isdigit() and parse_sex(text).readable


def same_series(name: str) -> str:
    """The name of a file with its digits left open: equal for the deliveries of all years."""
    return re.sub(r"\d+", "#", PurePath(name).stem.casefold())


def slug(text: str, default: str) -> str:
    """A key of small letters made from any text."""
    plain = text.casefold()
    for a, b in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        plain = plain.replace(a, b)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:50]
    return plain if re.match(r"[a-z]", plain) else f"{default}_{plain}".rstrip("_")


def role_name(role: Role) -> str:
    return {
        Role.AREA: _("area key"),
        Role.DATE: _("date"),
        Role.SEX: _("sex"),
        Role.AGE: _("age"),
        Role.GROUP: _("group"),
        Role.NAME: _("name"),
        Role.VALUE: _("number"),
        Role.TOTAL: _("total"),
        Role.EMPTY: _("empty column"),
    }[role]
