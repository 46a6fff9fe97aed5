"""Who am I, which token is mine, what server is this; and the API that is gone."""

from pipeline.sandbox.accounts import Account
from pipeline.sandbox.identifiers import derive
from pipeline.sandbox.state import SandboxState
from pipeline.sandbox.wire import Request, Response, Route, answer, detail

GONE = (
    "The V1 API has been removed. Please read the migration article at "
    "https://support.kobotoolbox.org/migrating_api.html"
)


def me(state: SandboxState, request: Request) -> Response:
    """`GET /me/`: the account behind the credentials, 401 where there are none."""
    account = request.need_account()
    return answer(200, _profile(state, account, request.base_url))


def token(state: SandboxState, request: Request) -> Response:
    """`GET /token/`: the account's token."""
    return answer(200, {"token": request.need_account().token})


def environment(state: SandboxState, request: Request) -> Response:
    """`GET /api/v2/environment/`: where phones send their submissions; open to all."""
    return answer(
        200,
        {
            "open_rosa_server": request.base_url,
            "source_code_url": "",
            "support_url": "",
            "terms_of_service_url": "",
            "privacy_policy_url": "",
            "enketo_server": "",
        },
    )


def gone(state: SandboxState, request: Request) -> Response:
    """The first version of the API."""
    return detail(410, GONE)


def _profile(state: SandboxState, account: Account, base: str) -> dict[str, object]:
    organization = derive("org", "organization", account.username, length=25)
    return {
        "username": account.username,
        "first_name": "",
        "last_name": "",
        "email": f"{account.username}@example.org",
        "is_superuser": False,
        "server_time": state.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "date_joined": state.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "projects_url": f"{base}/{account.username}",
        "gravatar": "",
        "last_login": None,
        "extra_details": {"name": "", "organization": "", "require_auth": True},
        "git_rev": False,
        "social_accounts": [],
        "validated_password": True,
        "accepted_tos": False,
        "organization": {
            "url": f"{base}/api/v2/organizations/{organization}/",
            "name": f"{account.username}'s organization",
            "uid": organization,
        },
        "extra_details__uid": derive("u", "user", account.username),
    }


ROUTES = [
    Route("GET", r"/me/", me),
    Route("GET", r"/token/", token),
    Route("GET", r"/api/v2/environment/", environment),
    *[
        Route(method, r"/(?:api/v1|assets|imports|submissions|exports|permissions)(?:/.*)?", gone)
        for method in ("GET", "POST", "PATCH", "PUT", "DELETE")
    ],
]
