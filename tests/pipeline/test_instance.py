"""The JSON of a submission is the one a real kpi server gave for the same XML."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest

from analysis.instrument import Instrument, Question
from pipeline.errors import QuestionnaireError
from pipeline.instance import to_kobo

PAIRS = json.loads((Path(__file__).parent / "kobo_pairs.json").read_text(encoding="utf-8"))
WHEN = datetime(2026, 10, 5, 6, 0, tzinfo=UTC)


def question(path: str, type_: str, repeat: str = "") -> Question:
    name = path.rsplit("/", 1)[-1]
    return Question(name=name, path=path, type=type_, labels={}, repeat=repeat)


INSTRUMENT = Instrument(
    form_id="full",
    title="",
    version="1",
    languages=("",),
    questions=(
        question("hh/loc/gps", "geopoint"),
        question("member/m_name", "text", "member"),
        question("member/job/j_title", "text", "member/job"),
    ),
    choices=MappingProxyType({}),
)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: "+".join(t[:3] for t in p["transcripts"]))
def test_record_equals_what_a_real_server_served(pair):
    served = pair["json"]
    record = to_kobo(
        pair["xml"],
        id=served["_id"],
        submitted_at=datetime.fromisoformat(served["_submission_time"] + "+00:00"),
        submitted_by=served["_submitted_by"],
        asset=served["_xform_id_string"],
        instrument=INSTRUMENT,
    )
    assert record.pop("_attachments") == []  # the files' own URLs are the server's to make
    assert record == served


def test_the_server_adds_asset_and_version_where_they_are_not_given():
    xml = "<data><q>1</q><meta><instanceID>uuid:a</instanceID></meta></data>"
    bare = to_kobo(xml, id=1, submitted_at=WHEN, submitted_by=None)
    full = to_kobo(xml, id=1, submitted_at=WHEN, submitted_by=None, asset="aX", version="vY")
    assert full == bare | {"_xform_id_string": "aX", "__version__": "vY"}
    assert bare["_submitted_by"] is None


def test_one_instance_of_a_repeat_is_still_an_array_and_an_empty_one_has_no_key():
    xml = (
        "<data><member><m_name>A</m_name><job><j_title/></job></member><member><m_name/></member>"
        "<meta><instanceID>uuid:a</instanceID></meta></data>"
    )
    record = to_kobo(xml, id=1, submitted_at=WHEN, submitted_by=None, instrument=INSTRUMENT)
    assert record["member"] == [{"member/m_name": "A"}]


def test_prefixes_do_not_enter_the_keys_and_text_stays_verbatim():
    xml = (
        '<data xmlns:orx="http://openrosa.org/xforms"><t>  007\n </t><blank>  </blank>'
        "<orx:meta><orx:instanceID>uuid:a</orx:instanceID></orx:meta></data>"
    )
    record = to_kobo(xml, id=1, submitted_at=WHEN, submitted_by=None)
    assert record["t"] == "  007\n "
    assert "blank" not in record
    assert record["_uuid"] == "a"
    assert record["meta/rootUuid"] == "uuid:a"


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        ("<data><q>1</q>", "not XML"),
        ("<data><q>1</q></data>", "no meta/instanceID"),
        ('<!DOCTYPE d [<!ENTITY e "x">]><d>&e;</d>', "not XML"),
    ],
)
def test_what_is_no_submission_is_refused_with_a_sentence(xml, says):
    with pytest.raises(QuestionnaireError, match=says) as raised:
        to_kobo(xml, id=7, submitted_at=WHEN, submitted_by=None)
    assert "Submission 7" in str(raised.value)
