"""Every message of /v1/agent/converse, in the order a conversation meets them.

Names, units and optional fields are the wire's own: contract section 7.4, and the public API
reference of the Voice Agent API. Unknown fields are skipped: clients send many that choose
between services which are not there. What both sides hear travels as binary messages.
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

Number = int | float

# What the client says.


class AudioInput(Struct, frozen=True):
    encoding: str = "linear16"
    sample_rate: Number = 24_000


class AudioOutput(Struct, frozen=True):
    encoding: str = "linear16"
    sample_rate: Number | None = None
    container: str | None = None


class Audio(Struct, frozen=True):
    input: AudioInput | None = None
    output: AudioOutput | None = None


class ListenProvider(Struct, frozen=True):
    model: str | None = None
    eot_threshold: Number | None = None
    eager_eot_threshold: Number | None = None
    eot_timeout_ms: Number | None = None
    keyterms: list[str] | None = None
    language_hints: list[str] | None = None


class Listen(Struct, frozen=True):
    provider: ListenProvider | None = None


class ThinkProvider(Struct, frozen=True):
    type: str = "open_ai"
    model: str | None = None
    temperature: Number | None = None


class Endpoint(Struct, frozen=True):
    url: str = ""
    method: str = "POST"
    headers: dict[str, str] | None = None


class Function(Struct, frozen=True):
    name: str
    description: str | None = None
    parameters: dict[str, object] | None = None
    endpoint: Endpoint | None = None


class Think(Struct, frozen=True):
    provider: ThinkProvider | None = None
    endpoint: Endpoint | None = None
    functions: list[Function] | None = None
    prompt: str | None = None


class SpeakProvider(Struct, frozen=True):
    type: str = "deepgram"
    model: str | None = None
    speed: Number | None = None


class Speak(Struct, frozen=True):
    provider: SpeakProvider | None = None


class PastCall(Struct, frozen=True):
    id: str
    name: str
    arguments: str
    response: str
    client_side: bool = True


class Past(Struct, frozen=True):
    """One thing that was said, or functions that were called."""

    role: str = ""
    content: str = ""
    function_calls: list[PastCall] | None = None


class Context(Struct, frozen=True):
    messages: list[Past] | None = None


class AgentSettings(Struct, frozen=True):
    listen: Listen | None = None
    think: Think | list[Think] | None = None
    speak: Speak | list[Speak] | None = None
    greeting: str | None = None
    context: Context | None = None
    think_live: object = None
    """By invitation only, and nobody is invited here."""


class Flags(Struct, frozen=True):
    history: bool = True


class Settings(Struct, frozen=True, tag="Settings", tag_field="type"):
    """What the conversation is made of. First, and once."""

    agent: AgentSettings | str
    audio: Audio | None = None
    flags: Flags | None = None
    experimental: bool | None = None
    tags: list[str] | None = None


class UpdateListen(Struct, frozen=True, tag="UpdateListen", tag_field="type"):
    listen: Listen


class UpdateThink(Struct, frozen=True, tag="UpdateThink", tag_field="type"):
    think: Think | list[Think]


class UpdateSpeak(Struct, frozen=True, tag="UpdateSpeak", tag_field="type"):
    speak: Speak | list[Speak]


class UpdatePrompt(Struct, frozen=True, tag="UpdatePrompt", tag_field="type"):
    prompt: str


class InjectUserMessage(Struct, frozen=True, tag="InjectUserMessage", tag_field="type"):
    """To be answered as if the user had said it."""

    content: str


class InjectAgentMessage(Struct, frozen=True, tag="InjectAgentMessage", tag_field="type"):
    """To be said by the agent: if nobody is speaking, behind what is being said, or at once."""

    message: str
    behavior: Literal["default", "queue", "interrupt"] | None = None


class SendFunctionCallResponse(Struct, frozen=True, tag="FunctionCallResponse", tag_field="type"):
    content: str
    id: str | None = None
    name: str = ""


class KeepAlive(Struct, frozen=True, tag="KeepAlive", tag_field="type"):
    """Nothing, so that the server knows the client is there."""


class ForceEndTurn(Struct, frozen=True, tag="ForceEndTurn", tag_field="type"):
    """The user's turn is over. With none open it says nothing, unlike on /v2/listen."""


ClientMessage = (
    Settings
    | UpdateListen
    | UpdateThink
    | UpdateSpeak
    | UpdatePrompt
    | InjectUserMessage
    | InjectAgentMessage
    | SendFunctionCallResponse
    | KeepAlive
    | ForceEndTurn
)


# What the server says.


class Welcome(Struct, frozen=True, tag="Welcome", tag_field="type"):
    request_id: str


class SettingsApplied(Struct, frozen=True, tag="SettingsApplied", tag_field="type"): ...


class UserStartedSpeaking(Struct, frozen=True, tag="UserStartedSpeaking", tag_field="type"):
    """The agent is silent from here on; what the client has not played yet is to be dropped."""


class ConversationText(Struct, frozen=True, tag="ConversationText", tag_field="type"):
    """A user's turn that ended, or the piece of a reply that sounds next."""

    role: str
    content: str
    languages: list[str] | UnsetType = UNSET
    """Of what the user said; with the multilingual model."""
    languages_hinted: list[str] | UnsetType = UNSET


class History(Struct, frozen=True, tag="History", tag_field="type", omit_defaults=True):
    """What the model is told from here on: of a reply, what was really heard."""

    role: str | UnsetType = UNSET
    content: str | UnsetType = UNSET
    function_calls: list[PastCall] | UnsetType = UNSET


class AgentThinking(Struct, frozen=True, tag="AgentThinking", tag_field="type"):
    content: str


class RequestedCall(Struct, frozen=True):
    id: str
    name: str
    arguments: str
    client_side: bool


class FunctionCallRequest(Struct, frozen=True, tag="FunctionCallRequest", tag_field="type"):
    functions: list[RequestedCall]


class FunctionCallResponse(Struct, frozen=True, tag="FunctionCallResponse", tag_field="type"):
    """What a function gave back that the server called."""

    id: str
    name: str
    content: str


class CancelledCall(Struct, frozen=True):
    id: str
    name: str


class FunctionCallCancelled(Struct, frozen=True, tag="FunctionCallCancelled", tag_field="type"):
    functions: list[CancelledCall]


class AgentStartedSpeaking(Struct, frozen=True, tag="AgentStartedSpeaking", tag_field="type"):
    """Seconds. Sent to who asked for `experimental`."""

    total_latency: float
    tts_latency: float
    ttt_latency: float


class AgentAudioDone(Struct, frozen=True, tag="AgentAudioDone", tag_field="type"):
    """The last of a reply's sound was sent; it may be playing still."""


class LatencyReport(Struct, frozen=True, tag="LatencyReport", tag_field="type", omit_defaults=True):
    """Seconds; what is not known is left out."""

    stt_latency: float | UnsetType = UNSET
    ttt_token_latency: float | UnsetType = UNSET
    ttt_text_latency: float | UnsetType = UNSET
    tts_latency: float | UnsetType = UNSET
    total_latency: float | UnsetType = UNSET


class ListenUpdated(Struct, frozen=True, tag="ListenUpdated", tag_field="type"): ...


class ThinkUpdated(Struct, frozen=True, tag="ThinkUpdated", tag_field="type"): ...


class SpeakUpdated(Struct, frozen=True, tag="SpeakUpdated", tag_field="type"): ...


class PromptUpdated(Struct, frozen=True, tag="PromptUpdated", tag_field="type"): ...


class InjectionRefused(Struct, frozen=True, tag="InjectionRefused", tag_field="type"):
    message: str


class Warning(Struct, frozen=True, tag="Warning", tag_field="type"):  # noqa: A001 - the wire's name
    """Something did not work, and the conversation goes on."""

    code: str
    description: str


class Error(Struct, frozen=True, tag="Error", tag_field="type"):
    """The conversation ends."""

    code: str
    description: str


ServerMessage = (
    Welcome
    | SettingsApplied
    | UserStartedSpeaking
    | ConversationText
    | History
    | AgentThinking
    | FunctionCallRequest
    | FunctionCallResponse
    | FunctionCallCancelled
    | AgentStartedSpeaking
    | AgentAudioDone
    | LatencyReport
    | ListenUpdated
    | ThinkUpdated
    | SpeakUpdated
    | PromptUpdated
    | InjectionRefused
    | Warning
    | Error
)
