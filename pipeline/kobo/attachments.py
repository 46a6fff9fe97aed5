"""The bytes of an attachment, fetched into a file that may grow over several tries."""

from pathlib import Path
from urllib.parse import quote

from pipeline.kobo.answers import page_error
from pipeline.kobo.assets import asset_path
from pipeline.kobo.session import Session
from pipeline.transport import Response

PIECE = 65_536


def fetch_attachment(session: Session, asset: str, number: int, uid: str, path: Path) -> int:
    """Fetch a file of a submission into `path`, behind what is there already; gives its size.

    What an earlier try brought is kept and the rest asked for; a server that gives the whole
    file again starts it anew. The address is made here, never taken from the record: behind
    some proxies the one in there names another host, and the token must not go there.

    Raises
    ------
    UnknownAssetError
        Where the server does not have the file any more.
    ServerError
        Where it cannot be fetched; what came so far stays in `path`.
    OSError
        Where the disk does not take it.
    """
    address = f"{asset_path(asset)}data/{number}/attachments/{quote(uid, safe='')}/"

    def once() -> int:
        held = path.stat().st_size if path.exists() else 0
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if held:
            headers["Range"] = f"bytes={held}-"
        whole: list[int] = []

        def take(response: Response) -> None:
            if "html" in response.headers.get("Content-Type", "").lower():
                raise page_error(session.address)
            size, begins = _extent(response)
            whole.append(size)
            if response.status_code == 416 or begins not in (0, held):
                return
            with path.open("ab" if begins else "wb") as file:
                for piece in response.iter_content(PIECE):
                    file.write(piece)

        session.send(
            "GET", address, asset=asset, expect=(200, 206, 416), headers=headers, take=take
        )
        got = path.stat().st_size if path.exists() else 0
        if whole[0] in (got, -1):
            return got
        if got > whole[0]:  # what we hold is no beginning of the server's file
            path.unlink(missing_ok=True)
        raise session.cut_off("did not give the whole file")

    size = -1
    # KoBo names neither size nor hash of a file, and what cuts an answer may announce the cut
    # length. So the end is asked for once more: two answers must agree on it.
    while size != (size := session.repeated("GET", once)):
        continue
    return size


def _extent(response: Response) -> tuple[int, int]:
    """Size of the whole file (-1: not told), and where in it the answer begins."""
    span, _, size = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    begins = span.partition("-")[0]
    if response.status_code in (206, 416) and size.isdecimal():
        return int(size), int(begins) if begins.isdecimal() else 0
    length = response.headers.get("Content-Length", "")
    return (int(length) if length.isdecimal() and response.status_code == 200 else -1), 0
