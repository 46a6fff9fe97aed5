"""What went wrong on the way to a server, as a fault that may pass or an error that will not."""

import requests

from pipeline.transport.address import Address
from pipeline.transport.errors import (
    AddressError,
    BusyError,
    IncompleteAnswerError,
    UnreachableError,
)
from pipeline.transport.retry import (
    LONGEST_WAIT,
    NOT_DONE,
    RETRIES_OF_500,
    PassingFault,
    retry_after,
)


class Faults:
    """Faults of one server, in sentences that name it.

    `retries` is how often we try again, `software` what the address should be that of.
    """

    def __init__(self, address: Address, retries: int, software: str) -> None:
        self._software = software
        self._address = address
        self._retries = retries

    def of(self, error: requests.exceptions.RequestException) -> Exception:
        """Fault or error behind an exception of `requests`."""
        base = self._address.base
        if isinstance(error, requests.exceptions.SSLError):
            return UnreachableError(
                f"The certificate of {base} cannot be verified, so nothing was sent. Check the "
                "date of this computer and log in to the Wi-Fi with a browser; if the office "
                "filters traffic, name its certificate file in REQUESTS_CA_BUNDLE."
            )
        if isinstance(error, requests.exceptions.ProxyError):
            return self.silent("cannot be reached through the proxy of this office")
        if isinstance(
            error,
            requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError,
        ):
            return self.cut_off("broke off in the middle of an answer")
        if isinstance(error, requests.exceptions.Timeout):
            never = isinstance(error, requests.exceptions.ConnectTimeout)
            return self.silent("did not answer in time", acted=not never)
        if isinstance(error, requests.exceptions.ConnectionError):
            return self.silent("cannot be reached", acted="NewConnectionError" not in repr(error))
        return AddressError(
            f"{base} cannot be used as the address of a server. Correct [server] url in study.toml."
        )

    def silent(self, what: str, *, acted: bool = True) -> PassingFault:
        """Nobody answered, or not in time; `acted` says whether the request was received."""
        return PassingFault(
            what,
            UnreachableError(
                f"{self._address.base} {what} (tried {self._retries + 1} times). Check the "
                "network and the address in study.toml, or wait until the server is up; nothing "
                "is lost."
            ),
            acted=acted,
        )

    def cut_off(self, what: str) -> PassingFault:
        """Fault of an answer that is not all there."""
        return PassingFault(
            what,
            IncompleteAnswerError(
                f"{self._address.base} {what}, {self._retries + 1} times in a row. Use a "
                "steadier network or a smaller page_size under [server] in study.toml, and check "
                f"that the address is that of {self._software}."
            ),
        )

    def failing(self, response: requests.Response) -> PassingFault:
        """The server is busy or broken; BusyError where it asks for too long a wait."""
        base, status = self._address.base, response.status_code
        wait = retry_after(response)
        if wait is not None and wait > LONGEST_WAIT:
            raise BusyError(
                f"{base} asks to come back in {wait / 60:.0f} minutes (status {status}). Run the "
                "same command again then."
            )
        what = "is busy" if status == 429 else f"failed with status {status}"
        retries = RETRIES_OF_500 if status == 500 else self._retries
        times = min(retries, self._retries) + 1
        return PassingFault(
            what,
            BusyError(
                f"{base} {what}, {times} times in a row. The fault lies with the server or "
                "the line to it: run again later, with a smaller page_size under [server] in "
                "study.toml if it stays."
            ),
            acted=status not in NOT_DONE,
            wait=wait,
            retries=retries,
        )
