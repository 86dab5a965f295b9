"""Make API keys, and trade one for a token that soon expires."""

import json
import secrets
import urllib.request
from typing import Annotated
from urllib.error import HTTPError, URLError

import typer

from turnwise.client.address import address, refusal
from turnwise.errors import Unreachable
from turnwise.settings import TOKEN_SECONDS_DEFAULT, TOKEN_SECONDS_MAX

GRANT_PATH = "/v1/auth/grant"
KEY_BYTES = 32  # 256 bits: nobody guesses it
ANSWER_S_MAX = 10.0

keys = typer.Typer(no_args_is_help=True, help="Make API keys and temporary tokens.")


@keys.command(epilog='Example: export TURNWISE_API_KEYS="$(turnwise keys new)" && turnwise serve')
def new() -> None:
    """Print a new random API key.

    Nothing is stored: give it to `turnwise serve` as TURNWISE_API_KEYS (several are separated
    by commas) and to clients as TURNWISE_API_KEY.
    """
    print(secrets.token_urlsafe(KEY_BYTES))


@keys.command(epilog="Example: turnwise keys token --url http://localhost:8080 --seconds 300")
def token(
    url: Annotated[str, typer.Option(help="The server.")] = "http://localhost:8080",
    api_key: Annotated[
        str | None,
        typer.Option(envvar="TURNWISE_API_KEY", show_envvar=True, help="The key to trade."),
    ] = None,
    seconds: Annotated[
        int, typer.Option(min=1, max=TOKEN_SECONDS_MAX, help="How long it may open streams.")
    ] = TOKEN_SECONDS_DEFAULT,
) -> None:
    """Print a temporary token, for a browser or a device that must not know the key."""
    server = address(url, api_key, None)
    base = server.url.replace("ws", "http", 1).removesuffix("/v2/listen")
    request = urllib.request.Request(  # noqa: S310 - address() let only http and https through
        base + GRANT_PATH,
        json.dumps({"ttl_seconds": seconds}).encode(),
        {**server.headers, "Content-Type": "application/json"},
    )
    proxies = urllib.request.ProxyHandler({}) if server.local else urllib.request.ProxyHandler()
    try:
        with urllib.request.build_opener(proxies).open(request, timeout=ANSWER_S_MAX) as answer:
            print(json.load(answer)["access_token"])
    except HTTPError as refused:
        raise refusal(refused.code, refused.headers.get("dg-error"), refused.read()) from None
    except URLError as error:
        raise Unreachable(f"no server answers at {base}: {error.reason}") from None
