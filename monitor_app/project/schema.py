"""Tables of the project file: a GeoPackage 1.3 that carries the whole project.

Column types are those a GeoPackage allows (TEXT, INTEGER, REAL, BLOB) and each table has an
``INTEGER PRIMARY KEY``: QGIS and GDAL show no rows otherwise. ``user_version`` and
``application_id`` belong to the standard, so our own schema version stands in ``monitor_meta``.

Rows of versioned tables are never changed in place: a change removes rows and adds others under
new ids, which is what makes undo exact (see ``history``).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import UserDefinedType

#: Version of the tables below. Raise it together with a migration.
SCHEMA_VERSION = 2
#: The oldest schema version whose readers understand what this version writes.
MIN_READER = 2
#: First release of the application that reads files with ``MIN_READER``.
MIN_READER_APP = "0.1"

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10300  # GeoPackage 1.3.0
#: What older GeoPackages carry: "GP10" and "GP11".
APPLICATION_IDS = (APPLICATION_ID, 0x47503130, 0x47503131)


class Geometry(UserDefinedType[bytes]):
    """GeoPackage geometry column; its declared type is the upper-case geometry name."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_kw: Any) -> str:
        return self.name


METADATA = sa.MetaData()


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


META = sa.Table(
    "monitor_meta",
    METADATA,
    _id(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    _text("value", null=True),
)

REVISION = sa.Table(
    "monitor_revision",
    METADATA,
    _id(),
    _text("label"),
    _text("time"),
    _text("user"),
    _text("state"),  # applied, undone, dropped
    _text("merge_key", null=True),
)

SOURCE = sa.Table(
    "monitor_source",
    METADATA,
    _id(),
    sa.Column("revision", sa.Integer, sa.ForeignKey("monitor_revision.id"), nullable=False),
    _text("name"),
    _text("sha256"),
    sa.Column("size", sa.Integer, nullable=False),
    _text("modified", null=True),
    _text("sheet", null=True),
)

LEVEL = sa.Table(
    "monitor_level",
    METADATA,
    _id(),
    _text("key"),
    _text("name"),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("key_width", sa.Integer),
    _text("parents"),  # JSON list of level keys
    _text("layer"),  # table with the areas
    _text("crs", null=True),
)

DATASET = sa.Table(
    "monitor_dataset",
    METADATA,
    _id(),
    sa.Column("number", sa.Integer, nullable=False),  # stays while the row is replaced
    _text("key"),
    _text("kind"),
    _text("name"),
    _text("level"),
    _text("spec"),  # JSON of DatasetSpec
    _text("dims"),  # comma-separated, canonical order
    _text("axes"),  # JSON: labels per dimension except date and age
    _text("age_axis", null=True),
    _text("crs", null=True),  # facilities only
    _text("layer", null=True),  # facilities only: table with the points
    _text("imported_at"),
    sa.Column("revision", sa.Integer, nullable=False),  # that wrote this row
)

DATE = sa.Table(
    "monitor_date",
    METADATA,
    _id(),
    sa.Column("dataset", sa.Integer, nullable=False),
    _text("date"),
    sa.Column("total", sa.REAL, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Index("monitor_date_dataset", "dataset"),
)

#: One row per area, date, sex, group and partner; the ages stand in ``vals`` as little-endian
#: numbers of type ``dtype`` (read as float64) in the order of the data set's age axis, their
#: status codes in ``status`` (one byte each, NULL where all are OK). ``total`` is the sum of the
#: cells that have a value, for readers such as QGIS.
CELL = sa.Table(
    "monitor_cell",
    METADATA,
    _id(),
    sa.Column("dataset", sa.Integer, nullable=False),
    _text("date"),
    _text("area"),
    _text("sex", null=True),
    _text("grp", null=True),
    _text("partner", null=True),
    sa.Column("total", sa.REAL),
    _text("dtype"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("vals", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.LargeBinary),
    sa.Index("monitor_cell_date", "dataset", "date"),
)

FACILITY = sa.Table(
    "monitor_facility",
    METADATA,
    _id(),
    sa.Column("dataset", sa.Integer, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("x", sa.REAL),
    sa.Column("y", sa.REAL),
    _text("attributes"),  # JSON list in the order of axes["attributes"]
    sa.Index("monitor_facility_dataset", "dataset"),
)

DOCUMENT = sa.Table(
    "monitor_document",
    METADATA,
    _id(),
    _text("kind"),
    _text("key"),
    _text("text"),
)

#: Layers that we made for QGIS, so that we drop and rebuild ours and nobody else's.
LAYER = sa.Table(
    "monitor_layer",
    METADATA,
    _id(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    _text("kind"),  # areas, points
)

#: Ids of the rows that a revision added (``tbl`` names the table or area layer).
ADDED = sa.Table(
    "monitor_undo_added",
    METADATA,
    _id(),
    sa.Column("rev", sa.Integer, nullable=False),
    _text("tbl"),
    sa.Column("first_id", sa.Integer, nullable=False),
    sa.Column("last_id", sa.Integer, nullable=False),
    sa.Index("monitor_undo_added_rev", "rev"),
)

#: As QGIS looks for them; the type names are those a GeoPackage allows.
STYLE = sa.Table(
    "layer_styles",
    METADATA,
    _id(),
    _text("f_table_catalog", null=True),
    _text("f_table_schema", null=True),
    _text("f_table_name"),
    _text("f_geometry_column", null=True),
    _text("styleName"),
    _text("styleQML", null=True),
    _text("styleSLD", null=True),
    sa.Column("useAsDefault", sa.Integer, nullable=False),
    _text("description", null=True),
    _text("owner", null=True),
    _text("ui", null=True),
    _text("update_time", null=True),
)

#: Tables whose rows are versioned, in the order in which rows come back.
VERSIONED: tuple[sa.Table, ...] = (LEVEL, DATASET, DATE, CELL, FACILITY, DOCUMENT, STYLE)

#: Tables that QGIS shall list besides the layers.
VISIBLE: tuple[sa.Table, ...] = (
    META, REVISION, SOURCE, LEVEL, DATASET, DATE, CELL, FACILITY, DOCUMENT, STYLE,
)  # fmt: skip


@cache
def area_table(name: str) -> sa.Table:
    """The feature layer of one level."""
    return sa.Table(
        name,
        sa.MetaData(),
        _id(),
        sa.Column("geom", Geometry("MULTIPOLYGON")),
        _text("key"),
        _text("name"),
        _text("parents"),  # JSON object: level key -> area key
        _text("valid_from", null=True),
        _text("valid_to", null=True),
        sa.Column("surface_m2", sa.REAL),
    )


def _shadow(table: sa.Table, name: str, extra: tuple[sa.Column[Any], ...] = ()) -> sa.Table:
    """Where rows of ``table`` wait that an undo or redo may bring back.

    ``side`` 0: the row stood before the revision, which removed it. ``side`` 1: the revision
    added the row and is undone now.
    """
    columns = [
        sa.Column("row_id" if c.name == "id" else c.name, _storage(c), nullable=True)
        for c in table.columns
    ]
    return sa.Table(
        f"monitor_undo_{name}",
        METADATA,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("side", sa.Integer, nullable=False),
        *extra,
        *columns,
        sa.Index(f"monitor_undo_{name}_rev", "rev", "side"),
    )


def _storage(column: sa.Column[Any]) -> Any:
    return sa.LargeBinary() if isinstance(column.type, Geometry) else column.type


SHADOWS: dict[str, sa.Table] = {
    table.name: _shadow(table, table.name.removeprefix("monitor_").removeprefix("layer_"))
    for table in VERSIONED
}
AREA_SHADOW = _shadow(area_table("areas"), "area", (_text("layer"),))

# The system tables, as the GeoPackage standard (OGC 12-128r17, annex C) writes them.
SYSTEM_TABLES = (
    """CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL,
  definition TEXT NOT NULL,
  description TEXT
)""",
    """CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY,
  data_type TEXT NOT NULL,
  identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE,
  min_y DOUBLE,
  max_x DOUBLE,
  max_y DOUBLE,
  srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id)
)""",
    """CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL,
  m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
)""",
)

#: The three reference systems that every GeoPackage holds.
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,'
    'AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,'
    'AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],'
    'AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]'
)
SYSTEM_SRS = (
    ("Undefined cartesian SRS", -1, "NONE", -1, "undefined", None),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", None),
    ("WGS 84 geodetic", 4326, "EPSG", 4326, _WGS84, None),
)
