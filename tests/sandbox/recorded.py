"""A recorded request and answer, and how an answer of ours is held against it.

What a server makes up (ids, times, hashes, its address) is compared by kind and must be used
consistently; everything else must be equal.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "transcripts"

KINDS = {
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?\Z"),
    "hash": re.compile(r"(md5:)?[0-9a-f]{32}([0-9a-f]{8})?\Z"),
    "gravatar": re.compile(r"(https://www\.gravatar\.com/.*)?\Z"),
}
# Ids that stand inside addresses and texts, replaced before texts are compared.
ID = re.compile(
    r"\b(?:org|att|af|[aivpuk])[2-9A-HJ-NP-Za-km-z]{21,22}\b"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b"
    r"|\b[0-9a-f]{32}\b"
)
HOST = re.compile(r"http://(localhost|127\.0\.0\.1):\d+")
# The name of a nameless question: its type and its `$kuid`, which is drawn anew each time.
NAMELESS = re.compile(r"\b(note|text)_[A-Za-z0-9]{9}\b")
STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")
# The order in these lists is the recorded server's database's, not a promise.
UNORDERED = {"columns", "effective_permissions", "permissions", "languages"}
# Parts of KoBo that the sandbox leaves empty.
LEFT_OUT = {"export_settings", "deployment__data_download_links"}


@dataclass
class Transcript:
    """One file of the folder `transcripts`."""

    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: str
    status: int
    answer_headers: dict[str, str]
    answer: str

    @property
    def is_cut(self) -> bool:
        """Whether the recording holds only the beginning of the answer."""
        return self.answer.rstrip().endswith("chars in all]")


def read(name: str) -> Transcript:
    text = (FOLDER / f"{name}.http").read_text(encoding="utf-8")
    asked, _, answered = text.partition("\n--- response")
    lines = asked.split("\n")
    while lines[0].startswith("#"):
        lines.pop(0)
    method, path, _ = lines[0].split(" ", 2)
    headers, body = _message("\n".join(lines[1:]))
    answered = answered.partition("\n")[2]
    status = int(answered.split(" ", 2)[1])
    answer_headers, answer = _message(answered.partition("\n")[2])
    return Transcript(name, method, path, headers, body, status, answer_headers, answer)


def _message(text: str) -> tuple[dict[str, str], str]:
    head, _, body = text.partition("\n\n")
    headers = {}
    for line in head.split("\n"):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return headers, body


def multipart(body: str, content_type: str) -> bytes:
    """A recorded multipart body with its line ends as they were on the wire."""
    boundary = content_type.partition("boundary=")[2]
    parts = []
    for part in body.split(f"--{boundary}")[1:-1]:
        head, _, content = part.removeprefix("\n").partition("\n\n")
        content = content.removesuffix("\n")
        parts.append(f"--{boundary}\r\n" + head.replace("\n", "\r\n") + f"\r\n\r\n{content}\r\n")
    return ("".join(parts) + f"--{boundary}--\r\n").encode()


@dataclass
class Names:
    """Which id of ours stands for which recorded one; one to one, through the whole session."""

    ours: dict[str, str] = field(default_factory=dict)
    theirs: dict[str, str] = field(default_factory=dict)

    def learn(self, recorded: str, own: str) -> bool:
        if self.ours.setdefault(recorded, own) != own:
            return False
        return self.theirs.setdefault(own, recorded) == recorded

    def translated(self, text: str) -> str:
        """A recorded request with our ids in it."""
        for recorded, own in self.ours.items():
            text = text.replace(recorded, own)
        return text


def differences(recorded: Any, own: Any, names: Names, where: str = "") -> list[str]:
    """What differs between a recorded value and ours, one sentence each."""
    if where.rpartition(".")[2] in LEFT_OUT and type(recorded) is type(own):
        return []
    if isinstance(recorded, dict) and isinstance(own, dict):
        return _of_objects(recorded, own, names, where)
    if isinstance(recorded, list) and isinstance(own, list):
        key = where.rpartition(".")[2]
        if key in UNORDERED:
            recorded, own = (sorted(value, key=json.dumps) for value in (recorded, own))
            if key == "permissions":  # with their ids, sorted by what they permit
                recorded, own = (
                    sorted(value, key=lambda row: (row["user"][-6:], row["permission"][-30:]))
                    for value in (recorded, own)
                )
        if len(recorded) != len(own):
            return [f"{where}: {len(own)} items, recorded {len(recorded)}"]
        return [
            line
            for index, pair in enumerate(zip(recorded, own, strict=True))
            for line in differences(*pair, names, f"{where}[{index}]")
        ]
    if isinstance(recorded, str) and isinstance(own, str):
        return _of_texts(recorded, own, names, where)
    if where.endswith(".timestamp") and isinstance(own, int):
        return []
    if type(recorded) is not type(own) or recorded != own:
        return [f"{where}: {own!r}, recorded {recorded!r}"]
    return []


def _of_objects(
    recorded: dict[str, Any], own: dict[str, Any], names: Names, where: str
) -> list[str]:
    if where.endswith(("report_styles.specified", "report_styles.kuid_names")):
        recorded, own = (
            {k: v for k, v in d.items() if not _is_kuid(k, d)} for d in (recorded, own)
        )
    if "$kuid" in recorded and "$kuid" in own:  # nameless questions are named by it
        recorded, own = (
            {k: v.replace(d["$kuid"], "<kuid>") if isinstance(v, str) else v for k, v in d.items()}
            for d in (recorded, own)
        )
    lines = []
    if set(recorded) != set(own):
        absent, extra = set(recorded) - set(own), set(own) - set(recorded)
        lines.append(f"{where}: lacks {sorted(absent)}, has besides {sorted(extra)}")
    for key in recorded:
        if key in own and not (key == "$kuid" or where.endswith("kuid_names")):
            lines += differences(recorded[key], own[key], names, f"{where}.{key}")
    return lines


def _is_kuid(key: str, styles: dict[str, Any]) -> bool:
    """Whether a row without name is listed by its `$kuid`, which is drawn anew each time."""
    return len(key) == 9 and (styles[key] == key or (not styles[key] and key not in WORDS))


WORDS = {"enum_name", "n_members"}  # the names of nine letters in the recorded form


def _of_texts(recorded: str, own: str, names: Names, where: str) -> list[str]:
    for kind, pattern in KINDS.items():
        if kind == "gravatar" and not where.endswith("gravatar"):
            continue
        if pattern.match(recorded) and pattern.match(own):
            if kind == "hash" and len(recorded) == 32:
                break  # an id without dashes: must be used consistently
            return []
    recorded, own = (
        NAMELESS.sub(r"\1_<kuid>", HOST.sub("http://host", STAMP.sub("<time>", text)))
        for text in (recorded, own)
    )
    theirs, ours = ID.findall(recorded), ID.findall(own)
    if ID.sub("<id>", recorded) != ID.sub("<id>", own):
        return [f"{where}: {own!r}, recorded {recorded!r}"]
    return [
        f"{where}: id {mine} where {other} was recorded, not as before"
        for other, mine in zip(theirs, ours, strict=True)
        if not names.learn(other, mine)
    ]


def scalars_at_top(answer: str) -> dict[str, Any]:
    """Plain values of the outermost object of an answer that was cut off while recording."""
    found = {}
    for name, value in re.findall(r'^ "(\w+)": (.+?),?$', answer, re.MULTILINE):
        if value[0] not in "[{":
            found[name] = json.loads(value)
    return found
