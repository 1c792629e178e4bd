"""The window. Only room with Qt."""
