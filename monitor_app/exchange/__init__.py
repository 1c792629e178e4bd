"""Foreign files in and out: readers, dialects, recipes, validation. Only room with GDAL."""
