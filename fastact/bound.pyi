from typing import Any

class Bound:
    result: Any
    def __call__(self) -> Any: ...
