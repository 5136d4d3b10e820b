from typing import Any

def __getattr__(name: str) -> Any: ...  # private: types of users need nothing of it
