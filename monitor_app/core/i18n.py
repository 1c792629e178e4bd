"""Language of the interface: gettext with one domain per room, numbers and dates through Babel.

Messages are written in English in the code (``_("…")``) and German in ``resources/i18n/de``.
Standard library only at import time: this module is on the start-up path.
"""

from __future__ import annotations

import gettext
import os

from monitor_app.core.resources import resource_path

DOMAINS = (
    "core", "exchange", "exchange_reading", "project", "indicators", "weighting", "safety",
    "forecast", "rates", "backtest", "prognosis", "cartography", "charts", "map_window", "profile",
    "reports", "app", "ui", "cli",
)  # fmt: skip
LANGUAGES = ("de", "en")


class Language:
    """The language in use. German unless the user says otherwise."""

    def __init__(self) -> None:
        self._code = "de"
        self._catalogues: list[gettext.NullTranslations] = []
        self.use(os.environ.get("MONITOR_APP_LANGUAGE", "de"))

    @property
    def code(self) -> str:
        return self._code

    def use(self, code: str) -> None:
        """Switch to ``de`` or ``en``; texts made before keep their language."""
        self._code = code if code in LANGUAGES else "de"
        folder = str(resource_path("i18n"))
        self._catalogues = [
            gettext.translation(domain, folder, languages=[self._code], fallback=True)
            for domain in DOMAINS
            if self._code != "en"
        ]

    def text(self, message: str) -> str:
        for catalogue in self._catalogues:
            translated = catalogue.gettext(message)
            if translated != message:
                return translated
        return message

    def plural(self, singular: str, plural: str, n: int) -> str:
        for catalogue in self._catalogues:
            translated = catalogue.ngettext(singular, plural, n)
            if translated not in (singular, plural):
                return translated
        return singular if n == 1 else plural


LANGUAGE = Language()


def _(message: str) -> str:
    """Translate ``message``; fill placeholders afterwards with ``.format(name=value)``."""
    return LANGUAGE.text(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    return LANGUAGE.plural(singular, plural, n)
