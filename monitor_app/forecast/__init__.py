"""Cohort-component forecasts, their uncertainty and their backtest."""
