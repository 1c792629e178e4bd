"""Catalogue, formula language and engine."""
