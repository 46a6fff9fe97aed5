"""A sandbox that runs beside the caller, in a thread of its own."""

import threading
from types import TracebackType

from pipeline.sandbox.http import LOOPBACK, SandboxServer
from pipeline.sandbox.state import SandboxState


class RunningSandbox:
    """A sandbox that answers now; leave the context, or call `stop`, to end it."""

    def __init__(self, state: SandboxState, port: int = 0) -> None:
        self.state = state
        self._server = SandboxServer(state, port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Port it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Address without trailing slash."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def token(self) -> str:
        """Token of the owner of the forms."""
        return self.state.owner.token

    def stop(self) -> None:
        """End the server, its connections and its thread; more than once does no harm."""
        if self._thread.is_alive():
            self._server.end()
            self._thread.join()

    def __enter__(self) -> "RunningSandbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve(state: SandboxState, port: int = 0) -> RunningSandbox:
    """Serve a state on 127.0.0.1; port 0 takes any free one."""
    return RunningSandbox(state, port)
