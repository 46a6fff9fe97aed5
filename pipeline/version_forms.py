"""The form that a submission was filled in: the XForm of its version, ready to judge.

KoBo keeps the content of every version, and `pull` keeps it with us. Central and export files do
not; there only the questionnaire of the study folder is at hand, for its own version.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline import xform
from pipeline.errors import QuestionnaireError
from pipeline.javarosa import Form, Recheck
from pipeline.record import canonical
from pipeline.sandbox.xform import InvalidFormError, deployed_xform
from pipeline.source import FormVersion


class FieldedForms:
    """The versions of one form; each is converted and parsed once, when it is first asked for.

    Parameters
    ----------
    workbook
        The questionnaire of the study folder; the CSV files beside it are its lists.
    versions
        What the store keeps of the server's versions.
    kind
        Of the server. Where it is `export` no version is known, and the workbook stands for all.
    """

    def __init__(self, workbook: Path, versions: Iterable[FormVersion], kind: str) -> None:
        self._workbook, self._kind = workbook, kind
        self._content = {version.version: _content(version.content) for version in versions}
        self._ready: dict[str, Recheck] = {}

    def of(self, version: str | None) -> Recheck | None:
        """The form of a version; None where it is not at hand.

        Raises
        ------
        QuestionnaireError
            Where the workbook, or what the server kept, does not convert or parse.
        """
        content = self._content.get(version or "")
        if content is not None:
            # A form that was redeployed as it was is one form with several versions.
            key = canonical({sheet: content.get(sheet) for sheet in ("survey", "choices")})
            if key not in self._ready:
                self._ready[key] = self._parsed(self._kept(content, version or ""))
            return self._ready[key]
        if self._kind in {"kobo", "sandbox"} and self._content:
            return None
        if "" not in self._ready:
            self._ready[""] = self._parsed(xform.convert(self._workbook).xml)
        today = self._ready[""]
        if self._kind == "central" and version != today.version:
            return None
        return today

    def _kept(self, content: dict[str, Any], version: str) -> str:
        try:
            return deployed_xform(
                content, uid=xform.ROOT, title=self._workbook.stem, version="", version_uid="",
                formhub_uuid="",
            )  # fmt: skip
        except InvalidFormError as error:
            raise QuestionnaireError(
                f"{self._workbook.stem}: version {version} as the server kept it cannot be "
                f"converted ({error}). Open the project in the form builder and deploy it again; "
                "until then check without it: --form names another form."
            ) from None

    def _parsed(self, text: str) -> Recheck:
        return Recheck(Form(text, self._workbook.parent))


def _content(text: str) -> dict[str, Any] | None:
    try:
        content = json.loads(text)
    except ValueError:
        return None
    return content if isinstance(content, dict) and content.get("survey") else None
