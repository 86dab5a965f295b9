"""Every option of the server, once."""

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum

from turnwise.engine.load import DEFAULT
from turnwise.settings import DRAIN_SECONDS_MAX, IDLE_SECONDS_MAX
from turnwise.speech.load import AUTO

SECRET_CHARACTERS_MIN = 16  # fewer can be guessed from one token, off line


class Legacy(StrEnum):
    """Whether to say only what the first clients can parse (contract section 9.1)."""

    AUTO = "auto"
    """As the client's headers call for."""
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    host: str = "127.0.0.1"
    port: int = 8080
    """0: any that is free."""
    engine: str = DEFAULT
    workers: int | None = None
    """Cores that recognise, for engines that run on cores; None: all."""
    streams_max: int | None = None
    """None: as many as the engine says it can keep up with here."""
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    """None at all: anybody may connect, from this machine only."""
    token_secret: str | None = field(default=None, repr=False)
    """Signs temporary tokens. None: a random one, so that only this process honours them."""
    audio_time_only: bool = False
    """A client that stops sending leaves its turn open, as the wire's own rule is (14.17)."""
    end_turn_on_close: bool = False
    """CloseStream ends the open turn (14.1)."""
    close_code_1000: bool = False
    """End with 1000 after CloseStream, not without a status (14.2)."""
    legacy: Legacy = Legacy.AUTO
    idle_seconds_max: float = IDLE_SECONDS_MAX
    drain_seconds_max: float = DRAIN_SECONDS_MAX
    log_json: bool = False
    speech: str = AUTO
    """What speaks, as speech/load.py takes it."""
    llm_base_url: str | None = None
    """Where /v1/agent/converse finds a language model; with neither this nor a model its agents
    repeat what they heard."""
    llm_model: str | None = None
    """None: the one the client names."""
    llm_api_key: str | None = field(default=None, repr=False)
    agent_endpoints: bool = False
    """Clients may name endpoints, for models and functions, that this server then calls."""

    def problem(self) -> str | None:
        """Say what is wrong with these settings, or None if they will do."""
        if not self.api_keys and not is_loopback(self.host):
            return (
                f"without API keys only this machine may connect: give at least one, "
                f"or listen on 127.0.0.1 rather than {self.host}"
            )
        if not all(self.api_keys):
            return "an API key may not be empty"
        if self.token_secret is not None and len(self.token_secret) < SECRET_CHARACTERS_MIN:
            return f"the token secret must have at least {SECRET_CHARACTERS_MIN} characters"
        if not 0 <= self.port <= 65_535:
            return f"the port must be from 0 to 65535, not {self.port}"
        if self.streams_max is not None and self.streams_max < 1:
            return f"streams_max must be at least 1, not {self.streams_max}"
        return None


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can reach that host name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
