"""The same submissions of the default study decode alike, whichever way they left the server."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fakes.central import EMAIL, PASSWORD, Central, serving
from fakes.exports import KoboTables, central_zip

from analysis.instrument import Instrument
from pipeline.central import CentralClient, CentralSource
from pipeline.central.credentials import Credentials
from pipeline.decode import Decoded, decode, distinct
from pipeline.export import ExportSource
from pipeline.kobo import KoboClient, KoboSource
from pipeline.questionnaire import read_instrument
from pipeline.sandbox import asset_uid, serve, study_state
from pipeline.source import FROM_START
from pipeline.study import study_folder
from pipeline.submission import Submission

MANY = 300
FORMS = ("wawancara", "sesi")


@pytest.fixture(scope="module")
def over_http() -> dict[str, list[Submission]]:
    """The first submissions of each form as the real client reads them from the sandbox."""
    folder = study_folder("kendari")
    found = {}
    with (
        serve(study_state(folder, "kendari")) as sandbox,
        KoboClient(sandbox.url, sandbox.token) as client,
    ):
        source = KoboSource(client, "sandbox")
        for form in FORMS:
            page = next(source.pages(asset_uid("kendari", form), FROM_START, MANY))
            found[form] = list(page.submissions)
    return found


@pytest.fixture(scope="module")
def forms() -> dict[str, Instrument]:
    return {form: read_instrument(study_folder("kendari") / f"{form}.xlsx") for form in FORMS}


def frame(submissions: Sequence[Submission], form: Instrument) -> pd.DataFrame:
    done = decode(submissions, distinct(form), wave="2026-1")
    assert not odd(done)
    return done.frame.sort_values("submission_id", ignore_index=True)


def odd(done: Decoded) -> dict[str, Any]:
    return {**done.unmatched, **done.misfits, **done.strangers}


def from_file(path: Path, form: Instrument) -> list[Submission]:
    source = ExportSource({"f": path}, instruments={"f": form})
    source.check()
    return [s for page in source.pages("f", FROM_START, 100) for s in page.submissions]


def assert_same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("csv", {}),
        ("csv", {"groups": True, "multiple": "details"}),
        ("csv", {"multiple": "summary"}),
        ("csv", {"lang": 0}),
        ("csv", {"lang": 1, "groups": True, "multiple": "details"}),
        ("xlsx", {}),
        ("xlsx", {"lang": 1}),
    ],
    ids=str,
)
def test_kobo_tables_hold_the_interviews_of_the_server(
    over_http, forms, tmp_path: Path, form: str, suffix: str, options: dict[str, Any]
) -> None:
    instrument = forms[form]
    if "lang" in options:
        options = options | {"lang": instrument.languages[options["lang"]]}
    records = [json.loads(s.body) for s in over_http[form]]
    tables = KoboTables(instrument, records, **options)
    path = getattr(tables, suffix)(tmp_path / f"{form}.{suffix}")
    found = from_file(path, instrument)
    assert len(found) == len(records) == min(MANY, len(over_http[form]))
    assert [(s.id, s.uuid, s.root_uuid, s.form_version, s.submitted_at) for s in found] == [
        (s.id, s.uuid, s.root_uuid, s.form_version, s.submitted_at) for s in over_http[form]
    ]
    assert_same(frame(found, instrument), frame(over_http[form], instrument))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("group_paths", "split"), [(True, True), (True, False), (False, True)])
def test_central_zips_hold_the_interviews_of_the_server(
    over_http, forms, tmp_path: Path, form: str, group_paths: bool, split: bool
) -> None:
    instrument = forms[form]
    records = [json.loads(s.body) for s in over_http[form]]
    path = central_zip(
        instrument, records, tmp_path / f"{form}.zip", group_paths=group_paths, split=split
    )
    found = from_file(path, instrument)
    assert {s.root_uuid for s in found} == {s.root_uuid for s in over_http[form]}
    assert {s.form_version for s in found} == {instrument.version}
    wanted = frame(over_http[form], instrument)
    wanted["form_version"] = pd.Series([instrument.version] * len(wanted), dtype="object")
    assert_same(frame(found, instrument), wanted)


@pytest.mark.parametrize("form", FORMS)
def test_central_over_odata_holds_the_interviews_of_the_server(over_http, forms, form: str) -> None:
    instrument = forms[form]
    central = Central(instrument)
    for submission in over_http[form]:
        central.add(json.loads(submission.body))
    asset = f"1/{form}"
    with (
        serving(central) as url,
        CentralClient(url, Credentials(email=EMAIL, password=PASSWORD)) as client,
    ):
        source = CentralSource(client, "central", {asset: instrument})
        source.check()
        pages = list(source.pages(asset, FROM_START, 70))
    found = [s for page in pages for s in page.submissions]
    assert [s.id for s in found] == sorted(s.id for s in found)
    assert {s.root_uuid for s in found} == {s.root_uuid for s in over_http[form]}
    wanted = frame(over_http[form], instrument)
    wanted["form_version"] = pd.Series([instrument.version] * len(wanted), dtype="object")
    assert_same(frame(found, instrument), wanted)
