"""Spelling of area keys: rules of a recipe, and repair to the keys of the boundaries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from monitor_app.exchange.recipe_model import KeyRule

_WHOLE_FLOAT = re.compile(r"^(\d+)\.0+$")


def clean_key(text: str) -> str:
    """A key as text: no surrounding blanks, no ``.0`` that a spreadsheet put behind it."""
    text = text.strip()
    match = _WHOLE_FLOAT.match(text)
    return match.group(1) if match else text


def apply_key_rule(rule: KeyRule, text: str) -> str:
    """The key that the recipe makes of one cell; empty where the cell is empty."""
    if rule.fixed is not None:
        return rule.fixed
    key = clean_key(text)
    if key in rule.map:
        return rule.map[key]
    if not key:
        return ""
    if rule.strip_prefix and key.startswith(rule.strip_prefix):
        key = key[len(rule.strip_prefix) :]
    if rule.strip_suffix and key.endswith(rule.strip_suffix):
        key = key[: -len(rule.strip_suffix)]
    if rule.take_first is not None:
        key = key[: rule.take_first]
    if rule.pad is not None:
        key = key.zfill(rule.pad)
    return rule.add_prefix + key + rule.add_suffix


@dataclass(frozen=True)
class KeyMatch:
    """``keys[i]`` is what ``raw[i]`` became; ``known[i]`` whether the boundaries have it.

    ``repaired`` are the positions whose spelling was changed.
    """

    raw: tuple[str, ...]
    keys: tuple[str, ...]
    known: tuple[bool, ...]
    repaired: tuple[int, ...]


def match_keys(raw: Sequence[str], known: Iterable[str]) -> KeyMatch:
    """Find the one change of spelling that makes most unknown keys known.

    Tried: leading zeros lost or added, the beginning that all known keys share lost or added.
    A change is only taken where it leads to keys that nothing else in the column has, so two
    spellings never run into one area.
    """
    known_set = frozenset(known)
    exact = [key in known_set for key in raw]
    unknown = [i for i, hit in enumerate(exact) if not hit and raw[i]]
    taken = {key for key, hit in zip(raw, exact, strict=True) if hit}
    best: dict[int, str] = {}
    for change in _changes(known_set, [raw[i] for i in unknown]):
        changed = {i: change(raw[i]) for i in unknown}
        counts = Counter(changed.values())
        hits = {
            i: key
            for i, key in changed.items()
            if key in known_set and key not in taken and counts[key] == 1
        }
        if len(hits) > len(best):
            best = hits
    keys = tuple(best.get(i, key) for i, key in enumerate(raw))
    return KeyMatch(
        raw=tuple(raw),
        keys=keys,
        known=tuple(key in known_set for key in keys),
        repaired=tuple(sorted(best)),
    )


def _changes(known: frozenset[str], unknown: Sequence[str]) -> list[Callable[[str], str]]:
    if not known:
        return []
    width = Counter(len(key) for key in known).most_common(1)[0][0]
    prefix = _common_start(known) if len(known) > 1 else ""
    changes: list[Callable[[str], str]] = [
        lambda key: key.zfill(width),
        lambda key: key.lstrip("0"),
    ]
    # every beginning that all known keys share can have been lost or never written
    for length in range(1, len(prefix) + 1):
        start = prefix[:length]
        changes.append(lambda key, start=start: start + key)  # type: ignore[misc]
        changes.append(
            lambda key, start=start: start + key.zfill(width - len(start))  # type: ignore[misc]
        )
    # a delivery may put its own prefix (a municipality code) before every key
    own = {key[:-width] for key in unknown if len(key) > width}
    if len(own) == 1:
        changes.append(lambda key: key[-width:])
    return changes


def _common_start(keys: frozenset[str]) -> str:
    low, high = min(keys), max(keys)
    length = next((i for i, c in enumerate(low) if i >= len(high) or high[i] != c), len(low))
    return low[:length]
