"""Which areas are selected and hovered; map, table, charts and legend subscribe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SelectionChange:
    added: frozenset[str]
    removed: frozenset[str]
    hovered: str | None


class Selection:
    """Area keys of the shown level. Order of selection is kept (first selected = first line)."""

    def __init__(self) -> None:
        self._keys: dict[str, None] = {}
        self._hovered: str | None = None
        self._listeners: list[Callable[[SelectionChange], None]] = []

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._keys)

    @property
    def hovered(self) -> str | None:
        return self._hovered

    def subscribe(self, listener: Callable[[SelectionChange], None]) -> Callable[[], None]:
        """Call ``listener`` on each change; returns the function that ends the subscription."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def set(self, keys: Iterable[str]) -> None:
        new = dict.fromkeys(keys)
        added, removed = frozenset(new) - self._keys.keys(), frozenset(self._keys) - new.keys()
        if added or removed:
            self._keys = new
            self._tell(SelectionChange(added, removed, self._hovered))

    def toggle(self, key: str) -> None:
        keys = [k for k in self._keys if k != key]
        self.set(keys if key in self._keys else [*keys, key])

    def clear(self) -> None:
        self.set(())

    def hover(self, key: str | None) -> None:
        if key != self._hovered:
            self._hovered = key
            self._tell(SelectionChange(frozenset(), frozenset(), key))

    def _tell(self, change: SelectionChange) -> None:
        for listener in tuple(self._listeners):
            listener(change)
