"""The loudspeaker of this machine, for speech as it is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from turnwise.client.microphone import INSTALL_PORTAUDIO
from turnwise.errors import DeviceMissing


class Player(Protocol):
    def write(self, linear16: bytes) -> object:
        """Play mono samples, waiting until there is room for them."""
        ...

    def stop(self) -> object:
        """Wait until all was heard."""
        ...


@contextmanager
def loudspeaker(sample_rate_hz: int) -> Iterator[Player]:
    """Open the system's default loudspeaker for mono linear16; cut off when the block is left.

    Raises:
        DeviceMissing: There is none, or no library to reach it with.
    """
    try:
        import sounddevice
    except ImportError:
        raise DeviceMissing(
            "the loudspeaker needs: pip install 'turnwise[mic]'; or write a file with -o"
        ) from None
    except OSError:  # the package is there, the library it wraps is not
        raise DeviceMissing(INSTALL_PORTAUDIO) from None
    try:
        with sounddevice.RawOutputStream(
            samplerate=sample_rate_hz, channels=1, dtype="int16"
        ) as stream:
            yield stream
    except (sounddevice.PortAudioError, ValueError) as error:
        raise DeviceMissing(f"no loudspeaker can be opened: {error}; -o writes a file") from None
