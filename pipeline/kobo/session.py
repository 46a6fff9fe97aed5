"""One conversation with a KoBo server."""

from typing import Unpack

from pipeline.errors import ServerError
from pipeline.kobo.answers import page_error, refusal
from pipeline.kobo.token import token_auth
from pipeline.transport import Options, Response
from pipeline.transport import Session as Transport
from pipeline.transport.address import Address


class Session(Transport):
    """`pipeline.transport.Session` with a token, and KoBo's refusals."""

    software = "KoBoToolbox"

    def __init__(self, address: Address, token: str, **options: Unpack[Options]) -> None:
        super().__init__(address, token_auth(token), **options)

    def refusal(self, response: Response, asset: str) -> ServerError:
        """Error for an answer that trying again would not change."""
        return refusal(response, self.address, asset)

    def page(self) -> ServerError:
        """Error for a web page where data should be."""
        return page_error(self.address)
