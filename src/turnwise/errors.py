"""Every way this library fails on purpose.

    TurnwiseError
    ├── ClientError              the other side broke the contract
    │   ├── Refused              said before the upgrade, as an HTTP response
    │   │   ├── BadQuery         400  in the URL
    │   │   ├── BadRequest       400  a Flux model on a path that is not Flux's
    │   │   ├── BadCredentials   401  unknown key, expired token, none at all
    │   │   ├── NoSuchModel      403  a model this server does not have
    │   │   ├── Forbidden        403  valid credentials of the wrong kind
    │   │   ├── BadPayload       400  a request's body that cannot be read
    │   │   ├── PayloadTooLarge  413  a body or a text beyond its limit
    │   │   ├── UnsupportedMedia 415  a body of another type
    │   │   ├── TooManyStreams   429  every place is taken; try again later
    │   │   └── ShuttingDown     503  this server is draining
    │   ├── BadAudio             bytes that are not the audio they claim to be
    │   ├── BadMessage           text that is not a message
    │   ├── BadConfigure         a well-formed Configure with values out of range; not fatal
    │   └── Inactive             nothing heard for too long, not even a ping
    ├── ServerError              our side cannot go on
    │   ├── Overloaded           no slot for another stream; try again later
    │   ├── EngineFailed         the recogniser died
    │   ├── NoSynthesiser        what is to speak is not installed; says what to install
    │   └── SynthesisFailed      what speaks could not say this
    └── CallError                what our own client meets; never crosses the wire
        ├── DeviceMissing        no microphone, no tool, or nothing to reach it with
        ├── BadLog               a file that is no session's log
        ├── Unreachable          nobody answers at that address
        ├── HandshakeRefused     an HTTP status came back instead of a stream
        ├── StreamFailed         the server said Error and ended the stream
        ├── ThoughtFailed        the language model gave no answer, or half of one
        └── ConnectionLost       broken off, and not to be taken up again

A bug is none of these. It is an AssertionError: it is logged with its trace, that
one stream ends, and the client hears no detail.

Codes are the wire's own where the contract names one (sections 1.5, 4.5 and 4.7).
"""

from typing import ClassVar

NO_STATUS = 1005
"""Close without a status code: what the contract documents after CloseStream and Error."""


class TurnwiseError(Exception):
    code: ClassVar[str]
    """What the client reads in an Error message or a refusal's body."""
    close_code: ClassVar[int] = NO_STATUS
    """How the WebSocket ends."""


class ClientError(TurnwiseError):
    code = "BAD_REQUEST"


class Refused(ClientError):
    status: ClassVar[int] = 400
    """The HTTP status that answers the handshake."""


class BadQuery(Refused):
    code = "INVALID_QUERY_PARAMETER"


class BadRequest(Refused):
    code = "Bad Request"


class BadCredentials(Refused):
    code = "INVALID_AUTH"
    status = 401


class NoSuchModel(Refused):
    code = "INSUFFICIENT_PERMISSIONS"
    status = 403


class Forbidden(Refused):
    code = "FORBIDDEN"
    status = 403


class BadPayload(Refused):
    code = "PAYLOAD_ERROR"


class PayloadTooLarge(Refused):
    code = "PAYLOAD_TOO_LARGE"
    status = 413


class UnsupportedMedia(Refused):
    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


class TooManyStreams(Refused):
    code = "TOO_MANY_REQUESTS"
    status = 429


class ShuttingDown(Refused):
    code = "SERVICE_UNAVAILABLE"
    status = 503


class BadAudio(ClientError):
    code = "UNDECODABLE_AUDIO"


class BadMessage(ClientError):
    code = "UNPARSABLE_CLIENT_MESSAGE"


class BadConfigure(ClientError):
    """Answered with ConfigureFailure; the stream goes on as it was."""

    code = "INVALID_CONFIGURATION"

    def __init__(self, text: str, code: str = "INVALID_CONFIGURATION") -> None:
        super().__init__(text)
        self.reply_code = code


class Inactive(ClientError):
    code = "INACTIVE_CLIENT"


class ServerError(TurnwiseError):
    code = "INTERNAL_SERVER_ERROR"


class Overloaded(ServerError):
    code = "TOO_MANY_REQUESTS"


class EngineFailed(ServerError): ...


class NoSynthesiser(ServerError): ...


class SynthesisFailed(ServerError): ...


class CallError(TurnwiseError):
    code = "CALL_FAILED"


class DeviceMissing(CallError): ...


class BadLog(CallError): ...


class Unreachable(CallError): ...


class HandshakeRefused(CallError):
    """The server's answer was a status, with its reason (contract section 1.5)."""

    def __init__(self, status: int, err_code: str, err_msg: str) -> None:
        super().__init__(f"refused with HTTP status {status}: {err_code}: {err_msg}")
        self.status = status
        self.err_code = err_code
        self.err_msg = err_msg


class StreamFailed(CallError):
    """The server's Error message, field by field (contract section 4.7)."""

    def __init__(self, error_code: str, description: str) -> None:
        super().__init__(f"the server ended the stream: {error_code}: {description}")
        self.error_code = error_code
        self.description = description


class ThoughtFailed(CallError): ...


class ConnectionLost(CallError): ...
