"""The parts that make the synthetic town; ``make_town.py`` puts them together."""
