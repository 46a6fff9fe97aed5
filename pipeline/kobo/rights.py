"""What an account may do with a form: whether what it is shown is all there is."""

import json
from dataclasses import dataclass

from pipeline.kobo.assets import asset_path
from pipeline.kobo.session import Session
from pipeline.transport.errors import ForbiddenError

VIEW = "view_submissions"
MANAGE = "manage_asset"
ADDING = frozenset({"add_submissions"})


@dataclass(frozen=True, slots=True)
class Rights:
    """Whether an account sees every submission of a form, and may read the form's history.

    Where the server does not say, `sees_all` is True and `manages` False.
    """

    sees_all: bool = True
    manages: bool = False


def fetch_rights(session: Session, asset: str) -> Rights:
    """Rights of the account on a form.

    Raises
    ------
    UnknownAssetError
        Where there is no such form, or none that the account may see.
    ForbiddenError
        Where the account may see the form but none of its submissions: the list of them would
        be a mere 404.
    """
    found = session.get(asset_path(asset), asset=asset, parse=_permissions)
    if found is None:
        return Rights()
    if VIEW not in found and not any(name.endswith("submissions") for name in found - ADDING):
        raise ForbiddenError(
            f"{session.address.base}: the account behind KOBO_TOKEN may see form {asset} but not "
            "its submissions. Ask the form's owner to share it with “View submissions”, or use "
            "the token of an account that has it."
        )
    return Rights(sees_all=VIEW in found, manages=MANAGE in found)


def _permissions(text: str) -> set[str] | None:
    value = json.loads(text)
    if not isinstance(value, dict) or "uid" not in value:
        raise ValueError("not an asset")
    listed = value.get("effective_permissions")
    if not isinstance(listed, list):
        return None
    return {str(item.get("codename")) for item in listed if isinstance(item, dict)}
