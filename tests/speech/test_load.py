"""Loading: by name, by what is installed, or with a line that says what to install."""

import json
from pathlib import Path

import pytest

from turnwise.errors import NoSynthesiser
from turnwise.speech.load import NAMES, load


def executable(folder: Path, name: str) -> None:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


async def test_flite_is_preferred_espeak_will_do_and_else_ours_speaks(tmp_path: Path) -> None:
    assert load("auto", {"PATH": str(tmp_path)}).name == "embedded"
    executable(tmp_path, "espeak-ng")
    assert load("auto", {"PATH": str(tmp_path)}).name == "espeak-ng"
    executable(tmp_path, "flite")
    assert load("auto", {"PATH": str(tmp_path)}).name == "flite"


@pytest.mark.parametrize("name", ["flite", "espeak-ng", "piper"])
def test_what_is_not_installed_says_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(NoSynthesiser, match="install"):
        load(name, {"PATH": str(tmp_path)})


def test_what_is_no_name_lists_the_names() -> None:
    with pytest.raises(NoSynthesiser, match=", ".join(NAMES)):
        load("parrot", {})


async def test_piper_has_the_voices_of_its_folder(tmp_path: Path) -> None:
    executable(tmp_path, "piper")
    about = {"audio": {"sample_rate": 16_000}, "language": {"code": "en_GB"}}
    (tmp_path / "alan.onnx").touch()
    (tmp_path / "alan.onnx.json").write_text(json.dumps(about))
    for spec, more in (
        (f"piper:{tmp_path}", {}),
        ("piper", {"TURNWISE_PIPER_VOICES": f"{tmp_path}"}),
    ):
        (voice,) = load(spec, {"PATH": str(tmp_path), **more}).voices
        assert (voice.name, voice.language, voice.sample_rate_hz) == ("alan", "en-GB", 16_000)


@pytest.mark.parametrize("about", ["{}", "[]", "not json", '{"audio":{"sample_rate":"high"}}'])
def test_a_piper_voice_that_cannot_be_read_says_which(about: str, tmp_path: Path) -> None:
    executable(tmp_path, "piper")
    (tmp_path / "alan.onnx").touch()
    (tmp_path / "alan.onnx.json").write_text(about)
    with pytest.raises(NoSynthesiser, match="alan cannot be read"):
        load(f"piper:{tmp_path}", {"PATH": str(tmp_path)})


def test_piper_without_voices_says_how_to_give_them(tmp_path: Path) -> None:
    executable(tmp_path, "piper")
    with pytest.raises(NoSynthesiser, match="TURNWISE_PIPER_VOICES"):
        load(f"piper:{tmp_path}", {"PATH": str(tmp_path)})


@pytest.mark.parametrize("name", ["openai", "hosted"])
def test_another_server_needs_its_address(name: str) -> None:
    with pytest.raises(NoSynthesiser, match="needs a URL"):
        load(name, {})
    assert load(f"{name}:http://localhost:1/v1", {}).name == name
