"""The XForm that phones download: a form's content as the server deploys it.

The server puts its own marks on it: the root element and its id are the asset's uid, the
version reads `N (time)`, `formhub/uuid` and `__version__` are calculated, so that every
submission says which form and which version it was filled from.
"""

import re
from typing import Any

Json = dict[str, Any]


class InvalidFormError(ValueError):
    """The form cannot be converted; the argument is the converter's sentence."""


def deployed_xform(
    content: Json, *, uid: str, title: str, version: str, version_uid: str, formhub_uuid: str
) -> str:
    """XForm of a form's content with the server's marks.

    Raises
    ------
    InvalidFormError
        Where pyxform refuses the form.
    """
    # Imported here: half of the sandbox's start would go to a converter that few sessions need.
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert

    languages = content.get("translations", [None])
    survey = [_flat(row, languages) for row in content.get("survey", [])]
    survey.append({"type": "calculate", "name": "__version__", "calculation": f"'{version_uid}'"})
    settings = {k: v for k, v in content.get("settings", {}).items() if k != "id_string"}
    settings |= {"form_title": title, "form_id": uid, "version": version}
    choices = [_flat(row, languages) for row in content.get("choices", [])]
    workbook: dict[str, Any] = {
        "survey": survey,
        "survey_header": _header(survey),
        "choices": choices,
        "choices_header": _header(choices),
        "settings": [settings],
        "settings_header": _header([settings]),
    }
    try:
        xform = convert(xlsform=workbook, form_name=uid, pretty_print=True).xform
    except PyXFormError as error:
        raise InvalidFormError(str(error)) from None
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        # An unexpected column surfaces in pyxform as any of these.
        raise InvalidFormError(f"The form cannot be converted: {error}") from None
    root = re.compile(rf'(<{re.escape(uid)} id="[^"]*"[^>]*>)')
    xform = root.sub(r"\1<formhub><uuid/></formhub>", xform, count=1)
    bind = f'<bind nodeset="/{uid}/formhub/uuid" type="string" calculate="\'{formhub_uuid}\'"/>'
    return str(xform.replace("</model>", bind + "</model>", 1))


def _header(rows: list[dict[str, str]]) -> list[dict[str, None]]:
    """Columns of a sheet as pyxform's own readers hand them over."""
    return [dict.fromkeys(key for row in rows for key in row)] if rows else []


def _flat(row: Json, languages: list[str | None]) -> dict[str, str]:
    """Turn a row of content back into columns of a sheet."""
    cells: dict[str, str] = {}
    if "name" not in row and "$autoname" in row:
        cells["name"] = row["$autoname"]
    for key, value in row.items():
        if key.startswith("$"):
            continue
        if isinstance(value, list):
            for language, text in zip(languages, value, strict=False):
                if text is not None:
                    cells[f"{key}::{language}" if language else key] = str(text)
        elif isinstance(value, bool):
            cells[key] = "yes" if value else "no"
        else:
            cells[key] = str(value)
    kind = cells.get("type", "")
    listed = cells.pop("select_from_list_name", None) or cells.pop("file", None)
    if listed:
        other = " or_other" if cells.pop("_or_other", "") == "yes" else ""
        cells["type"] = f"{kind} {listed}{other}"
    elif kind.startswith(("begin_", "end_")):
        cells["type"] = kind.replace("_", " ", 1)
    return cells
