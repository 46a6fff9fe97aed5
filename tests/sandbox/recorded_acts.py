"""The recorded session in the order it was recorded, act by act."""

import json
from collections.abc import Callable, Iterator

import recorded_forms as workbooks
from recorded import multipart, read
from recorded_session import ACCOUNTS, Clock, Session, hand_in, recorded_content, upload

from pipeline.sandbox import SandboxState, serve

MAIN = "aj8XpSD4Ttqi529SCUD7b7"


def play_all() -> Iterator[Session]:
    """Play the whole session; yields it while its server still runs."""
    state = SandboxState(accounts=ACCOUNTS, viewers=(), clock=Clock())
    with serve(state) as running:
        session = Session(state, running)
        for act in ACTS:
            act(session)
        yield session


def several(session: Session, *names: str) -> None:
    for name in names:
        session.play(name)


def imported(session: Session, name: str, data: bytes, /, **fields: str) -> None:
    """A recorded upload and what its task says after it."""
    session.play(name, *upload(data, **fields))
    session.play(f"{name}-poll")


def act_accounts(session: Session) -> None:
    several(
        session,
        "001-token-basic",
        "002-me",
        "003-assets-noauth",
        "004-assets-badtoken",
        "005-imports-noauth",
        "006-v1-gone",
        "007-v1-assets-gone",
    )


def act_imports(session: Session) -> None:
    form = workbooks.from_content(recorded_content("051-asset-clean"), "Contract survey")
    imported(session, "010-import-create", form, library="false", name="Household 2026.xlsx")
    imported(session, "011-import-no-library-field", form, name="NoLib.xlsx")
    imported(session, "012-import-no-name", form, library="false")
    for name, data in (
        ("dup", workbooks.DUPLICATE_NAME),
        ("badname", workbooks.BAD_NAME),
        ("badref", workbooks.BAD_REFERENCE),
        ("nosurvey", workbooks.NO_SURVEY),
        ("samename_groups", workbooks.SAME_NAME_IN_GROUPS),
    ):
        imported(session, f"013-import-{name}", data, library="false", name=name)
    several(session, "014-import-notxlsx", "014-import-notxlsx-poll")
    imported(session, "015-import-baddest", form, library="false", destination="/assets/aNOPE/")
    imported(session, "016-import-desired-type", form, desired_type="template", name="tpl")
    several(session, "017-import-nofile", "018-imports-list", "020-asset-detail-before-deploy")
    imported(session, "028-import-role-column", workbooks.ROLE_COLUMNS, library="false")
    session.play("029-asset-role-column")


def act_deployment(session: Session) -> None:
    several(
        session,
        "030-deploy-post",
        "031-deploy-post-again",
        "033-deploy-patch-wrong-version",
        "036-versions",
        "037-versions-deployed",
        "038-deploy-invalid-xlsform",
        "039-deploy-template",
        "042-data-undeployed",
        "043-data-unknown-asset",
        "044-asset-noauth",
        "045-data-noauth",
        "046-asset-other-user",
        "047-data-other-user",
        "048-no-trailing-slash",
        "049-post-no-trailing-slash",
    )
    form = workbooks.from_content(recorded_content("051-asset-clean"), "Contract survey")
    imported(session, "050-import-clean", form, library="false", name="clean")
    several(
        session,
        "051-asset-clean",
        "052-files-csv-no-metadata",
        "053-files-csv",
        "054-files-csv-duplicate",
        "055-files-bad-mime",
        "056-files-base64",
        "057-files-list",
        "058-deploy",
        "059-asset-deployed",
        "061-formlist",
        "062-formlist-noauth",
        "063-manifest",
        "064-openrosa-formxml",
    )


PICTURE = b"\x89PNG\r\n\x1a\n--part of a picture\r\n"


def act_submissions(session: Session) -> None:
    xml = session.names.translated(read("166-one-xml").answer.strip()).encode()
    session.play("100-submit-full-with-attachment", *hand_in(xml, {"p1.png": PICTURE}))
    session.play("101-submit-duplicate", *hand_in(xml, {"p1.png": PICTURE}))
    several(
        session,
        "102-submit-same-id-different-content",
        "103-submit-mostly-empty",
        "104-submit-no-repeat",
        "105-submit-noauth",
        "106-submit-anon-userpath",
        "107-submit-no-permission",
        "108-submit-superuser",
        "109-submit-malformed",
        "110-submit-no-instanceid",
        "111-submit-unknown-form",
        "112-submit-basic",
        "113-submission-head",
        "114-submit-json",
        "115-submit-slash",
        "116-submit-submissionDate",
        "117-submit-extra-nodes",
    )


DATA = """120-data-list 130-page-limit2 131-page-limit2-start2 132-page-offset 133-page-page2
134-limit-huge 135-limit-zero 136-limit-neg 137-limit-abc 138-start-beyond 139-start-neg
140-sort-desc 141-sort-bad 142-sort-badval 143-query-gt 144-query-time 145-query-time-Z
146-query-bad-json 147-query-list 148-query-badop 149-query-where 150-query-number-vs-string
151-query-repeat 152-query-regex 153-query-uuid-in 154-query-ids 155-submission-ids-param
156-count-param 157-fields 158-fields-csv 159-xml 160-xml-sort 162-data-csv 163-data.json
164-one 165-one-by-rootuuid 166-one-xml 167-one-404 171-attachment-noauth"""

CHANGES = """200-edit-via-deprecatedID 201-edit2-with-rootUuid 202-edit-stale-deprecatedID
203-edit-unknown-deprecatedID 204-edit-noperm 205-lookup-old-uuid 206-bulk-update 207-duplicate
210-validation-get-empty 211-validation-patch 212-validation-patch-bad 213-validation-delete
214-validation-bulk 215-validation-bulk-unknown-id 216-validation-bulk-query
217-validation-bulk-no-payload 218-validation-bulk-no-ids 219-query-validation-ts
220-query-validation-none 221-edit-after-validation 230-delete-one 231-delete-again
232-get-deleted 233-bulk-delete-wrongshape 234-bulk-delete 235-resubmit-deleted 236-data-after
240-history 241-history-filter 242-history-since 245-history-other-user"""


def act_data(session: Session) -> None:
    several(session, *DATA.split())
    for _ in ("161-geojson", "168-accept-html"):  # lists too: the history counts them
        session.api("GET", f"/api/v2/assets/{MAIN}/data/")
    several(session, *CHANGES.split())


def act_versions(session: Session) -> None:
    second = workbooks.from_content(recorded_content("272-asset-after-replace"), "Contract survey")
    where = session.names.translated(f"http://localhost/api/v2/assets/{MAIN}/")
    session.play("270-import-destination", *upload(second, "v2.xlsx", destination=where))
    session.play("271-import-destination-poll")
    several(
        session,
        "272-asset-after-replace",
        "273-redeploy",
        "275-versions",
        "276-version-detail",
        "277-submit-v2",
        "278-submit-old-version-after-redeploy",
        "280-asset-patch-name",
        "281-clone",
        "282-create-empty",
        "283-create-json-content",
        "284-list",
        "285-search-q",
        "286-search-short",
        "287-search-text",
        "288-search-bad",
        "289-asset_type-param",
        "290-search-uid",
        "291-ordering",
        "292-search-deployed",
        "293-list-metadata",
        "295-archive",
        "296-submit-archived",
        "297-data-archived",
        "298-unarchive",
    )


def act_permissions(session: Session) -> None:
    several(
        session,
        "300-perm-view-submissions",
        "301-data-viewer",
        "302-viewer-validate",
        "303-viewer-deploy",
    )
    form = workbooks.from_content(recorded_content("051-asset-clean"), "Contract survey")
    where = session.names.translated(f"http://localhost/api/v2/assets/{MAIN}/")
    session.play("304-viewer-import-destination", *upload(form, "v2.xlsx", destination=where))
    several(
        session,
        "305-viewer-delete",
        "306-viewer-history",
        "310-delete-asset-other",
        "312-hash",
    )


def act_small_pages(session: Session) -> None:
    session.state.page_size, session.state.page_cap = 3, 5
    several(session, "400-default-limit3-server", "401-limit-over-cap", "402-last-page")
    session.state.page_size, session.state.page_cap = 100, 1000
    several(session, "404-xml-paging", "405-xml-sort")
    session.state.import_polls = 1
    form = workbooks.from_content(recorded_content("051-asset-clean"), "Contract survey")
    session.play("410-async-import", *upload(form, "f.xlsx", library="false", name="async"))
    session.state.import_polls = 0
    several(
        session,
        "411-async-import-poll-0",
        "411-async-import-poll-1",
        "412-async-import-final",
    )


def act_attachments(session: Session) -> None:
    session.play("420-submit-without-its-attachment")
    told = read("420-submit-without-its-attachment")
    body = session.names.translated(told.body)
    xml = body[body.index("<?xml") : body.rindex("\n--")].encode()
    late = "421-submit-same-xml-plus-attachment"
    session.play(late, *hand_in(xml, {"late.png": PICTURE}))
    session.play("422-data-after-late-attachment")
    other = "423-submit-same-xml-different-attachment-bytes"
    session.play(other, *hand_in(xml, {"late.png": PICTURE + b"!"}))
    several(session, "424-attachment-delete", "425-data-after-attachment-delete")


def act_edges(session: Session) -> None:
    several(
        session,
        "430-basic-bad",
        "431-bearer",
        "432-token-lowercase",
        "433-me-noauth",
        "434-token-noauth",
        "435-not-multipart",
        "436-unknown-route",
        "437-method-not-allowed",
        "438-bad-json-body",
        "440-error-french",
        "450-fields-without-id",
        "451-fields-repeat",
        "452-fields-repeat-child",
        "453-fields-excl-dict",
        "455-allow-anonymous",
        "456-submit-anonymous",
        "457-anon-data",
    )


def act_replacing(session: Session) -> None:
    second = workbooks.from_content(recorded_content("272-asset-after-replace"), "Contract survey")
    where = session.names.translated(f"http://localhost/api/v2/assets/{MAIN}/")
    imported(session, "460-replace-after-rename", second, destination=where)
    imported(session, "461-replace-bad", workbooks.DUPLICATE_NAME, destination=where)
    for name, data in (
        ("470-import-odd-cells", workbooks.ODD_CELLS),
        ("471-import-noname-nolabel", workbooks.NO_NAMES),
        ("474-import-reserved-names", workbooks.RESERVED_NAMES),
        ("476-import-or_other", workbooks.OR_OTHER),
    ):
        imported(session, name, data, library="false", name=name)
        session.play(f"{name}-asset")
    several(session, "472-deploy-autonamed", "475-deploy-reserved", "477-deploy-or_other")


def act_media_after_deployment(session: Session) -> None:
    session.play("480-manifest")
    # The file that 484 deletes came in a request that the recording does not hold.
    told = read("481-files-new-after-deploy")
    headers = {"Authorization": f"Token {'a' * 40}", "Content-Type": told.headers["content-type"]}
    body = multipart(told.body.replace("later2.csv", "later.csv"), headers["Content-Type"])
    _, _, answer = session.send("POST", session.names.translated(told.path), headers, body)
    session.names.learn("af57EZMhYhZ2DQnroHKpbPy", json.loads(answer)["uid"])
    several(session, "484-files-delete", "481-files-new-after-deploy")
    session.play("482-manifest-before-redeploy")
    latest = session.api("GET", f"/api/v2/assets/{MAIN}/")["version_id"]
    wanted = {"active": True, "version_id": latest}
    session.api("PATCH", f"/api/v2/assets/{MAIN}/deployment/", wanted)
    session.play("483-manifest-after-redeploy")
    session.play("485-files-content")


ACTS: list[Callable[[Session], None]] = [
    act_accounts,
    act_imports,
    act_deployment,
    act_submissions,
    act_data,
    act_versions,
    act_permissions,
    act_small_pages,
    act_attachments,
    act_edges,
    act_replacing,
    act_media_after_deployment,
]
