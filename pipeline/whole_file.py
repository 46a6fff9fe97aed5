"""Write a file that people may have open: whole, or not at all."""

import contextlib
import os
from pathlib import Path

from pipeline.errors import QuestionnaireError


def write_if_changed(path: Path, data: bytes) -> bool:
    """Write a file whole or not at all; False where it already says so.

    Raises
    ------
    QuestionnaireError
        Where it cannot be written, as on Windows while a spreadsheet program has it open.
    """
    if path.is_file() and path.read_bytes() == data:
        return False
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise QuestionnaireError(
            f"{path}: cannot be written ({error.strerror}); it is as it was. Close it where a "
            "spreadsheet program has it open, check the folder, and run the command again."
        ) from None
    return True
