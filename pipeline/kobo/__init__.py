"""KoBoToolbox as a client meets it: API v2.

`KoboClient` reads from a server, `KoboSource` makes it a `pipeline.source.Source`, and
`KoboPublisher` is all that changes something there. What can go wrong stands in
`pipeline.transport.errors`.
"""

from pipeline.kobo.client import KoboClient
from pipeline.kobo.publisher import KoboPublisher
from pipeline.kobo.source import KoboSource

__all__ = ["KoboClient", "KoboPublisher", "KoboSource"]
