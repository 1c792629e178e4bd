"""A profile in words, for readers who do not see the page."""

from __future__ import annotations

import numpy as np

from monitor_app.cartography.alttext import cited
from monitor_app.core.formats import THIN_SPACE
from monitor_app.core.i18n import _
from monitor_app.reports.profilesheet_spec import AreaProfile, KeyFigure


def profile_words(profile: AreaProfile) -> str:
    """Every key figure with rank, city value and changes, the neighbours and the sources."""
    parts = [
        _("Profile of {name}, {place}, {city}.").format(
            name=profile.name, place=profile.place, city=profile.city
        )
    ]
    parts += [_sentence(figure) for figure in profile.figures]
    if profile.pyramid is not None:
        men, women = (
            float(np.sum(s)) for s in (profile.pyramid.base.men, profile.pyramid.base.women)
        )
        parts.append(
            _("Pyramid of men and women by age: {share} per cent are women.").format(
                share=f"{100 * women / (men + women):.0f}"
            )
        )
    if profile.neighbours:
        names = ", ".join(n.name for n in profile.neighbours)
        parts.append(_("Neighbours: {names}.").format(names=names))
    if profile.sources:
        parts.append(cited("; ".join(profile.sources)).rstrip(".") + ".")
    return " ".join(parts).replace(THIN_SPACE, " ")


def _sentence(figure: KeyFigure) -> str:
    words = [f"{figure.name} ({figure.day_text}): {figure.text}"]
    if figure.remark:
        words.append(figure.remark)
    if figure.rank_text:
        words.append(_("rank {rank}").format(rank=figure.rank_text))
    words.append(_("city {value}").format(value=figure.city_text))
    words += [
        _("since {date} {change}").format(date=change.base_text, change=change.text)
        for change in (figure.previous, figure.five_years)
        if change is not None
    ]
    return ", ".join(words) + "."
