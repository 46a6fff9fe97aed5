"""Convert XLSForms in an environment that holds pyxform and nothing of ours.

Started as a script by another Python (`pipeline.other_pyxform`), so it imports pyxform only. It
reads a JSON list of `{"name", "workbook"}` (base64) on stdin and prints one of
`{"name", "xform", "warnings", "error"}` with the version of pyxform on stdout.
"""

import base64
import json
import sys
from importlib.metadata import version
from typing import Any

ROOT = "data"


def main() -> None:
    """Convert everything that stands on stdin."""
    from pyxform.xls2xform import convert

    done: list[dict[str, Any]] = []
    for form in json.load(sys.stdin):
        warnings: list[str] = []
        xform = error = ""
        try:
            xform = convert(
                base64.b64decode(form["workbook"]), warnings=warnings, form_name=ROOT,
                pretty_print=True, file_type=".xlsx",
            ).xform  # fmt: skip
        except Exception as refused:  # whatever this pyxform stumbles over is its answer
            error = f"{type(refused).__name__}: {refused}"
        done.append({"name": form["name"], "xform": xform, "warnings": warnings, "error": error})
    json.dump({"version": version("pyxform"), "forms": done}, sys.stdout)


if __name__ == "__main__":
    main()
