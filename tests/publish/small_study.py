"""A small study that is published to a sandbox as to any KoBo server."""

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import requests

from pipeline.deploy_plan import FormPlan
from pipeline.deploying import Deployed, carry_out, make_plan
from pipeline.form_ready import prepare
from pipeline.kobo.imports import Patience
from pipeline.publish_server import open_publisher
from pipeline.sandbox import TOKEN, RunningSandbox
from pipeline.study import Study, open_study
from pipeline.workbook import sheet, write_workbook

SURVEY = ["type", "name", "label::Bahasa Indonesia (id)", "label::English (en)", "relevant",
          "dimensi", "polaritas"]  # fmt: skip
ROWS = [
    ["select_one_from_file loket.csv", "loket", "Loket", "Counter", "", "", ""],
    ["select_one s4", "puas", "Petugas ramah.", "Staff are kind.", "", "sikap", "positif"],
    ["text", "saran", "Saran", "Advice", "${puas} = '1'", "", ""],
]
CHOICES = ["list_name", "name", "label::Bahasa Indonesia (id)", "label::English (en)", "skor"]
ANSWERS = [
    ["s4", "1", "Tidak setuju", "Disagree", "0"],
    ["s4", "2", "Setuju", "Agree", "100"],
]
SETTINGS = [["Survei air", "air", "1", "Bahasa Indonesia (id)"]]
NEW_ROWS = [*ROWS, ["integer", "usia", "Usia", "Age", "", "", ""]]
LIST = "name,label\nl1,Loket 1\nl2,Loket 2\n"

Say = Callable[[str], None]


def write_form(
    folder: Path,
    rows: Sequence[Sequence[str]] = ROWS,
    *,
    name: str = "air",
    settings: Sequence[Sequence[str]] = SETTINGS,
) -> None:
    """Write a questionnaire of the study."""
    write_workbook(
        {
            "survey": sheet(SURVEY, rows),
            "choices": sheet(CHOICES, ANSWERS),
            "settings": sheet(["form_title", "form_id", "version", "default_language"], settings),
        },
        folder / f"{name}.xlsx",
    )


def make_study(folder: Path, url: str, more: str = "") -> Study:
    """Write the study of one form that reads a list, on a server at `url`, and open it."""
    folder.mkdir(exist_ok=True, parents=True)
    write_form(folder)
    (folder / "loket.csv").write_text(LIST, "utf-8")
    (folder / "study.toml").write_text(
        f'[server]\nid = "uji"\nkind = "kobo"\nurl = "{url}"\n{more}', "utf-8"
    )
    return open_study(str(folder))


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def patience(self, seconds: float = 600.0) -> Patience:
        return Patience(seconds, lambda: self.now, self.sleep)


def silent(sentence: str) -> None:
    del sentence


def planned(study: Study, *, token: str = TOKEN, new: bool = False) -> list[FormPlan]:
    """Plan, and change nothing."""
    ready = prepare(study, [], validate=False)
    environ = {"KOBO_TOKEN": token}
    with open_publisher(study, environ, "", silent, sleep=silent_wait) as publisher:
        return make_plan(study, ready, publisher, new=new)


def published(
    study: Study,
    *,
    token: str = TOKEN,
    say: Say = silent,
    seconds: float = 600.0,
    accept_losses: bool = False,
    new: bool = False,
) -> list[Deployed]:
    """Plan and carry out, with a clock that does not wait."""
    ready = prepare(study, [], validate=False)
    environ = {"KOBO_TOKEN": token}
    with open_publisher(study, environ, "", silent, sleep=silent_wait) as publisher:
        plans = make_plan(study, ready, publisher, new=new)
        patience = Clock().patience(seconds)
        return [
            carry_out(study, plan, publisher, patience, say, accept_losses=accept_losses)
            for plan in plans
        ]


def silent_wait(seconds: float) -> None:
    del seconds


def call(sandbox: RunningSandbox, method: str, path: str, **more: Any) -> requests.Response:
    """A request of somebody else with the same account, as a browser would make it."""
    headers = {"Authorization": f"Token {sandbox.token}"}
    return requests.request(method, sandbox.url + path, headers=headers, timeout=10, **more)


def writes(sandbox: RunningSandbox) -> list[str]:
    """Requests so far that change something."""
    return [line for line in sandbox.state.requests if not line.startswith(("GET ", "HEAD "))]


def study_with(folder: Path, name: str) -> Path:
    """Write a study served by the sandbox inside the process, with one simulated submission."""
    study = folder / name
    (study / "simulasi").mkdir(parents=True)
    write_form(study)
    (study / "loket.csv").write_text(LIST, "utf-8")
    (study / "study.toml").write_text('[server]\nid = "sandbox"\nkind = "sandbox"\n', "utf-8")
    uuid = "00000001-0000-4000-8000-000000000000"
    record = {
        "_id": 1, "_uuid": uuid, "meta/instanceID": f"uuid:{uuid}", "puas": "1",
        "meta/rootUuid": f"uuid:{uuid}", "_submission_time": "2026-06-01T00:00:00",
    }  # fmt: skip
    (study / "simulasi" / "air.jsonl.gz").write_bytes(gzip.compress(json.dumps(record).encode()))
    return study


def only_asset(sandbox: RunningSandbox):
    (asset,) = sandbox.state.assets.values()
    return asset
