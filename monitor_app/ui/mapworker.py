"""Makes sharp pictures of the map in a thread of its own; the newest wish wins."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from monitor_app.cartography.borders import border_overlay
from monitor_app.cartography.decor import decor_overlay
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.paint import Painter
from monitor_app.cartography.pixels import Order
from monitor_app.cartography.raster import View, rasterise
from monitor_app.cartography.shapes import AreaShapes

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Wish:
    """A picture that is wanted. Numbers rise; a picture with a lower one is stale."""

    number: int
    shapes: AreaShapes
    spec: MapSpec
    view: View


@dataclass(frozen=True, eq=False)
class Sketch:
    """Fills, and borders one pixel wide: ready at once. The painter belongs to the receiver from
    now on."""

    wish: Wish
    painter: Painter
    borders: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class SmoothBorders:
    """Smooth borders for a sketch that was sent before."""

    number: int
    borders: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Decor:
    """Premultiplied colours of all layers over the map, one per device pixel; None: no layers."""

    wish: Wish
    colours: NDArray[np.uint32] | None


class MapWorker(QObject):
    """Signals are sent from the thread; connect them queued. numpy only, never a pixmap."""

    sketched = Signal(object)
    smoothed = Signal(object)
    decorated = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._change = threading.Condition()
        self._wish: Wish | None = None
        self._decor: Wish | None = None
        self._busy = False
        self._stopped = False
        self._thread: threading.Thread | None = None

    def wish(self, wish: Wish) -> None:
        """Ask for a picture; an older wish that was not begun is forgotten."""
        with self._change:
            if self._stopped:
                return
            self._wish = self._decor = wish
            self._go()

    def wish_decor(self, wish: Wish) -> None:
        """Ask for the layers over a map whose areas are drawn already."""
        with self._change:
            if not self._stopped:
                self._decor = wish
                self._go()

    def _go(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="map", daemon=True)
            self._thread.start()
        self._change.notify_all()

    @property
    def idle(self) -> bool:
        with self._change:
            return self._wish is None and self._decor is None and not self._busy

    def shutdown(self) -> None:
        """End the thread and wait for it; nothing is sent afterwards."""
        with self._change:
            self._stopped = True
            self._wish = self._decor = None
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while True:
            with self._change:
                self._busy = False
                self._change.wait_for(
                    lambda: self._wish is not None or self._decor is not None or self._stopped
                )
                if self._stopped:
                    return
                wish, decor = self._wish, None
                if wish is not None:
                    self._wish = None
                else:  # the areas come first
                    decor, self._decor = self._decor, None
                self._busy = True
            try:
                if wish is not None:
                    self._work(wish)
                elif decor is not None:
                    self._decorate(decor)
            except Exception:
                log.exception("the map could not be drawn")
                if decor is not None and self._may_send(SENT_SKETCH):
                    self.decorated.emit(Decor(decor, None))

    def _work(self, wish: Wish) -> None:
        raster = rasterise(wish.shapes, wish.view)
        painter = Painter(raster, Order.ARGB32)
        painter.fill(wish.spec)
        crude = border_overlay(raster, wish.spec.borders, Order.ARGB32, smooth=False)
        if self._may_send(SENT_SKETCH):
            self.sketched.emit(Sketch(wish, painter, crude))
        if self._may_send(SENT_SMOOTH):
            smooth = border_overlay(raster, wish.spec.borders, Order.ARGB32)
            if self._may_send(SENT_SKETCH):
                self.smoothed.emit(SmoothBorders(wish.number, smooth))

    def _decorate(self, wish: Wish) -> None:
        colours = decor_overlay(wish.spec, wish.shapes, wish.view, Order.ARGB32)
        if self._may_send(SENT_SMOOTH):
            self.decorated.emit(Decor(wish, colours))

    def _may_send(self, only_newest: bool) -> bool:
        """A sketch is worth sending although the hand moved on; smooth borders are not."""
        with self._change:
            newer = self._wish is not None
            return not self._stopped and not (only_newest and newer)


SENT_SKETCH, SENT_SMOOTH = False, True
