"""Whole voice agents: the guide's complete program, and the Voice Agent API's typed client."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.agent import llm
from tests.conformance.programs import KEY, run, silence, write_wav
from tests.conformance.servers import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ANSWER = "Certainly. For how many people?"


@contextmanager
def model() -> Iterator[str]:
    """A language model that answers as a whole, as the guide asks it."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = json.dumps({"choices": [{"message": {"content": ANSWER}}]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("sdk", "program"), [("sdk5", "agent_whole.py"), ("sdk7", "agent_whole7.py")]
)
def test_the_guides_complete_program_answers_into_a_file(
    sdk: str, program: str, tmp_path: Path
) -> None:
    wav = write_wav(tmp_path / "speech.wav", silence(3.0))
    target = tmp_path / "agent_response.wav"
    with serving("--engine", "scripted", "--speech", "tones") as server, model() as llm:
        lines = run(sdk, program, server, KEY, llm, str(wav), str(target))
    assert lines == ["transcript: Hi there", f"response: {ANSWER}"]
    said, rate_hz = soundfile.read(target)
    assert rate_hz == 16_000
    assert len(said) > rate_hz
    assert np.abs(said).max() > 0.1


def test_without_a_model_the_guides_program_says_what_it_heard(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "speech.wav", silence(3.0))
    target = tmp_path / "agent_response.wav"
    nobody = "http://127.0.0.1:1/v1"
    with serving("--engine", "scripted", "--speech", "tones") as server:
        lines = run("sdk5", "agent_whole.py", server, KEY, nobody, str(wav), str(target))
    assert lines[1] == "response: I heard you say: Hi there"


def test_the_typed_agent_client_converses(tmp_path: Path) -> None:
    path = tmp_path / "speech.pcm"
    path.write_bytes(silence(3.0))
    with serving("--engine", "scripted", "--speech", "tones") as server:
        said = [json.loads(line) for line in run("sdk7", "agent_typed.py", server, KEY, str(path))]
    assert [message["class"] for message in said[:10]] == [
        "AgentV1Welcome",
        "AgentV1SettingsApplied",
        "AgentV1PromptUpdated",
        "AgentV1UserStartedSpeaking",
        "ConversationHistoryMessage",
        "AgentV1ConversationText",
        "AgentV1AgentThinking",
        "AgentV1ConversationText",
        "AgentV1AgentAudioDone",
        "AgentV1LatencyReport",
    ]  # the next turn begins within the same sound
    assert said[5]["fields"]["content"] == "Hi there"
    assert said[7]["fields"]["content"] == "I heard you say: Hi there"
    assert said[-1]["class"] == "end"
    assert said[-1]["fields"]["sound_bytes"] > 48_000


def test_the_typed_agent_client_of_the_fifth_edition_converses(tmp_path: Path) -> None:
    path = tmp_path / "speech.pcm"
    path.write_bytes(silence(3.0))
    wish = llm.tool_call("clock", "{}")
    with (
        llm.serving_aside(wish, llm.words("It is noon."), llm.words("Good day.")) as model,
        serving("--engine", "scripted", "--speech", "tones", "--llm-base-url", model.url) as server,
    ):
        said = [json.loads(line) for line in run("sdk5", "agent_typed5.py", server, KEY, str(path))]
    seen = {message["class"] for message in said}
    assert seen >= {
        "AgentV1WelcomeMessage",
        "AgentV1SettingsAppliedEvent",
        "AgentV1HistoryMessage",
        "AgentV1ConversationTextEvent",
        "AgentV1UserStartedSpeakingEvent",
        "AgentV1AgentThinkingEvent",
        "AgentV1FunctionCallRequestEvent",
        "AgentV1AgentAudioDoneEvent",
        "AgentV1PromptUpdatedEvent",
        "AgentV1SpeakUpdatedEvent",
        "AgentV1InjectionRefusedEvent",
    }
    assert said[0]["class"] == "AgentV1WelcomeMessage"
    assert said[-1]["fields"]["sound_bytes"] > 48_000
    assert model.asked[0]["messages"][0]["content"] == "Be briefer."
    assert model.asked[1]["messages"][-1]["content"] == "noon"
