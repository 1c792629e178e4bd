"""The example of the page about specifications is one."""

from __future__ import annotations

import re
from pathlib import Path

from monitor_app.forecast.spec import ForecastSpec, dump_spec, load_spec

PAGE = Path(__file__).resolve().parents[2] / "docs" / "forecast.md"


def test_the_example_is_read_and_survives_as_text() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    spec = load_spec(text)
    assert load_spec(dump_spec(spec)) == spec
    told = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    assert told <= set(ForecastSpec.model_fields)
    assert spec.changes[0].at(2030) == 1.0 + 4 / 9 * 0.05
    assert spec.changes[1].at(2030) == 0.9
