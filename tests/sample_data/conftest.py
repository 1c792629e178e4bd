"""The delivered files of the sample town, read once."""

from __future__ import annotations

from pathlib import Path

import pytest
from reading_town import Delivery, read_delivery


@pytest.fixture(scope="session")
def delivery(sample_town: Path) -> Delivery:
    return read_delivery(sample_town)
