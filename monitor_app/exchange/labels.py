"""Labels of age, sex and date in foreign tables; see the modules for the rules."""

from monitor_app.exchange.age_labels import AgeReading, AgeRule, parse_age, parse_ages
from monitor_app.exchange.date_labels import (
    DateKind,
    DateReading,
    parse_date,
    parse_dates,
    parse_serial,
)  # fmt: skip
from monitor_app.exchange.label_set import LabelPlace, Labels
from monitor_app.exchange.sex_labels import SexReading, parse_sex, parse_sexes

__all__ = [
    "AgeReading", "AgeRule", "DateKind", "DateReading", "LabelPlace", "Labels", "SexReading",
    "parse_age", "parse_ages", "parse_date", "parse_dates", "parse_serial", "parse_sex",
    "parse_sexes",
]  # fmt: skip
