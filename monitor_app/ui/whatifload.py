"""What the what-if workspace needs before sliders can move: an index, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor_app.app.session import Choice, Session
from monitor_app.app.weighting import TYPED, ComputedIndex, compute_index, weightings
from monitor_app.core.i18n import _
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.indicators.definitions import IndicatorDef, Texts
from monitor_app.indicators.weightings import Weighting
from monitor_app.ui.chooser import Choice as TreeChoice
from monitor_app.ui.chooser import Topic
from monitor_app.ui.topics import topic_name
from monitor_app.ui.whatifrows import Item


@dataclass(frozen=True, eq=False)
class Loaded:
    """``other``: the index to compare with. ``problem``: why there is no index, or none to
    compare with."""

    weighting: Weighting
    choices: tuple[Choice, ...]
    index: ComputedIndex | None
    other: ComputedIndex | None = None
    problem: str = ""


def load(
    session: Session, level: str, wanted: Weighting | None, compared: str, progress: Progress
) -> Loaded:
    """*Slow.* ``wanted`` None: the first weighting that the project has the data for."""
    choices = session.choices(level)
    known = weightings(session)
    chosen = wanted or _first(choices, known, session.view.indicator)
    if not level:
        return Loaded(chosen, choices, None, problem=_("The project has no areas on the map yet."))
    try:
        index = compute_index(session, chosen, level, progress)
    except UserError as error:
        return Loaded(chosen, choices, None, problem=words(error))
    rival = next((w for w in known if w.id == compared), None)
    if rival is None:
        return Loaded(chosen, choices, index)
    try:
        return Loaded(chosen, choices, index, compute_index(session, rival, level, progress))
    except UserError as error:
        text = _("“{name}” cannot be compared with: {reason}")
        problem = text.format(name=rival.name.shown, reason=words(error))
        return Loaded(chosen, choices, index, problem=problem)


def _first(choices: Sequence[Choice], known: Sequence[Weighting], indicator: str) -> Weighting:
    """The first weighting with data for all its indicators; else what can be computed of the
    first that has two such; else the shown indicator alone."""
    ready = {c.definition.id for c in choices if c.ready}
    for weighting in known:
        if set(weighting.indicators) <= ready:
            return weighting
    for weighting in known:
        parts = tuple(c for c in weighting.components if c.indicator in ready)
        if len(parts) > 1:
            return changed_copy(weighting).model_copy(
                update={"components": parts, "dynamics": None}
            )
    return draft(indicator)


def draft(indicator: str) -> Weighting:
    """An index to begin with."""
    name = _("Own index")
    return Weighting.model_validate(
        {"id": TYPED, "name": {"de": name, "en": name}, "components": [{"indicator": indicator}]}
    )


def changed_copy(weighting: Weighting) -> Weighting:
    """A draft that says which weighting it was made of."""
    name = _("{name} – changed").format(name=weighting.name.shown)
    return weighting.model_copy(update={"id": TYPED, "name": Texts(de=name, en=name)})


def raises(weighting: Weighting, n: int, definition: IndicatorDef | None) -> bool:
    """Whether a high value of the n-th indicator raises the index."""
    direction = weighting.components[n].direction
    if direction != "catalogue":
        return direction == "positive"
    good = "neutral" if definition is None else definition.direction
    return good == "neutral" or (good == "lower_better") == (weighting.meaning == "burden")


def items_of(weighting: Weighting, choices: Sequence[Choice]) -> list[Item]:
    """The rows of the sliders; weights in points that add up to 100."""
    known = {c.definition.id: c for c in choices}
    total = sum(weighting.weights) or 1.0
    items = []
    for n, component in enumerate(weighting.components):
        choice = known.get(component.indicator)
        definition = None if choice is None else choice.definition
        missing = _("unknown indicator")
        if choice is not None:
            missing = "; ".join(choice.missing)
        items.append(
            Item(
                component.indicator,
                definition.name.shown if definition else component.indicator,
                100 * component.weight / total,
                raises(weighting, n, definition),
                definition.description.shown if definition else "",
                missing,
            )
        )
    return items


def topics_of(choices: Sequence[Choice], taken: Sequence[str]) -> list[Topic]:
    """The indicators that can be added."""
    by_topic: dict[str, list[TreeChoice]] = {}
    for choice in choices:
        known = choice.definition
        if known.id in taken:
            continue
        why = ""
        if not choice.ready:
            why = _("Missing: {inputs}").format(inputs="; ".join(choice.missing))
        text = f"{known.name.de} {known.name.en} {known.description.shown}"
        entry = TreeChoice(known.id, known.name.shown, why, text)
        by_topic.setdefault(known.topic, []).append(entry)
    return [Topic(topic_name(key), tuple(found)) for key, found in by_topic.items()]


def words(error: UserError) -> str:
    """The findings of an error as lines."""
    lines = [" ".join(t for t in (i.message, i.repair) if t) for i in error.issues[:6]]
    return "\n".join(dict.fromkeys(lines))
