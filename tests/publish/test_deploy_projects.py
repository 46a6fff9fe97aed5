"""Which project on a KoBo server is a form's, and what the study records of it."""

import pytest
from small_study import (
    SETTINGS,
    call,
    make_study,
    only_asset,
    planned,
    published,
    write_form,
)

from pipeline.assets_file import read_published
from pipeline.errors import QuestionnaireError, ServerError, StudyError
from pipeline.gather import assets_of
from pipeline.project_search import AmbiguousProjectError
from pipeline.study import open_study


def test_a_project_of_the_same_name_with_answers_is_never_taken_unasked(study, sandbox):
    (done,) = published(study)
    study.file("assets.toml").unlink()
    asset = only_asset(sandbox)
    found = {"puas": "1", "meta/instanceID": "uuid:1", "meta/rootUuid": "uuid:1"}
    state = sandbox.state
    state.add_record(asset, found, at=state.clock(), by="analis", xml=None)
    with pytest.raises(AmbiguousProjectError) as raised:
        planned(study)
    assert f"{done.asset}: “Survei air”, form_id air, deployed, 1 submissions" in str(raised.value)
    assert 'Write the right one as air = "..." under [wave.assets]' in str(raised.value)
    settings = f'[[wave]]\nid = "1"\n[wave.assets]\nair = "{done.asset}"\n'
    named = make_study(study.folder, sandbox.url, settings)
    assert planned(named)[0].nothing
    assert len(state.assets) == 1


def test_two_projects_that_may_be_meant_are_both_named_and_new_makes_a_third(study, sandbox):
    for _ in range(2):
        made = {"name": "Survei air", "asset_type": "survey"}
        assert call(sandbox, "POST", "/api/v2/assets/", json=made).status_code == 201
    with pytest.raises(AmbiguousProjectError) as raised:
        planned(study)
    assert all(uid in str(raised.value) for uid in sandbox.state.assets)
    (done,) = published(study, new=True)
    assert done.verified
    assert len(sandbox.state.assets) == 3


def test_a_project_of_the_same_form_id_under_another_name_is_found(study, sandbox):
    (done,) = published(study)
    study.file("assets.toml").unlink()
    call(sandbox, "PATCH", f"/api/v2/assets/{done.asset}/", json={"name": "Air, kota"})
    with pytest.raises(AmbiguousProjectError, match=done.asset):
        planned(study)


def test_a_recorded_project_that_is_gone_is_not_made_anew(study, sandbox):
    (done,) = published(study)
    call(sandbox, "DELETE", f"/api/v2/assets/{done.asset}/")
    with pytest.raises(AmbiguousProjectError, match="no such project"):
        planned(study)
    assert sandbox.state.assets == {}


def test_a_project_archived_on_purpose_is_not_opened_again(study, sandbox):
    (done,) = published(study)
    call(sandbox, "PATCH", f"/api/v2/assets/{done.asset}/deployment/", json={"active": False})
    with pytest.raises(AmbiguousProjectError, match="archived, so fieldwork with it was ended"):
        planned(study)


def test_the_id_of_another_form_does_not_overwrite_that_form(study, sandbox):
    (done,) = published(study)
    write_form(study.folder, settings=[["Sesi", "sesi", "1", "Bahasa Indonesia (id)"]])
    with pytest.raises(AmbiguousProjectError, match="It would be overwritten"):
        planned(study)
    assert only_asset(sandbox).latest.uid == done.version


def test_the_project_of_an_earlier_wave_is_not_taken_for_the_new_one(study, sandbox):
    (first,) = published(study)
    second = make_study(study.folder, sandbox.url, '[[wave]]\nid = "1"\n[[wave]]\nid = "2"\n')
    (done,) = published(second)
    assert done.asset != first.asset
    assert {(one.wave, one.asset) for one in read_published(study.folder)} == {
        ("1", first.asset), ("2", done.asset),
    }  # fmt: skip


def test_pull_reads_the_project_from_the_record(study, sandbox):
    (done,) = published(study)
    assert assets_of(open_study(str(study.folder))) == {"air": done.asset}


def test_a_record_and_settings_that_disagree_stop_pull_and_publishing(study, sandbox):
    published(study)
    other = make_study(
        study.folder, sandbox.url, '[[wave]]\nid = "1"\n[wave.assets]\nair = "aLain"\n'
    )
    for act in (assets_of, planned):
        with pytest.raises(StudyError, match="Remove the wrong line"):
            act(other)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[asset]]\nserver = 1\n", "server must be text"),
        ('[[asset]]\nserver = "uji"\n', "wave, form, asset is missing"),
        ('[[asset]]\nserver = "uji"\nwave = "1"\nform = "air"\nasset = "https://x"\n', "asset is"),
        ('token = "x"\n', "something else than"),
        ("[[asset\n", "not valid TOML"),
        ('[[asset]]\nserver = "uji"\nwave = "1"\nform = "air"\nasset = "aB"\n' * 2, "twice"),
    ],
)
def test_a_damaged_record_is_a_sentence(study, text, told):
    study.file("assets.toml").write_text(text, "utf-8")
    with pytest.raises(StudyError, match=told):
        planned(study)


def test_a_wrong_token_and_a_study_without_server_are_told_apart(study, sandbox):
    with pytest.raises(ServerError, match="does not accept the token"):
        planned(study, token="0" * 40)
    with pytest.raises(ServerError, match="KOBO_TOKEN is not set"):
        planned(study, token="")
    study.file("study.toml").write_text('[server]\nid = "berkas"\nkind = "export"\n', "utf-8")
    with pytest.raises(StudyError, match="KoBo or ODK Central server only"):
        planned(open_study(str(study.folder)))


def test_two_forms_of_one_id_are_refused(study, sandbox):
    write_form(study.folder, name="lain", settings=SETTINGS)
    from pipeline.form_ready import prepare

    with pytest.raises(QuestionnaireError, match="have the same form_id 'air'"):
        prepare(study, ["air", "lain"], validate=False)
    with pytest.raises(StudyError, match="no questionnaire 'tiada'; it has air, lain"):
        prepare(study, ["tiada"], validate=False)
