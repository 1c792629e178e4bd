from monitor_app.core.batch import ImportContext
from monitor_app.exchange.recipe_model import Recipe
from monitor_app.exchange.table import RawTable


def propose_recipe(tables: tuple[RawTable, ...], context: ImportContext) -> Recipe:
    raise NotImplementedError
