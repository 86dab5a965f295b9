"""Logs: one line per event on standard error, as text or JSON. Configured by the command line.

A stream is two lines: opened and closed. Nothing that was said, no keyterm, no credential
and no URL (which holds keyterms) is logged at any level.
"""

import json
import logging
import sys
from datetime import UTC, datetime

QUIET = ("uvicorn", "uvicorn.error", "uvicorn.access", "websockets")
"""They log URLs and frames below WARNING."""
PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        values = " ".join(f"{name}={value}" for name, value in extras(record).items())
        line = f"{moment(record)} {record.levelname:7} {record.name}: {record.getMessage()}"
        return "\n".join(filter(None, [f"{line} {values}".rstrip(), trace(self, record)]))


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "time": moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **extras(record),
        }
        if record.exc_info:
            fields["trace"] = trace(self, record)
        return json.dumps(fields, default=str)


def configure(as_json: bool, level: int = logging.INFO) -> None:
    """Send this process's logs to standard error."""
    printer = logging.StreamHandler(sys.stderr)
    printer.setFormatter(JsonFormatter() if as_json else TextFormatter())
    logging.basicConfig(level=level, handlers=[printer], force=True)


def quieten() -> None:
    """Keep other people's loggers from telling what clients sent."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def extras(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in record.__dict__.items() if name not in PLAIN}


def moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""
