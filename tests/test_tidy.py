"""The layout and the limits that ARCHITECTURE.md promises, enforced."""

import ast
import re
from pathlib import Path

import turnwise

ROOT = Path(__file__).parent.parent
SOURCE = Path(turnwise.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))

SHARED = {"units", "errors", "settings"}
MAY_IMPORT = {
    "units": set[str](),
    "errors": set[str](),
    "settings": {"errors"},
    "audio": SHARED,
    "engine": SHARED,
    "text": SHARED | {"engine"},
    "turn": SHARED | {"engine"},
    "wire": SHARED,
    "listener": SHARED | {"audio", "engine", "text", "turn", "wire"},
    "schedule": SHARED | {"engine"},
    "speech": SHARED | {"audio", "engine", "wire"},
    "server": SHARED | {"agent", "engine", "listener", "samples", "schedule", "speech", "wire"},
    "client": SHARED | {"wire"},
    "agent": SHARED | {"client", "speech", "wire"},
    "inspector": SHARED | {"wire"},
    "cli": SHARED
    | {"agent", "audio", "client", "engine", "inspector", "samples", "server", "speech", "wire"},
    "samples": set[str](),
    "__init__": {"client"},
    "__main__": {"cli"},
}
PURE = {"units", "errors", "settings", "audio", "inspector", "text", "turn", "wire", "listener"}
PURE_MODULES = {"agent/turns.py", "agent/history.py", "agent/conversation.py", "agent/report.py"}
IMPURE_MODULES = {"asyncio", "socket", "threading", "time", "random", "os", "logging"}
PURE_SPEECH = {
    "clauses",
    "formants",
    "heard",
    "pronounce",
    "resonators",
    "session",
    "session_v1",
    "session_v2",
    "voices",
}
"""Of a room that also starts programs and calls servers."""
ONLY_LOADER = {"turnwise.engine.embedded", "turnwise.engine.scripted"}
VAGUE_NAMES = {"utils", "common", "core", "base", "manager", "handler", "misc", "helpers"}
BANNED = {"FIXME": "an issue", "XXX": "an issue", "print(": "a logger", "time.time(": "a clock"}
LINES_MAX = 500
FUNCTION_LINES_MAX = 70


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names.add(node.module or "")
    return names


def test_each_room_imports_only_what_it_may() -> None:
    for path in MODULES:
        ours = {name.split(".")[1] for name in imported(path) if name.startswith("turnwise.")}
        assert ours - {room(path)} <= MAY_IMPORT[room(path)], path


def test_pure_rooms_import_nothing_that_waits_or_wanders() -> None:
    for path in MODULES:
        if room(path) in PURE or path.relative_to(SOURCE).as_posix() in PURE_MODULES:
            assert not {name.split(".")[0] for name in imported(path)} & IMPURE_MODULES, path


def test_the_sessions_of_speech_import_nothing_that_waits_or_wanders() -> None:
    for name in PURE_SPEECH:
        path = SOURCE / "speech" / f"{name}.py"
        assert not {name.split(".")[0] for name in imported(path)} & IMPURE_MODULES, path


def test_only_the_loader_knows_the_engines() -> None:
    for path in MODULES:
        if room(path) != "engine":
            assert not imported(path) & ONLY_LOADER, path


def test_nothing_is_too_long_to_read() -> None:
    for path in MODULES:
        text = path.read_text()
        assert len(text.splitlines()) <= LINES_MAX, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < FUNCTION_LINES_MAX, f"{path}: {node.name}"


def test_banned_words_stay_out() -> None:
    for path in MODULES:
        for word, instead in BANNED.items():
            if word == "print(" and room(path) == "cli":
                continue
            found = re.search(r"(?<!\w)" + re.escape(word), path.read_text())
            assert not found, f"{path}: {word} is banned, use {instead}"


def test_a_module_is_named_for_what_is_in_it() -> None:
    assert not {path.stem for path in MODULES} & VAGUE_NAMES


def test_the_vendor_is_named_in_prose_only() -> None:
    for path in MODULES:
        names = {
            name
            for node in ast.walk(ast.parse(path.read_text()))
            for name in (getattr(node, "name", None), getattr(node, "id", None))
            if isinstance(name, str)
        }
        assert not [name for name in names | {path.stem} if "deepgram" in name.lower()], path


def test_every_room_is_in_the_table() -> None:
    assert {room(path) for path in MODULES} <= set(MAY_IMPORT)


def test_every_test_of_a_room_mirrors_a_module_of_it() -> None:
    for area in ("audio", "inspector", "text", "turn", "wire"):
        tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / area).glob("test_*")}
        modules = {path.stem for path in (SOURCE / area).glob("*.py")}
        assert modules - tests <= {"messages", "agent_messages", "speak_messages", "__init__"}, area
