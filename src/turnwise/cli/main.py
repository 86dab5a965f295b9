"""The command line: `turnwise`."""

import os
import signal
import sys
from typing import Annotated

import typer
from rich.console import Console

import turnwise
from turnwise.cli.agent import agent
from turnwise.cli.doctor import doctor
from turnwise.cli.inspect import inspect
from turnwise.cli.keys import keys
from turnwise.cli.live import demo, listen, mic
from turnwise.cli.serve import serve
from turnwise.cli.speak import speak
from turnwise.cli.transcribe import transcribe
from turnwise.errors import TurnwiseError

RADIO = "http://stream.live.vc.bbcmedia.co.uk/bbc_world_service"

app = typer.Typer(
    name="turnwise",
    help="A speech recogniser for conversations: it hears turns, not just words.",
    epilog="Begin with: turnwise doctor, then: turnwise demo",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,  # they hold keys and what people said
)


def examples(*lines: str) -> str:
    """Return an epilog: blank lines keep the examples apart."""
    return "\n\n".join(["Examples:", *lines])


app.command(
    epilog=examples(
        "turnwise serve",
        'TURNWISE_API_KEYS="$(turnwise keys new)" turnwise serve --host 0.0.0.0',
    )
)(serve)
app.command(
    epilog=examples(
        "turnwise transcribe meeting.wav",
        "turnwise transcribe --json --eager-eot-threshold 0.4 call.flac",
        "ffmpeg -i talk.mp4 -f wav - | turnwise transcribe -",
        "arecord -r 16000 -f S16_LE -t raw | "
        "turnwise transcribe --encoding linear16 --sample-rate 16000 -",
    )
)(transcribe)
app.command(
    epilog=examples(
        'turnwise speak "Hello there."',
        'turnwise speak "Hello there." -o hello.wav',
        "turnwise speak --voice aura-2-apollo-en --speed 1.2 -o answer.mp3 - < answer.txt",
        "turnwise speak --speech hosted:http://localhost:8080 -o hello.flac 'Hello there.'",
    )
)(speak)
app.command(epilog=examples("turnwise mic", "turnwise mic --url ws://localhost:8080"))(mic)
app.command(epilog=examples(f"turnwise listen {RADIO}"))(listen)
app.command(
    epilog=examples("turnwise demo", "turnwise demo meeting.wav", f"turnwise demo {RADIO}")
)(demo)
app.command(
    epilog=examples(
        "turnwise agent",
        "turnwise agent --llm-base-url http://localhost:11434/v1 --llm-model llama3.2",
        "OPENAI_API_KEY=... turnwise agent --eager-eot-threshold 0.4",
        "turnwise agent audio/question.wav",
    )
)(agent)
app.command(
    epilog=examples(
        "turnwise transcribe --save call.jsonl call.wav",
        "turnwise inspect call.jsonl call.wav --png call.png",
    )
)(inspect)
app.command(epilog=examples("turnwise doctor --port 9000"))(doctor)
app.add_typer(keys, name="keys")


def show_version(asked: bool) -> None:
    if asked:
        print(f"turnwise {turnwise.__version__}")
        raise typer.Exit


@app.callback()
def before(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """A speech recogniser for conversations: it hears turns, not just words."""


def leave(number: int, frame: object) -> None:
    """End as Ctrl-C would, so that a server of our own is stopped too."""
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line. What failed on purpose is one line, not a trace."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    try:
        app()
    except TurnwiseError as error:
        Console(stderr=True, highlight=False).print(
            f"turnwise: {error}", style="red", soft_wrap=True, markup=False
        )
        sys.exit(1)
    except BrokenPipeError:  # whoever read our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
