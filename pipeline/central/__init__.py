"""ODK Central as a client meets it: REST and OData, read only.

`CentralClient` speaks to a server, `CentralSource` makes it a `pipeline.source.Source`. Errors,
retries and deadlines are those of `pipeline.kobo`.
"""

from pipeline.central.client import CentralClient
from pipeline.central.credentials import credentials
from pipeline.central.odata import form_path
from pipeline.central.source import CentralSource

__all__ = ["CentralClient", "CentralSource", "credentials", "form_path"]
