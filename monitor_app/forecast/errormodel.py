"""Parts of the errors to come: common, local and size-dependent.

Model of a relative error at horizon h of an area with n people:
``e = c_h Z + sqrt(A_h + B_h / n) T``, Z common to all areas of an origin (normal), T own to each
(Student t, 4 degrees of freedom, scale). ``spread`` fits it to the past of a town.
"""

from __future__ import annotations

from dataclasses import dataclass

FREEDOM = 4.0


@dataclass(frozen=True)
class ErrorModel:
    """Parts of the relative error at one horizon; ``local`` and ``by_size`` are squared scales.

    ``origins`` and ``errors`` tell what it rests on.
    """

    horizon: int
    common: float
    local: float
    by_size: float
    origins: int
    errors: int
