"""Reference values that a user enters: figures of the state, of the region, or official ones of
the town. They are shown beside what is computed, and never take its place."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from monitor_app.core.i18n import _
from monitor_app.core.issues import fail
from monitor_app.indicators.definitions import Text


class Reference(BaseModel):
    """Values of one indicator for one place by date, in the unit of the indicator.

    ``place``: ``external`` (a state, another town) or ``city`` (an official figure of the town
    itself, such as that of the census). ``source`` is the citation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    indicator: str = Field(min_length=1)
    name: Text
    place: Literal["external", "city"] = "external"
    unit: str = ""
    source: str = ""
    values: dict[date, float] = Field(min_length=1)

    @field_validator("name")
    @classmethod
    def _named(cls, value: Text) -> Text:
        if not value.shown:
            raise ValueError("a name is needed")
        return value

    @field_validator("values")
    @classmethod
    def _finite(cls, value: dict[date, float]) -> dict[date, float]:
        if not all(math.isfinite(v) for v in value.values()):
            raise ValueError("values must be numbers")
        return dict(sorted(value.items()))

    @property
    def key(self) -> str:
        """Unique in a project: one series per indicator and place."""
        name = self.name.de or self.name.en
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        return f"{self.indicator}.{re.sub('[^a-z0-9]+', '_', plain).strip('_') or 'x'}"

    def joined(self, later: Reference) -> Reference:
        """This series with the dates of another added; its dates win."""
        return later.model_copy(
            update={"values": dict(sorted({**self.values, **later.values}.items()))}
        )

    def dump(self) -> str:
        """YAML text for the project file."""
        content = self.model_dump(mode="json", exclude_defaults=True)
        return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def load_reference(text: str) -> Reference:
    """Errors: ``UserError`` for a text that is none."""
    try:
        return Reference.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError, ValueError) as error:
        raise fail(
            "reference", _("The project holds a reference value that cannot be read.")
        ) from error
