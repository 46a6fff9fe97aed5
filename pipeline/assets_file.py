"""`assets.toml`: which project on which server holds which form of a study.

Written by `persepsi forms deploy`, read by `pull`, and meant to be committed: it holds ids and
hashes, never a token or an address. What study.toml says under [wave.assets] is the same
statement made by a person; the two must agree.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import StudyError
from pipeline.study import Study
from pipeline.tables import read_toml

NAME = "assets.toml"
HEAD = """\
# Written by `persepsi forms deploy`: which project on which server holds which form.
# Commit it with the questionnaires; it holds no token and no address.
"""
_ASSET = re.compile(r"[A-Za-z0-9]+|[0-9]+/[^/\s]+")
"""An id of KoBo, or Central's project number and form id."""
_TEXTS = ("server", "wave", "form", "asset", "version", "form_version", "xform")


@dataclass(frozen=True, slots=True)
class Published:
    """A form on a server.

    `version` is the server's id of the version that was deployed (empty: none yet), `xform` the
    SHA-256 of the XForm that the workbook then gave, `media` the hash of each file sent with it.
    """

    server: str
    wave: str
    form: str
    asset: str
    version: str = ""
    form_version: str = ""
    xform: str = ""
    media: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """What there is one entry of."""
        return self.server, self.wave, self.form


def read_published(folder: Path) -> tuple[Published, ...]:
    """Entries of a study's `assets.toml`; none where there is no such file.

    Raises
    ------
    StudyError
        Where it cannot be read, an entry lacks a field, or two entries are of one form.
    """
    path = folder / NAME
    if not path.exists():
        return ()
    raw = read_toml(path)
    entries = raw.get("asset", [])
    if set(raw) - {"asset"} or not isinstance(entries, list):
        raise StudyError(f"{path}: holds something else than [[asset]] entries. {_MEND}")
    found: dict[tuple[str, str, str], Published] = {}
    for number, entry in enumerate(entries, start=1):
        one = _entry(entry, f"{path}, entry {number}")
        if one.key in found:
            raise StudyError(
                f"{path}, entry {number}: form {one.form} of wave {one.wave} on server "
                f"{one.server} stands there twice ({found[one.key].asset} and {one.asset}), so "
                "pull cannot know which project holds the answers. Keep the right one."
            )
        found[one.key] = one
    return tuple(found.values())


_MEND = "Take the file back from the repository, or remove it and name the ids in study.toml."


def _entry(entry: Any, where: str) -> Published:
    if not isinstance(entry, Mapping) or set(entry) - {*_TEXTS, "media"}:
        raise StudyError(f"{where}: not as `persepsi forms deploy` writes it. {_MEND}")
    media = entry.get("media", {})
    texts = {name: entry.get(name, "") for name in _TEXTS}
    wrong = [name for name, value in texts.items() if not isinstance(value, str)]
    if not isinstance(media, Mapping) or wrong:
        raise StudyError(f"{where}: {', '.join(wrong) or 'media'} must be text. {_MEND}")
    missing = [name for name in ("server", "wave", "form", "asset") if not texts[name]]
    if missing or not _ASSET.fullmatch(texts["asset"]):
        raise StudyError(f"{where}: {', '.join(missing) or 'asset'} is missing or wrong. {_MEND}")
    return Published(**texts, media={str(name): str(hash_) for name, hash_ in media.items()})


def write_published(folder: Path, entry: Published) -> None:
    """Put an entry into `assets.toml`, in place of the one of the same form.

    Raises
    ------
    StudyError
        Where the file cannot be written; it says the id, so that it is not lost.
    """
    found = {one.key: one for one in read_published(folder)} | {entry.key: entry}
    blocks = [HEAD]
    for one in sorted(found.values(), key=lambda one: one.key):
        lines = ["[[asset]]"]
        lines += [
            f"{name} = {_quoted(getattr(one, name))}" for name in _TEXTS if getattr(one, name)
        ]
        if one.media:
            lines.append("[asset.media]")
            lines += [f"{_quoted(name)} = {_quoted(one.media[name])}" for name in sorted(one.media)]
        blocks.append("\n".join(lines) + "\n")
    try:
        part = folder / f".{NAME}.part"
        part.write_bytes("\n".join(blocks).encode("utf-8"))
        os.replace(part, folder / NAME)
    except OSError as error:
        raise StudyError(
            f"{folder / NAME}: cannot be written ({error.strerror}). Form {entry.form} is project "
            f"{entry.asset} on the server; write that under [wave.assets] in study.toml."
        ) from None


def known_assets(study: Study) -> dict[str, str]:
    """Form to its project on the study's server, as study.toml or `assets.toml` says.

    Raises
    ------
    StudyError
        Where the two name different projects for a form.
    """
    found = {
        one.form: one.asset
        for one in read_published(study.folder)
        if (one.server, one.wave) == (study.server.id, study.wave.id)
    }
    for form, asset in study.wave.assets.items():
        if asset and found.get(form, asset) != asset:
            raise StudyError(
                f"{study.file('study.toml')} [wave.assets] says that form {form} is project "
                f"{asset}, and {study.file(NAME)} that it is {found[form]}, so it is not certain "
                "where its answers are. Remove the wrong line."
            )
        if asset:
            found[form] = asset
    return found


def assets_of_others(study: Study, form: str) -> frozenset[str]:
    """Projects that the study names for another form or another wave: never taken for this one."""
    recorded = {
        one.asset
        for one in read_published(study.folder)
        if (one.wave, one.form) != (study.wave.id, form)
    }
    named = {
        asset
        for wave in study.waves
        for name, asset in wave.assets.items()
        if (wave.id, name) != (study.wave.id, form)
    }
    return frozenset(recorded | named)


def published_of(study: Study, form: str) -> Published | None:
    """Entry of a form in the present wave on the study's server, or None."""
    key = (study.server.id, study.wave.id, form)
    return next((one for one in read_published(study.folder) if one.key == key), None)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
