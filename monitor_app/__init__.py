"""Small-area monitoring and forecasting for municipal statistics offices."""

__version__ = "0.1.0"
