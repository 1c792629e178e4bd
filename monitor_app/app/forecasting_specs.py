"""The specification that somebody names: a file, a stored one, or a level alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monitor_app.app.session import Session
from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.forecast.spec import ForecastSpec, load_spec, make_spec


def named_spec(session: Session, name: str | None, **changes: Any) -> ForecastSpec:
    """``name``: a YAML file or the id of a stored specification; ``changes`` (None: none) replace
    its entries. ``UserError`` where there is none of the name, or no level."""
    given = {k: v for k, v in changes.items() if v is not None}
    if name is None:
        if "level" not in given:
            raise fail(
                "spec-level",
                _("The level of the forecast is not named."),
                repair=_("Give --level or --spec."),
            )
        return make_spec(given)
    path = Path(name)
    if path.is_file():
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise fail("spec-file", _("The file cannot be read as text."), file=name) from None
    else:
        stored = session.project.document("forecast", name)
        if stored is None:
            raise fail(
                "spec-file",
                _("There is neither a file nor a stored forecast “{name}”.").format(name=name),
                value=name,
                repair=_("Stored are: {names}.").format(
                    names=", ".join(session.project.documents("forecast")) or "–"
                ),
            )
        text = stored
    loaded = load_spec(text, file=name)
    return make_spec({**loaded.model_dump(mode="json"), **given}) if given else loaded
