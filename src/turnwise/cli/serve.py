"""Run the server."""

import os
import signal
import sys
import threading
import time
from typing import Annotated

import typer

from turnwise.cli.options import known_engine
from turnwise.engine.load import DEFAULT, NAMES
from turnwise.server.run import serve as run_server
from turnwise.server.settings import Legacy, ServerSettings
from turnwise.settings import DRAIN_SECONDS_MAX, IDLE_SECONDS_MAX
from turnwise.speech.load import AUTO
from turnwise.speech.load import NAMES as SPEECH_NAMES

DEFAULTS = ServerSettings()
LEAVING_S = 0.2

Host = Annotated[
    str, typer.Option(help="Address to listen on. Others than this machine need API keys.")
]
Port = Annotated[int, typer.Option(envvar="TURNWISE_PORT", help="0 takes any that is free.")]
Engine = Annotated[
    str,
    typer.Option(
        envvar="TURNWISE_ENGINE", callback=known_engine, help=f"One of: {', '.join(NAMES)}."
    ),
]
Speech = Annotated[
    str,
    typer.Option(
        envvar="TURNWISE_SPEECH",
        help=f"What speaks on /v1/speak and /v2/speak: {', '.join(SPEECH_NAMES)}. piper:FOLDER, "
        "openai:URL and hosted:URL say where.",
    ),
]
Workers = Annotated[int | None, typer.Option(min=1, help="Cores that recognise; all unless given.")]
StreamsMax = Annotated[
    int | None,
    typer.Option(
        min=1, help="Streams at once; what the engine says this machine can take unless given."
    ),
]
ApiKey = Annotated[
    list[str] | None,
    typer.Option(
        help="A key that opens streams; may be repeated. Other users of the machine can see "
        "a command line: prefer TURNWISE_API_KEYS, with commas between several."
    ),
]
ApiKeys = Annotated[
    str, typer.Option(envvar="TURNWISE_API_KEYS", hidden=True, help="Keys, with commas.")
]
TokenSecret = Annotated[
    str | None,
    typer.Option(
        envvar="TURNWISE_TOKEN_SECRET",
        hidden=True,
        help="Signs temporary tokens, so that several servers honour the same ones.",
    ),
]
LlmBaseUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="A language model for /v1/agent/converse: any OpenAI-compatible endpoint.",
    ),
]
LlmModel = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Its model, whatever clients name; on its own it is asked of OpenAI, with "
        "OPENAI_API_KEY. With neither, agents repeat what they heard.",
    ),
]
LlmApiKey = Annotated[str | None, typer.Option(envvar="OPENAI_API_KEY", hidden=True)]
AgentEndpoints = Annotated[
    bool,
    typer.Option(
        "--agent-endpoints",
        help="Call the endpoints that clients of /v1/agent/converse name, for models and "
        "functions. They may be any address this machine reaches.",
    ),
]
AudioTimeOnly = Annotated[
    bool,
    typer.Option(
        "--audio-time-only",
        help="Leave a turn open when a client stops sending audio, as the wire's rule is. "
        "Otherwise the time-out runs by the clock then.",
    ),
]
EndTurnOnClose = Annotated[
    bool, typer.Option("--end-turn-on-close", help="CloseStream ends the open turn.")
]
CloseCode1000 = Annotated[
    bool,
    typer.Option(
        "--close-code-1000", help="End with code 1000 after CloseStream, not without a code."
    ),
]
LegacyMode = Annotated[
    Legacy,
    typer.Option(help="Say only what clients from before 2026 can parse; auto tells by them."),
]
IdleSecondsMax = Annotated[
    float, typer.Option(min=1, help="A client that says nothing for so long is let go.")
]
DrainSecondsMax = Annotated[
    float, typer.Option(min=0, help="How long open streams may go on after SIGTERM.")
]
LogJson = Annotated[bool, typer.Option("--log-json", help="Log as JSON, one object a line.")]
UntilStdinEnds = Annotated[bool, typer.Option("--until-stdin-ends", hidden=True)]


def serve(
    host: Host = DEFAULTS.host,
    port: Port = DEFAULTS.port,
    engine: Engine = DEFAULT,
    speech: Speech = AUTO,
    workers: Workers = None,
    streams_max: StreamsMax = None,
    api_key: ApiKey = None,
    api_keys: ApiKeys = "",
    token_secret: TokenSecret = None,
    llm_base_url: LlmBaseUrl = None,
    llm_model: LlmModel = None,
    llm_api_key: LlmApiKey = None,
    agent_endpoints: AgentEndpoints = False,
    audio_time_only: AudioTimeOnly = False,
    end_turn_on_close: EndTurnOnClose = False,
    close_code_1000: CloseCode1000 = False,
    legacy: LegacyMode = Legacy.AUTO,
    idle_seconds_max: IdleSecondsMax = IDLE_SECONDS_MAX,
    drain_seconds_max: DrainSecondsMax = DRAIN_SECONDS_MAX,
    log_json: LogJson = False,
    until_stdin_ends: UntilStdinEnds = False,
) -> None:
    """Serve the Flux-compatible WebSocket at /v2/listen, and speech at /v1/speak and /v2/speak.

    When it is ready it prints one line with its address on standard output; its log goes to
    standard error. SIGTERM and Ctrl-C let open streams finish; a second one does not.
    """
    keys = [*(api_key or []), *(key.strip() for key in api_keys.split(",") if key.strip())]
    settings = ServerSettings(
        host=host,
        port=port,
        engine=engine,
        workers=workers,
        streams_max=streams_max,
        api_keys=tuple(keys),
        token_secret=token_secret,
        llm_base_url=llm_base_url,
        llm_model=llm_model,
        llm_api_key=llm_api_key,
        agent_endpoints=agent_endpoints,
        audio_time_only=audio_time_only,
        end_turn_on_close=end_turn_on_close,
        close_code_1000=close_code_1000,
        legacy=legacy,
        idle_seconds_max=idle_seconds_max,
        drain_seconds_max=drain_seconds_max,
        log_json=log_json,
        speech=speech,
    )
    if until_stdin_ends:
        threading.Thread(target=leave_at_end_of_stdin, daemon=True).start()
    raise typer.Exit(run_server(settings, ready))


def leave_at_end_of_stdin() -> None:
    """End when whoever started us is gone, however it went: its end of the pipe closes then."""
    sys.stdin.buffer.read()
    while True:  # the second time without draining; two at once would count as one
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(LEAVING_S)


def ready(line: str) -> None:
    """Say where clients can connect: whoever started us may be waiting to read it."""
    print(line, flush=True)
