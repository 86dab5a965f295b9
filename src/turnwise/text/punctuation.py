"""What stands around a word and is not part of it."""

MARKS = "!\"'(),-.:;?[]{}¡¿…‘’“”«»—–"  # noqa: RUF001 - the marks themselves


def peel(text: str) -> tuple[str, str, str]:
    """Split a word into the marks before it, the word, and the marks after it."""
    core = text.strip(MARKS)
    if core == text:
        return "", text, ""
    if not core:
        return text, "", ""
    start = text.index(core)
    return text[:start], core, text[start + len(core) :]
