"""An answer that is one JSON object."""

import json
from typing import Any


def read_object(text: str, *keys: str) -> dict[str, Any]:
    """Object of an answer; ValueError where it is none, or lacks one of `keys`."""
    value = json.loads(text)
    if not isinstance(value, dict) or any(key not in value for key in keys):
        raise ValueError("another answer than asked for")
    return value
