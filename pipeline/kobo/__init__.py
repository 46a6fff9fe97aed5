"""KoBoToolbox as a client meets it: API v2, read only.

`KoboClient` speaks to a server, `KoboSource` makes it a `pipeline.source.Source`. What can go
wrong stands in `pipeline.kobo.errors`.
"""

from pipeline.kobo.client import KoboClient
from pipeline.kobo.source import KoboSource

__all__ = ["KoboClient", "KoboSource"]
