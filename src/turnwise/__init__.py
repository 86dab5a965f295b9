"""A speech recogniser for conversations: it hears turns, not just words."""

__version__ = "0.1.0"
