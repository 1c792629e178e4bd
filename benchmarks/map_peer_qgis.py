"""The peer: QGIS without a window, told by lines of JSON what to draw. Run by the system's Python.

Each request answers with the milliseconds of one picture: layer as graduated renderer with white
borders, drawn by the parallel job of the QGIS canvas with its default settings.
"""

import json
import struct
import sys
import time
from pathlib import Path

import numpy as np
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsFeature,
    QgsField,
    QgsFillSymbol,
    QgsGeometry,
    QgsGraduatedSymbolRenderer,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPointXY,
    QgsRectangle,
    QgsRendererRange,
    QgsSpatialIndex,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize, QVariant
from qgis.PyQt.QtGui import QColor

COLOURS = ["#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#0c2c84"]


class City:
    """One layer and the ways to change its picture."""

    def __init__(self, path, size):
        self.layer = QgsVectorLayer("MultiPolygon?crs=EPSG:25832&index=yes", "city", "memory")
        provider = self.layer.dataProvider()
        provider.addAttributes([QgsField(n, QVariant.Double) for n in ("v", "w")])
        self.layer.updateFields()
        geometries = list(read_wkb(path))
        n = len(geometries)
        rng = np.random.default_rng(1)
        self.data = rng.normal(size=(8, n))
        features = []
        for i, blob in enumerate(geometries):
            feature = QgsFeature(self.layer.fields())
            geometry = QgsGeometry()
            geometry.fromWkb(blob)
            feature.setGeometry(geometry)
            feature.setAttributes([float(self.data[0, i]), float(self.data[1, i])])
            features.append(feature)
        provider.addFeatures(features)
        self.layer.updateExtents()
        self.ids = sorted(f.id() for f in self.layer.getFeatures())
        self.index = None
        self.classify("v", self.data[0], 7)
        self.settings = QgsMapSettings()
        self.settings.setLayers([self.layer])
        self.settings.setOutputSize(QSize(*size))
        self.settings.setDestinationCrs(self.layer.crs())
        self.settings.setFlag(QgsMapSettings.Antialiasing, True)
        self.settings.setFlag(QgsMapSettings.UseRenderingOptimization, True)
        self.settings.setBackgroundColor(QColor("white"))
        self.whole = QgsRectangle(self.layer.extent())
        self.whole.scale(1.03)
        self.settings.setExtent(self.whole)
        self.rounds = 0

    def classify(self, field, values, k):
        bounds = np.quantile(values, np.arange(k + 1) / k)
        ranges = []
        for i in range(k):
            symbol = QgsFillSymbol.createSimple(
                {
                    "color": COLOURS[i * 6 // max(k - 1, 1)],
                    "outline_color": "white",
                    "outline_width": "0.2",
                }
            )
            low = -1e9 if i == 0 else float(bounds[i])
            high = 1e9 if i == k - 1 else float(bounds[i + 1])
            ranges.append(QgsRendererRange(low, high, symbol, str(i)))
        self.layer.setRenderer(QgsGraduatedSymbolRenderer(field, ranges))

    def draw(self):
        job = QgsMapRendererParallelJob(self.settings)
        job.start()
        job.waitForFinished()
        return job.renderedImage()

    def value(self):
        """One cell of the table changes."""
        at = self.rounds % len(self.ids)
        self.layer.dataProvider().changeAttributeValues({self.ids[at]: {0: self.rounds / 10}})
        self.draw()

    def weight(self):
        """A weighted sum of eight indicators, new quantiles, new picture."""
        values = (np.ones(8) + 0.05 * self.rounds * np.arange(8)) @ self.data
        changes = {i: {0: v} for i, v in zip(self.ids, values.tolist(), strict=True)}
        self.layer.dataProvider().changeAttributeValues(changes)
        self.classify("v", values, 7)
        self.draw()

    def classes(self):
        """Another number of classes."""
        self.classify("v", self.data[0], 5 + self.rounds % 3)
        self.draw()

    def year(self):
        """Another column, classes as they are."""
        self.layer.renderer().setClassAttribute("vw"[self.rounds % 2])
        self.draw()

    def view(self):
        """The map moved by a few pixels, everything new."""
        box = QgsRectangle(self.whole)
        shift = box.width() * 0.002 * (self.rounds % 7)
        self.settings.setExtent(
            QgsRectangle(
                box.xMinimum() + shift, box.yMinimum(), box.xMaximum() + shift, box.yMaximum()
            )
        )
        self.draw()
        self.settings.setExtent(self.whole)

    def hover(self):
        """Which area is under the pointer: 100 points, through a spatial index."""
        if self.index is None:
            self.index = QgsSpatialIndex(
                self.layer.getFeatures(), flags=QgsSpatialIndex.FlagStoreFeatureGeometries
            )
        rng = np.random.default_rng(self.rounds + 1)
        box = self.whole
        points = rng.uniform(size=(100, 2)) * [box.width(), box.height()]
        start = time.perf_counter()
        for dx, dy in points:
            point = QgsPointXY(box.xMinimum() + dx, box.yMinimum() + dy)
            where = QgsGeometry.fromPointXY(point)
            for found in self.index.intersects(QgsRectangle(point, point)):
                if self.index.geometry(found).contains(where):
                    break
        return (time.perf_counter() - start) * 1000 / len(points)


def read_wkb(path):
    with Path(path).open("rb") as file:
        while head := file.read(4):
            yield file.read(struct.unpack("<I", head)[0])


def main():
    application = QgsApplication([], False)
    application.initQgis()
    city = None
    print(json.dumps({"version": Qgis.QGIS_VERSION}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if "load" in request:
            city = City(request["load"], request["size"])
            city.draw()
            answer = {"areas": len(city.ids)}
        else:
            city.rounds = request["round"]
            start = time.perf_counter()
            ms = getattr(city, request["case"])()
            answer = {"ms": (time.perf_counter() - start) * 1000 if ms is None else ms}
        print(json.dumps(answer), flush=True)
    application.exitQgis()


main()
