"""ODK Central as a client meets it: REST and OData.

`CentralClient` reads from a server, `CentralSource` makes it a `pipeline.source.Source`, and
`CentralPublisher` is all that changes something there. Errors, retries and deadlines are those
of `pipeline.kobo`.
"""

from pipeline.central.client import CentralClient
from pipeline.central.credentials import credentials
from pipeline.central.odata import form_path
from pipeline.central.publisher import CentralPublisher
from pipeline.central.source import CentralSource

__all__ = ["CentralClient", "CentralPublisher", "CentralSource", "credentials", "form_path"]
