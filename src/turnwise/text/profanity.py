"""Words that profanity_filter hides.

Strong profanity and slurs, as whole words, in English. Left out on purpose: words with an
everyday other meaning (a name, an animal, a tool) and mild oaths, since a transcript with a
hole in an innocent sentence serves nobody.
"""

MASK = "****"
"""Shown instead, whatever the word's length (the service's page on the filter shows this)."""

# Each stem with the endings it takes; "" is the stem itself.
_STEMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "fuck",
        ("", "s", "ed", "er", "ers", "in", "ing", "head", "heads", "face", "wit", "up", "ups"),
    ),
    ("motherfuck", ("", "er", "ers", "in", "ing")),
    ("clusterfuck", ("", "s")),
    ("shit", ("", "s", "ty", "ted", "tier", "tiest", "tin", "ting", "head", "heads", "show")),
    ("bullshit", ("", "s", "ted", "ter", "ting")),
    ("horseshit", ("",)),
    ("dipshit", ("", "s")),
    ("cunt", ("", "s", "y")),
    ("bitch", ("", "es", "ed", "ing", "in", "y")),
    ("asshole", ("", "s")),
    ("arsehole", ("", "s")),
    ("dumbass", ("", "es")),
    ("bastard", ("", "s")),
    ("dickhead", ("", "s")),
    ("cocksuck", ("er", "ers", "ing")),
    ("wank", ("", "s", "ed", "er", "ers", "ing")),
    ("twat", ("", "s")),
    ("slut", ("", "s", "ty")),
    ("whore", ("", "s")),
    ("nigg", ("a", "as", "er", "ers")),
    ("faggot", ("", "s")),
    ("kike", ("", "s")),
    ("wetback", ("", "s")),
    ("tranny", ("",)),
    ("trannies", ("",)),
)
PROFANE = frozenset(stem + ending for stem, endings in _STEMS for ending in endings)


def is_profane(core: str) -> bool:
    """Whether a word is one of ours.

    Args:
        core: The word without punctuation around it, in any case; a possessive or a hyphen
            inside makes no difference.
    """
    plain = core.lower().replace("’", "'").removesuffix("'s").removesuffix("'")  # noqa: RUF001
    return plain.replace("-", "") in PROFANE or any(part in PROFANE for part in plain.split("-"))
