"""Sex labels to the codes of the core: m, f, x (divers or not stated), and totals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from monitor_app.core.i18n import _
from monitor_app.core.issues import Severity
from monitor_app.exchange.label_set import Findings, LabelPlace, Labels


@dataclass(frozen=True, slots=True)
class SexReading:
    """``code`` is m, f or x; None for a total and for what cannot be read."""

    code: str | None = None
    total: bool = False

    @property
    def readable(self) -> bool:
        return self.total or self.code is not None


_CODES = {
    "m": "m gesm männlich maennlich mann männer maenner male males man men mal herr jungen junge"
    " knaben knabe boys boy masculin hommes 1",
    "f": "w f gesw weiblich frau frauen female females woman women fem mädchen maedchen girls girl"
    " féminin femmes 2",
    "x": "d x divers diverse other o u unbekannt unknown 3 9",
}
_WORDS = {word: code for code, words in _CODES.items() for word in words.split()} | {
    "ohne angabe": "x", "keine angabe": "x", "o. a.": "x", "o.a.": "x", "k. a.": "x", "k.a.": "x",
    "nicht bekannt": "x", "not stated": "x", "non-binary": "x", "divers/o.a.": "x",
    "divers / ohne angabe": "x", "divers, ohne angabe": "x", "divers oder ohne angabe": "x",
}  # fmt: skip
_TOTALS = frozenset({
    "insgesamt", "gesamt", "zusammen", "total", "summe", "alle", "i", "insg", "insg.", "t", "both",
    "persons", "personen", "both sexes", "m+w", "alle geschlechter",
})  # fmt: skip
#: The name of the dimension before its label: ``Geschlecht - Total``.
_NAMED = re.compile(r"^(?:geschlechter|geschlecht|sexe?|gender) ?(?:[-–] |: ?)")
_NUMBERS = frozenset({"1", "2", "3", "9"})


def parse_sex(label: str) -> SexReading:
    """Read one label: words in German or English, official codes 1 male, 2 female."""
    text = _NAMED.sub("", " ".join(label.strip().casefold().replace("_", " ").split()))
    if text in _TOTALS:
        return SexReading(total=True)
    if text.isdigit():
        text = text.lstrip("0") or "0"
    code = _WORDS.get(text)
    if code is None:
        # "davon_frauen", "POP_MEN": the last word decides
        code = _WORDS.get(text.split()[-1]) if text and not text[-1].isdigit() else None
    return SexReading(code)


def parse_sexes(labels: Sequence[str], place: LabelPlace | None = None) -> Labels[SexReading]:
    """Read all labels of a column together; codes other than 1, 2, 3, 9 stay unread."""
    findings = Findings(labels, place or LabelPlace())
    readings = findings.read(parse_sex)
    numbers = {label.strip().lstrip("0") for label in readings if label.strip().isdigit()}
    for label, reading in readings.items():
        if not reading.readable or (numbers and label.strip().isdigit() and "1" not in numbers):
            readings[label] = SexReading()
            findings.add(
                "sex-unreadable", Severity.ERROR,
                _("“{label}” is not a sex that the import knows.").format(label=label), label,
                _("State its meaning (male, female, other, total) in the recipe."),
            )  # fmt: skip
    if {"0", "1"} <= {label.strip() for label in readings} and "2" not in numbers:
        findings.add(
            "sex-codes", Severity.ERROR,
            _("The codes 0 and 1 do not say which is male and which is female."), "1",
            _("State the meaning of both codes in the recipe."),
        )  # fmt: skip
    return Labels(readings, tuple(findings.issues))
