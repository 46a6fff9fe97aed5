"""The bytes of a file that came with a submission."""

from pathlib import Path

from pipeline.central.session import CentralSession
from pipeline.transport import Response

PIECE = 65_536


def fetch_file(session: CentralSession, address: str, asset: str, path: Path) -> int:
    """Fetch a file into `path`; Central gives it whole each time. Gives its size in bytes.

    Raises
    ------
    UnknownAssetError
        Where the server does not have the file (yet).
    ServerError, OSError
        Where it cannot be fetched or written.
    """

    def once() -> int:
        promised: list[str] = []

        def take(response: Response) -> None:
            promised.append(response.headers.get("Content-Length", ""))
            with path.open("wb") as file:
                for piece in response.iter_content(PIECE):
                    file.write(piece)

        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        session.send("GET", address, asset=asset, headers=headers, take=take)
        size = path.stat().st_size
        if promised[0].isdecimal() and int(promised[0]) != size:
            raise session.cut_off("did not give the whole file")
        return size

    return session.repeated("GET", once)
