"""Foreign files in and out: readers, dialects, recipes, validation, writers. Only room with GDAL."""
