"""Colours as 32-bit numbers, one per pixel."""

from __future__ import annotations

import sys
from enum import Enum

import numpy as np
from numpy.typing import NDArray


class Order(Enum):
    """Order of the channels: bytes R, G, B, A in memory, or the number 0xAARRGGBB (what Qt's
    ``Format_RGB32`` and ``Format_ARGB32_Premultiplied`` want)."""

    RGBA = "rgba"
    ARGB32 = "argb32"


def packed(colours: NDArray[np.float64], order: Order) -> NDArray[np.uint32]:
    """Colours (n, 4) with channels R, G, B, A of 0..1 as one number each."""
    channels = np.clip(np.round(colours * 255), 0, 255).astype(np.uint32)
    numbers: NDArray[np.uint32]
    red, green, blue, alpha = channels.T
    if order is Order.ARGB32:
        numbers = blue | green << 8 | red << 16 | alpha << 24
    elif sys.byteorder == "little":
        numbers = red | green << 8 | blue << 16 | alpha << 24
    else:
        numbers = alpha | blue << 8 | green << 16 | red << 24
    return numbers


def opaque(colours: list[str], order: Order) -> NDArray[np.uint32]:
    """``#rrggbb`` colours as numbers; ``#00000000`` is fully transparent."""
    rgba = np.array(
        [
            (0.0, 0.0, 0.0, 0.0)
            if len(c) == 9
            else (*(int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)
            for c in colours
        ]
    ).reshape(-1, 4)
    return packed(rgba, order)


def over(below: NDArray[np.uint8], above: NDArray[np.uint8]) -> None:
    """Blend premultiplied ``above`` into ``below`` in place; both (rows, columns, 4) bytes whose
    last channel is alpha."""
    rows, columns = np.nonzero(above[..., 3])
    ink = above[rows, columns].astype(np.uint16)
    rest = below[rows, columns].astype(np.uint16) * (255 - ink[:, 3:4])
    below[rows, columns] = np.minimum(ink + (rest + 127) // 255, 255).astype(np.uint8)
