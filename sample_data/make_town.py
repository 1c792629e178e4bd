"""Make the synthetic town "Beispielstadt": ``python make_town.py [FOLDER]``.

Without a folder the files beside this script are written anew. The seed is fixed, so every run
gives the same files; see README.md for what they hold.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
import shapely
from town import (
    delivery,
    geometry,
    housing,
    maps,
    plan,
    rates,
    register,
    simulation,
    situation,
    surveys,
)


def generator(part: int) -> np.random.Generator:
    """Random numbers of one part; parts do not disturb each other."""
    return np.random.Generator(np.random.PCG64([plan.SEED, part]))


def history() -> tuple[
    geometry.Town, simulation.Setting, simulation.History, dict[int, simulation.Ints]
]:
    """Boundaries, quarters' properties, the simulated history and completed dwellings."""
    town = geometry.build(np.random.Generator(np.random.PCG64(plan.SEED)))
    kinds = tuple(p.kind for p in plan.pieces())
    xy = np.round(shapely.get_coordinates(shapely.centroid(list(town.pieces))), 1)
    xy = xy - np.array(plan.CENTRE)
    rng = generator(1)
    base = np.array([rates.KINDS[k][2] for k in kinds])
    status = np.round(base + 0.55 * simulation.smooth_field(xy, rng), 4)
    family = np.array([rates.DRAW[k][0] for k in kinds])
    vitality = np.round(0.9 + 0.10 * simulation.smooth_field(xy, rng) + 0.16 * (family - 0.95), 4)
    done = housing.completions(generator(2))
    setting = simulation.Setting(kinds, xy, status, vitality, housing.persons_housed(done))
    return town, setting, simulation.Simulation(setting, generator(3)).run(), done


def write_all(folder: Path) -> None:
    """Every file of the delivery below ``folder``; existing files are replaced."""
    town, setting, past, done = history()
    stock = surveys.dwelling_stock(past, setting, done)
    maps.write_maps(folder, town)
    delivery.write_stock(folder, past)
    delivery.write_births(folder, past)
    delivery.write_deaths(folder, past)
    delivery.write_naturalisations(folder, past)
    delivery.write_outside(
        folder, "zuzuege", past.moves_in, ("aus Umland", "aus übrigem Inland", "aus Ausland")
    )
    delivery.write_outside(
        folder, "wegzuege", past.moves_out, ("ins Umland", "ins übrige Inland", "ins Ausland")
    )
    delivery.write_inside(folder, past)
    delivery.write_reform(folder, town, past, stock.dwellings[plan.REFORM_YEAR - 1])
    surveys.write_housing(folder, done, stock)
    surveys.write_projects(folder)
    social = surveys.write_social(folder, past, setting, generator(4))
    report = situation.report(past, setting, social, generator(8))
    people = {year: situation.background(past, year) for year in report}
    situation.write_report(folder, report)
    situation.write_background(folder, people)
    delivery.write_control(folder, past, situation.control(report, people))
    surveys.write_rents(folder, setting, stock, generator(5))
    surveys.write_kitas(folder, town, past, generator(6))
    assert past.last is not None
    register.write_extract(folder, past.last, generator(7))
    register.write_workbook(folder, past)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
