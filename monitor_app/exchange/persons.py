from typing import Any
def map_persons(*args: Any) -> Any:
    raise NotImplementedError
