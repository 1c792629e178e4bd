"""Concepts shared by all rooms: areas, dates, ages, cubes, status, issues. No I/O, no Qt."""
