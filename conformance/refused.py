"""What deepgram-sdk 7 shows its user when a handshake is refused.

Prints one JSON object: the exception's class, the status and what `dg-error` says. The last
argument is the parameters of `connect`, as JSON; `additional` ones go round the SDK's types.

    python refused.py ws://localhost:8080 KEY blocking '{"model": "flux-general-en"}'
"""

import asyncio
import json
import sys
from typing import Any

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.environment import DeepgramClientEnvironment


def blocking(environment: DeepgramClientEnvironment, key: str, parameters: dict[str, Any]) -> None:
    client = DeepgramClient(api_key=key, environment=environment)
    with client.listen.v2.connect(**parameters):
        pass


async def asynchronous(
    environment: DeepgramClientEnvironment, key: str, parameters: dict[str, Any]
) -> None:
    client = AsyncDeepgramClient(api_key=key, environment=environment)
    async with client.listen.v2.connect(**parameters):
        pass


def main(server: str, key: str, flavour: str, parameters: dict[str, Any]) -> None:
    http = server.replace("ws", "http", 1)
    environment = DeepgramClientEnvironment(
        base=http, production=server, agent=server, agent_rest=http
    )
    additional = parameters.pop("additional", None)
    if additional:
        parameters["request_options"] = {"additional_query_parameters": additional}
    try:
        if flavour == "blocking":
            blocking(environment, key, parameters)
        else:
            asyncio.run(asynchronous(environment, key, parameters))
    except Exception as error:  # whatever the SDK lets through is what is asked for
        response = getattr(error, "response", None)
        status = response.status_code if response else getattr(error, "status_code", None)
        headers = response.headers if response else {}
        shown = {"class": type(error).__name__, "status": status, "why": headers.get("dg-error")}
        print(json.dumps(shown))
    else:
        print(json.dumps({"class": "accepted"}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4]))
