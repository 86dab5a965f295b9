"""What a client of /v1/agent/converse asks for, checked, as what an agent is made of."""

from dataclasses import dataclass
from urllib.parse import urlencode

from turnwise.agent.history import Called, Entry, Said, ToolCall
from turnwise.agent.think import MODEL, PROMPT, Echo, FirstThatAnswers, Model, Thinker
from turnwise.agent.tools import Endpoint, Tool
from turnwise.errors import BadConfigure, BadQuery, BadRequest, NoSuchModel
from turnwise.server.settings import ServerSettings
from turnwise.settings import SAMPLE_RATES_HZ, SpokenEncoding, StreamSettings
from turnwise.speech.encode import RAW
from turnwise.speech.interface import SPEED_MAX, SPEED_MIN, Synthesiser, Voice
from turnwise.speech.voices import choose
from turnwise.wire import agent_messages as wire
from turnwise.wire.messages import Configure, NewThresholds
from turnwise.wire.query import parse

INPUT_RATE_HZ = 24_000  # where Settings says nothing (API reference)
OUTPUT_RATE_HZ = 24_000
FLUX = "flux-"
NO_ENDPOINTS = (
    "this server calls no endpoints that clients name; its operator may allow it with "
    "--agent-endpoints"
)


@dataclass(frozen=True, slots=True)
class Format:
    """Of what the agent says."""

    encoding: SpokenEncoding
    sample_rate_hz: int


def listening(settings: wire.Settings, agent: wire.AgentSettings) -> StreamSettings:
    """Return what the recogniser is told.

    Other models than Flux are heard by it, too: there is only one recogniser here.

    Raises:
        BadConfigure: A value is out of range.
    """
    source = (settings.audio.input if settings.audio else None) or wire.AudioInput()
    provider = (agent.listen.provider if agent.listen else None) or wire.ListenProvider()
    model = provider.model or ""
    pairs: list[tuple[str, object]] = [
        ("model", model if model.startswith(FLUX) else "flux-general-en"),
        ("encoding", source.encoding),
        ("sample_rate", int(source.sample_rate)),
    ]
    pairs += [(name, value) for name, value in _thresholds(provider).items() if value is not None]
    pairs += [("keyterm", term) for term in provider.keyterms or ()]
    pairs += [("language_hint", hint) for hint in provider.language_hints or ()]
    try:
        return parse(urlencode(pairs))
    except (BadQuery, NoSuchModel) as error:
        raise BadConfigure(str(error)) from None


def relisten(listen: wire.Listen) -> Configure:
    """Return what the recogniser is told in mid-conversation."""
    provider = listen.provider or wire.ListenProvider()
    given = {name: value for name, value in _thresholds(provider).items() if value is not None}
    return Configure(
        NewThresholds(**given) if given else None,
        provider.keyterms,
        provider.language_hints,
    )


def _thresholds(provider: wire.ListenProvider) -> dict[str, float | None]:
    return {
        "eot_threshold": provider.eot_threshold,
        "eager_eot_threshold": provider.eager_eot_threshold,
        "eot_timeout_ms": provider.eot_timeout_ms,
    }


def sounding(settings: wire.Settings) -> Format:
    """Return how the agent's sound is sent.

    Raises:
        BadConfigure: It cannot be.
    """
    output = (settings.audio.output if settings.audio else None) or wire.AudioOutput()
    names = [encoding.value for encoding in RAW]
    if output.encoding not in names:
        raise BadConfigure(f"audio.output.encoding is one of {', '.join(names)} here")
    if output.container not in (None, "none"):
        raise BadConfigure("audio.output.container is none here")
    encoding = SpokenEncoding(output.encoding)
    default_hz = OUTPUT_RATE_HZ if encoding is SpokenEncoding.LINEAR16 else 8_000
    rate_hz = int(output.sample_rate or default_hz)
    if rate_hz not in (*SAMPLE_RATES_HZ, 32_000):
        raise BadConfigure(f"audio.output.sample_rate cannot be {rate_hz}")
    return Format(encoding, rate_hz)


def thoughts(given: "wire.Think | list[wire.Think] | None") -> tuple[wire.Think, ...]:
    """Return the providers in the order in which they are asked: those behind are fallbacks."""
    several = given if isinstance(given, list) else [given or wire.Think()]
    return tuple(several) or (wire.Think(),)


def functions(given: tuple[wire.Think, ...], options: ServerSettings) -> tuple[Tool, ...]:
    """Return the functions that any of them may ask for, the first of each name.

    Raises:
        BadConfigure: One is called at an endpoint, and that is not allowed.
    """
    named: dict[str, Tool] = {}
    for think in given:
        for tool in _tools(think, options):
            named.setdefault(tool.name, tool)
    return tuple(named.values())


def _tools(think: wire.Think, options: ServerSettings) -> tuple[Tool, ...]:
    named = []
    for each in think.functions or ():
        endpoint = None
        if each.endpoint is not None and each.endpoint.url:
            if not options.agent_endpoints:
                raise BadConfigure(NO_ENDPOINTS)
            at = each.endpoint
            endpoint = Endpoint(at.url, at.method, at.headers or {})
        parameters = each.parameters or {"type": "object", "properties": {}}
        named.append(Tool(each.name, each.description or "", parameters, endpoint))
    return tuple(named)


def thinker(given: tuple[wire.Think, ...], prompt: str | None, options: ServerSettings) -> Thinker:
    """Return what answers: the first of these, and the next where that one fails.

    Raises:
        BadConfigure: A client's endpoint is not allowed.
        ThoughtFailed: The client for language models is not installed.
    """
    minds = [_thinker(think, prompt, options) for think in given]
    return minds[0] if len(minds) == 1 else FirstThatAnswers(minds)


def _thinker(think: wire.Think, prompt: str | None, options: ServerSettings) -> Thinker:
    """Return the operator's model, or where allowed the client's own endpoint."""
    provider = think.provider or wire.ThinkProvider()
    told = prompt if prompt is not None else think.prompt or PROMPT
    own = think.endpoint is not None and bool(think.endpoint.url)
    if own and not options.agent_endpoints:
        raise BadConfigure(NO_ENDPOINTS)
    tools = _tools(think, options)
    if own:
        assert think.endpoint is not None
        return Model(
            provider.model or MODEL,
            base_url=think.endpoint.url.removesuffix("/chat/completions"),
            prompt=told,
            tools=tools,
            temperature=provider.temperature,
            headers=think.endpoint.headers,
        )
    if options.llm_base_url is None and options.llm_model is None:
        return Echo()
    return Model(
        options.llm_model or provider.model or MODEL,
        base_url=options.llm_base_url,
        api_key=options.llm_api_key,
        prompt=told,
        tools=tools,
        temperature=provider.temperature,
    )


def voice_of(
    given: "wire.Speak | list[wire.Speak] | None", synthesiser: Synthesiser
) -> tuple[Voice, float]:
    """Return the voice that answers to what was asked for, and its speed.

    Of a list it is the first that is there: all voices are of the one synthesiser, which
    fails them all or none.

    Raises:
        BadConfigure: There is no such voice, or it cannot speak so fast.
    """
    several = given if isinstance(given, list) else [given]
    refused: BadConfigure | None = None
    for speak in several:
        try:
            return _voice(speak.provider if speak else None, synthesiser)
        except BadConfigure as error:
            refused = refused or error
    if refused is not None:
        raise refused
    return _voice(None, synthesiser)


def _voice(provider: wire.SpeakProvider | None, synthesiser: Synthesiser) -> tuple[Voice, float]:
    if provider is None or provider.model is None:
        return synthesiser.voices[0], 1.0
    speed = float(provider.speed or 1.0)
    if not SPEED_MIN <= speed <= SPEED_MAX:
        raise BadConfigure(f"a voice's speed is from {SPEED_MIN} to {SPEED_MAX}, not {speed}")
    try:
        return choose(provider.model, synthesiser.voices), speed
    except BadRequest as error:
        raise BadConfigure(str(error)) from None


def past(context: wire.Context | None) -> list[Entry]:
    """Return what was said before the conversation."""
    entries: list[Entry] = []
    for each in (context.messages if context else None) or ():
        if each.function_calls:
            calls = [ToolCall(call.id, call.name, call.arguments) for call in each.function_calls]
            results = [call.response for call in each.function_calls]
            entries.append(Called(tuple(calls), tuple(results)))
        elif each.content:
            entries.append(Said("user" if each.role == "user" else "assistant", each.content))
    return entries
