"""The shipped study in the sandbox, held against the project's other readers of the same."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import requests

from pipeline.instance import to_kobo
from pipeline.questionnaire import read_instrument
from pipeline.sandbox import RunningSandbox, asset_uid, serve, study_state

KENDARI = Path(str(resources.files("forms"))) / "kendari"
FORMS = ("wawancara", "sesi")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    state = study_state(KENDARI, "kendari", clock=lambda: datetime(2026, 10, 24, tzinfo=UTC))
    with serve(state) as running:
        yield running
    assert state.failures == []


def get(sandbox: RunningSandbox, path: str, **params: Any) -> requests.Response:
    headers = {"Authorization": f"Token {sandbox.token}"}
    return requests.get(sandbox.url + path, headers=headers, params=params, timeout=30)


def lines(form: str) -> list[dict[str, Any]]:
    text = gzip.decompress((KENDARI / "simulasi" / f"{form}.jsonl.gz").read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("form", FORMS)
def test_every_record_of_the_fieldwork_is_served_as_it_was_written(
    sandbox: RunningSandbox, form: str
) -> None:
    path = f"/api/v2/assets/{asset_uid('kendari', form)}/data/"
    served: list[dict[str, Any]] = []
    while True:
        answer = get(sandbox, path, limit=1000, start=len(served)).json()
        served += answer["results"]
        if answer["next"] is None:
            break
    written = lines(form)
    assert len(served) == answer["count"] == len(written)
    for own, row in zip(served, written, strict=True):
        assert {key: own[key] for key in row} == row


@pytest.mark.parametrize("form", FORMS)
def test_the_content_names_every_question_by_the_path_that_the_instrument_has(
    sandbox: RunningSandbox, form: str
) -> None:
    asset = get(sandbox, f"/api/v2/assets/{asset_uid('kendari', form)}/").json()
    survey = asset["content"]["survey"]
    instrument = read_instrument(KENDARI / f"{form}.xlsx")
    paths = {row["$xpath"]: row for row in survey if "$xpath" in row}
    assert asset["content"]["translations"] == list(instrument.languages)
    for question in instrument.questions:
        if question.type == "audit":
            continue  # it is no answer: phones keep it under meta/
        assert paths[question.path]["name"] == question.name
        for column in ("dimensi", "indikator", "bentuk", "skm", "polaritas", "rujukan"):
            held = {
                "dimensi": question.dimension,
                "indikator": question.indicator,
                "bentuk": question.bentuk,
                "skm": question.skm,
                "polaritas": question.polarity,
                "rujukan": question.reference,
            }[column]
            assert paths[question.path].get(column, "") == held


@pytest.mark.parametrize("form", FORMS)
def test_the_questionnaire_deploys_and_phones_find_its_lists(
    sandbox: RunningSandbox, form: str
) -> None:
    uid = asset_uid("kendari", form)
    number = sandbox.state.assets[uid].form_number
    xform = get(sandbox, f"/forms/{number}/form.xml").text
    assert f'<{uid} id="{uid}"' in xform
    manifest = get(sandbox, f"/xformsManifest/{number}").text
    for name in ("sessions.csv", "enumerators.csv"):
        assert f"jr://file-csv/{name}" in xform
        assert f"<filename>{name}</filename>" in manifest
    assert (
        get(sandbox, f"/xformsMedia/{number}/1.csv").content
        == (KENDARI / sorted(p.name for p in KENDARI.glob("*.csv"))[0]).read_bytes()
    )


@pytest.mark.parametrize("form", FORMS)
def test_the_xml_of_a_record_reads_back_to_it_by_the_other_reader(
    sandbox: RunningSandbox, form: str
) -> None:
    uid = asset_uid("kendari", form)
    for row in lines(form)[::150]:
        xml = get(sandbox, f"/api/v2/assets/{uid}/data/{row['_id']}.xml").text
        read = to_kobo(
            xml,
            id=row["_id"],
            submitted_at=datetime.fromisoformat(row["_submission_time"]).replace(tzinfo=UTC),
            submitted_by=row["_submitted_by"],
            instrument=read_instrument(KENDARI / f"{form}.xlsx"),
        )
        added = {"__version__", "formhub/uuid", "_xform_id_string"}
        assert {k: v for k, v in read.items() if k not in added} == row
