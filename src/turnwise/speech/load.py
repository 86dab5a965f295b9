"""From the name of a synthesiser to the synthesiser. The only file that imports them."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from turnwise.errors import NoSynthesiser
from turnwise.speech.interface import Synthesiser, Voice

AUTO = "auto"
LOCAL = ("flite", "espeak-ng")
"""What `auto` prefers to the embedded one, best first."""
NAMES = (AUTO, *LOCAL, "embedded", "piper", "openai", "hosted", "tones")
INSTALL = (
    "install it: on Debian and Ubuntu `sudo apt install flite` or `espeak-ng`, on Fedora "
    "`sudo dnf install` and on macOS `brew install` either; Piper is "
    "`pip install piper-tts`"
)
PIPER_VOICES = "TURNWISE_PIPER_VOICES"
KEYS = {
    "openai": ("TURNWISE_SPEECH_KEY", "OPENAI_API_KEY"),
    "hosted": ("TURNWISE_SPEECH_KEY", "DEEPGRAM_API_KEY"),
}
"""Where the key for another server is looked for."""
PIPER_FILE_BYTES_MAX = 1 << 20


def load(spec: str, environment: Mapping[str, str]) -> Synthesiser:
    """Return what speaks.

    Args:
        spec: One of NAMES, some of them with more after a colon:
            `auto`: what of LOCAL is installed, else the embedded one.
            `piper:FOLDER`: voices as *.onnx with *.onnx.json beside them; the folder may also
            be in TURNWISE_PIPER_VOICES.
            `openai:URL`, such as `openai:http://localhost:8880/v1`: any server with that
            interface.
            `hosted:URL`, such as `hosted:https://api.deepgram.com`: another /v1/speak, such
            as that of a turnwise elsewhere; voices are passed on by name. A key for either is
            looked for under KEYS.
        environment: Read for the variables above, and PATH.

    Raises:
        NoSynthesiser: It is not installed, or the name is none; says what to do.
    """
    name, _, rest = spec.partition(":")
    find = finder(environment)
    match name:
        case "auto":
            installed = (each for each in LOCAL if find(each) is not None)
            return load(next(installed, "embedded"), environment)
        case "embedded":
            from turnwise.speech.embedded import Embedded

            return Embedded()
        case "flite" | "espeak-ng" | "piper":
            from turnwise.speech.program import Program, espeak, flite, piper

            path = find(name)
            if path is None:
                raise NoSynthesiser(f"the program {name} is not on the PATH; {INSTALL}")
            if name == "flite":
                return Program(flite(path))
            if name == "espeak-ng":
                return Program(espeak(path))
            folder = rest or environment.get(PIPER_VOICES, "")
            return Program(piper(path, folder, piper_voices(folder)))
        case "openai" | "hosted":
            from turnwise.speech.remote import Hosted, OpenAi

            if not rest.startswith(("http://", "https://")):
                raise NoSynthesiser(f"{name} needs a URL: {name}:https://...")
            key = next((environment[each] for each in KEYS[name] if each in environment), None)
            return OpenAi(rest, key) if name == "openai" else Hosted(rest, key)
        case "tones":
            from turnwise.speech.tones import Tones

            return Tones()
    raise NoSynthesiser(f"nothing that speaks is called {name!r}; there are: {', '.join(NAMES)}")


def finder(environment: Mapping[str, str]) -> Callable[[str], str | None]:
    return lambda name: shutil.which(name, path=environment.get("PATH"))


def piper_voices(folder: str) -> tuple[Voice, ...]:
    """Read which voices are in a folder, by the names of their files.

    Raises:
        NoSynthesiser: There are none.
    """
    found = [piper_voice(path) for path in sorted(Path(folder).glob("*.onnx"))] if folder else []
    if not found:
        raise NoSynthesiser(
            f"Piper needs voices: piper:FOLDER or {PIPER_VOICES}=FOLDER, with *.onnx and "
            "*.onnx.json in it"
        )
    return tuple(found)


def piper_voice(model: Path) -> Voice:
    """Read the rate and the language of a voice from the file beside it.

    Raises:
        NoSynthesiser: There is none, or it is not one.
    """
    try:
        with model.with_suffix(".onnx.json").open("rb") as file:
            about = json.loads(file.read(PIPER_FILE_BYTES_MAX))
        rate_hz = int(about["audio"]["sample_rate"])
        language = str(about.get("language", {}).get("code", "en_US")).replace("_", "-")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoSynthesiser(f"the Piper voice {model.stem} cannot be read: {error!r}") from None
    return Voice(model.stem, language, rate_hz)
