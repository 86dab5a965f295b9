"""A server of our own on a free port, for commands that were given none."""

import os
import secrets
import subprocess
import sys
import tempfile
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

from turnwise.errors import Unreachable

READY = "listening on "
STOP_S_MAX = 5.0  # no stream is open any more, so there is nothing to wait for
REASON_CHARACTERS_MAX = 2_000


class LocalServer:
    """`turnwise serve` as a process of its own; stopped when the block is left.

    A process, not a thread: recognising takes the processor, and what the server does must
    not delay what this terminal shows.
    """

    def __init__(self, engine: str | None = None) -> None:
        self._command = [sys.executable, "-m", "turnwise", "serve", "--port", "0"]
        self._command.append("--until-stdin-ends")  # we may be killed and unable to stop it
        if engine is not None:
            self._command += ["--engine", engine]
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[str] | None = None
        self.url = ""
        self.api_key = secrets.token_urlsafe()
        """Opens streams there: other users of the machine have no business with it."""

    def __enter__(self) -> Self:
        """Start it and wait until it listens.

        Raises:
            Unreachable: It ended instead; with what it said.
        """
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            self._command,
            env=os.environ | {"TURNWISE_API_KEYS": self.api_key},  # where ps does not show it
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,  # Ctrl-C is for us; we stop the server ourselves, last
        )
        try:
            self.url = self._address()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    @property
    def process_id(self) -> int:
        assert self._process is not None, "started by `with`"
        return self._process.pid

    def _address(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(READY):
                return line.removeprefix(READY).strip()
        raise Unreachable(f"the server did not start: {self._reason()}")

    def _reason(self) -> str:
        assert self._log is not None
        self._log.seek(0)
        return self._log.read()[-REASON_CHARACTERS_MAX:].strip()

    def _stop(self) -> None:
        assert self._process is not None
        assert self._log is not None
        for stop in (self._process.terminate, self._process.terminate, self._process.kill):
            stop()  # the second time it does not drain
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_S_MAX)
                break
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._log.close()
