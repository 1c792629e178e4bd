"""Classification, palettes, map and chart descriptions and how they are drawn. No Qt."""
