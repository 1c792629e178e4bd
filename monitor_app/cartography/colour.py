"""Colour arithmetic: sRGB, CIELAB, colour-blind vision. Plain numpy, arrays of shape (n, 3).

sRGB after IEC 61966-2-1, CIELAB after CIE 15 (D65, 2°); colour-blind vision by the matrices of
Machado, Oliveira, Fernandes (2009) for severity 1.0, applied to linear RGB.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_XYZ_TO_RGB = np.linalg.inv(_RGB_TO_XYZ)
_WHITE = _RGB_TO_XYZ.sum(axis=1)

VISION = {
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}


def rgb_of(colour: str) -> tuple[float, float, float]:
    """``#rrggbb`` to 0..1; ValueError for anything else."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ValueError(f"not a colour: {colour!r}")
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def hex_of(rgb: Sequence[float] | FloatArray) -> str:
    """0..1 (clipped) to ``#rrggbb``."""
    return "#" + "".join(f"{round(float(np.clip(c, 0, 1)) * 255):02x}" for c in rgb)


def mix(colour: str, other: str, share: float) -> str:
    """``share`` (0..1) of ``other`` painted over ``colour``, as a blending painter does."""
    a, b = np.array(rgb_of(colour)), np.array(rgb_of(other))
    return hex_of(a * (1 - share) + b * share)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours after WCAG 2.2, 1 to 21."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    lights = [float(weights @ linear(np.asarray(rgb_of(c)))) for c in (one, other)]
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def readable(colour: str, paper: str, ink: str, least: float = 4.5) -> str:
    """A colour for words: drawn towards ``ink`` as far as it needs to be read on ``paper``."""
    for share in np.linspace(0.0, 1.0, 11):
        found = mix(colour, ink, float(share))
        if contrast(found, paper) >= least:
            return found
    return ink


def linear(rgb: FloatArray) -> FloatArray:
    return np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0) + 0.055) / 1.055) ** 2.4)


def gamma(rgb: FloatArray) -> FloatArray:
    return np.where(
        rgb <= 0.0031308, rgb * 12.92, 1.055 * np.maximum(rgb, 0.0) ** (1 / 2.4) - 0.055
    )


def to_lab(rgb: FloatArray) -> FloatArray:
    """sRGB 0..1 to CIELAB."""
    xyz = linear(rgb) @ _RGB_TO_XYZ.T / _WHITE
    delta = 6 / 29
    f = np.where(xyz > delta**3, np.cbrt(xyz), xyz / (3 * delta**2) + 4 / 29)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )


def from_lab(lab: FloatArray) -> FloatArray:
    """CIELAB to sRGB, clipped to 0..1."""
    y = (lab[:, 0] + 16) / 116
    f = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=1)
    delta = 6 / 29
    xyz = np.where(f > delta, f**3, 3 * delta**2 * (f - 4 / 29)) * _WHITE
    return np.clip(gamma(xyz @ _XYZ_TO_RGB.T), 0, 1)


def seen(rgb: FloatArray, vision: str) -> FloatArray:
    """sRGB as seen with ``normal``, ``deuteranopia``, ``protanopia`` or printed in ``grey``."""
    if vision == "normal":
        return rgb
    light = linear(rgb)
    if vision == "grey":
        luminance = light @ _RGB_TO_XYZ[1]
        return gamma(np.repeat(luminance[:, None], 3, axis=1))
    return gamma(np.clip(light @ VISION[vision].T, 0, 1))


def smallest_distance(colours: Sequence[str], vision: str = "normal") -> float:
    """Smallest CIELAB distance (CIE 1976) of any two colours, infinite for fewer than two."""
    if len(colours) < 2:
        return float("inf")
    lab = to_lab(seen(np.array([rgb_of(c) for c in colours]), vision))
    distance = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    return float(distance[np.triu_indices(len(colours), 1)].min())
