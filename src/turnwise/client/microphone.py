"""The sound of this machine's microphone, as raw audio to play to a stream."""

from collections.abc import Iterator

from turnwise.errors import DeviceMissing
from turnwise.units import FRAME_MS, SAMPLE_RATE_HZ

INSTALL_PORTAUDIO = (
    "microphone and loudspeaker need PortAudio: on Debian and Ubuntu "
    "`sudo apt install libportaudio2`, on Fedora `sudo dnf install portaudio`; it comes "
    "with the package on macOS and Windows"
)


def microphone(device: int | str | None = None) -> Iterator[bytes]:
    """Yield 16 kHz mono linear16, 80 ms at a time, as it is spoken; it never ends.

    Args:
        device: A number or a part of the name, as `python -m sounddevice` lists them;
            None: the system's default.

    Raises:
        DeviceMissing: There is no microphone, or no library to reach it with.
    """
    try:
        import sounddevice
    except ImportError:
        raise DeviceMissing("the microphone needs: pip install 'turnwise[mic]'") from None
    except OSError:  # the package is there, the library it wraps is not
        raise DeviceMissing(INSTALL_PORTAUDIO) from None
    frame_samples = SAMPLE_RATE_HZ * FRAME_MS // 1000
    try:
        with sounddevice.RawInputStream(
            samplerate=SAMPLE_RATE_HZ,
            blocksize=frame_samples,
            device=device,
            channels=1,
            dtype="int16",
        ) as stream:
            while True:
                data, _ = stream.read(frame_samples)
                yield bytes(data)
    except (sounddevice.PortAudioError, ValueError) as error:
        raise DeviceMissing(f"no microphone can be opened: {error}") from None
