"""The waves of a study as study.toml declares them, in the order of the field.

A wave is one fielding with projects or files of its own; what tells the waves apart afterwards is
from which of them a submission came. Whatever would make that uncertain is refused here.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import StudyError
from pipeline.settings import IndexSettings, Wave, section

ALL = "*"
"""In `changed`: every question was asked otherwise."""


def read_waves(raw: Any, index: IndexSettings, path: Path) -> tuple[Wave, ...]:
    """The waves of study.toml at `path`, from first to last; one wave where none is declared.

    `index` is the section `[index]`; what `[wave.index]` says of a wave stands before it.

    Raises
    ------
    StudyError
        Naming the table: a wrong setting, an id twice, dates that overlap or go back, one project
        or file for two forms.
    """
    listed = [raw] if isinstance(raw, Mapping) else raw  # one [wave] is one wave
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise StudyError(f"{path} [[wave]]: must be a table of settings for each wave.")
    waves = tuple(
        _wave(one, index, f"{path} {_table(one, number)}")
        for number, one in enumerate(listed, start=1)
    ) or (Wave(index=index),)
    _refuse_same_id(waves, path)
    _refuse_overlap(waves, path)
    _refuse_same_place(waves, path)
    return waves


def _table(raw: Any, number: int) -> str:
    """The table as a person finds it: by its id, else by its place."""
    named = raw.get("id") if isinstance(raw, Mapping) else None
    return f"[[wave]] {named!r}" if isinstance(named, str) else f"[[wave]] number {number}"


def _wave(raw: Any, index: IndexSettings, where: str) -> Wave:
    if not isinstance(raw, Mapping):
        raise StudyError(f"{where}: must be a table of settings.")
    rest = {key: value for key, value in raw.items() if key != "index"}
    wave = section(Wave, rest, where)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", wave.id):
        raise StudyError(
            f"{where} id = {wave.id!r}: a short name of letters, digits, point, dash and "
            "underscore is needed, such as 2026-1, since files are called after it; what readers "
            "see is its label."
        )
    if wave.start and wave.end and wave.end < wave.start:
        raise StudyError(
            f"{where}: it ends ({wave.end}) before it starts ({wave.start}). Correct the dates."
        )
    own = raw.get("index", {})
    section(IndexSettings, own, f"{where} [wave.index]")
    given = {f.name: getattr(index, f.name) for f in dataclasses.fields(index)}
    if isinstance(own, Mapping) and "id" in own and own["id"] != index.id:
        raise StudyError(
            f"{where} [wave.index] id = {own['id']!r}: the index of the study is {index.id!r}, and "
            "one that has another name is another index. Give it another version instead."
        )
    merged = section(IndexSettings, {**given, **own}, f"{where} [wave.index]")
    return dataclasses.replace(wave, index=merged)


def _refuse_same_id(waves: Sequence[Wave], path: Path) -> None:
    seen: dict[str, str] = {}
    for wave in waves:
        other = seen.setdefault(wave.id.lower(), wave.id)
        if sum(w.id.lower() == wave.id.lower() for w in waves) > 1:
            raise StudyError(
                f"{path} [[wave]]: the id {other!r} stands there twice, so that nobody can tell "
                "which wave a number is of. Give each wave an id of its own (capitals do not "
                "tell them apart)."
            )


def _refuse_overlap(waves: Sequence[Wave], path: Path) -> None:
    """Waves stand in the order of the field; the last is the one that is reported."""
    before: Wave | None = None
    for wave in waves:
        start = wave.start or wave.end
        if start is None:
            continue
        end = None if before is None else before.end or before.start
        if before is not None and end is not None and start <= end:
            began = before.start or end
            if (wave.end or start) < began:
                raise StudyError(
                    f"{path} [[wave]] {wave.id!r} was in the field before [[wave]] {before.id!r}, "
                    "but stands after it. Put the waves in the order of the field: the last one "
                    "is reported, and compared with the one above it."
                )
            raise StudyError(
                f"{path} [[wave]] {wave.id!r} starts ({start}) before [[wave]] {before.id!r} has "
                f"ended ({end}). A day belongs to one wave; correct the dates, or make one wave of "
                "both."
            )
        before = wave


def _refuse_same_place(waves: Sequence[Wave], path: Path) -> None:
    """One project or file holds one form of one wave."""
    for kind, table in (("assets", "project"), ("files", "file")):
        seen: dict[str, str] = {}
        for wave in waves:
            for form, place in getattr(wave, kind).items():
                here = f"[[wave]] {wave.id!r} [wave.{kind}] {form}"
                other = seen.setdefault(place, here) if place else here
                if other != here:
                    raise StudyError(
                        f"{path}: {here} and {other} both name the {table} {place!r}. The wave of "
                        f"an answer is that of its {table}, so each wave and form needs one of its "
                        "own; correct the one that was copied."
                    )
