"""The formula language as the rest of the application sees it.

``100 * pop(age >= 65) / pop(age 20..64)``: counts with filters, variables and other indicators by
key, arithmetic, and the functions of ``functions.FUNCTIONS``. ``age 20..64`` means completed years
20 to 64, both inclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from monitor_app.indicators.parser import parse_tree
from monitor_app.indicators.tree import Input, Node, inputs, names


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed formula: the text as typed and its tree."""

    text: str
    tree: Node

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Counts and variables that the formula itself reads (not those of other indicators)."""
        return inputs(self.tree)

    @property
    def names(self) -> tuple[str, ...]:
        """Plain names: other indicators, or variables of the project."""
        return names(self.tree)


@lru_cache(maxsize=2048)
def parse(text: str) -> Formula:
    """Parse a formula.

    Errors: ``UserError`` whose issue has ``column`` (1-based, as text), a message and, where
    there is one, a suggestion. Nothing else is raised for any text.
    """
    return Formula(text, parse_tree(text))
