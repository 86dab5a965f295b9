"""livekit-plugins-deepgram 1.8.9: STTv2, at the pace of a microphone.

Prints every final transcript and how often each event came. In the middle it changes a
threshold and the key terms (a Configure on the wire).

    python drive_livekit.py ws://localhost:8080 KEY AUDIO.pcm
"""

import asyncio
import logging
import sys
from collections import Counter
from pathlib import Path

import aiohttp
from livekit import rtc
from livekit.agents import stt
from livekit.plugins import deepgram

RATE_HZ = 16_000
CHUNK_BYTES = 640  # 20 ms
QUOTED = (stt.SpeechEventType.FINAL_TRANSCRIPT, stt.SpeechEventType.PREFLIGHT_TRANSCRIPT)


async def speak(listener: deepgram.STTv2, stream: stt.SpeechStream, audio: bytes) -> None:
    for start in range(0, len(audio), CHUNK_BYTES):
        if start == len(audio) // CHUNK_BYTES // 2 * CHUNK_BYTES:
            listener.update_options(eot_threshold=0.8, keyterm=["window"])
        chunk = audio[start : start + CHUNK_BYTES]
        stream.push_frame(rtc.AudioFrame(chunk, RATE_HZ, 1, len(chunk) // 2))
        await asyncio.sleep(CHUNK_BYTES / 2 / RATE_HZ)
    stream.end_input()


async def main(server: str, api_key: str, path: Path) -> None:
    counts: Counter[str] = Counter()
    async with aiohttp.ClientSession() as session:
        listener = deepgram.STTv2(
            model="flux-general-en",
            base_url=f"{server}/v2/listen",
            api_key=api_key,
            eager_eot_threshold=0.4,
            eot_threshold=0.7,
            keyterm=["Robert Johnson"],
            tags=["conformance"],
            http_session=session,
        )
        stream = listener.stream()
        speaking = asyncio.create_task(speak(listener, stream, path.read_bytes()))
        async for event in stream:
            counts[event.type.value] += 1
            if event.type in QUOTED:
                words = event.alternatives[0]
                print(f"{event.type.value}: {words.text} ({words.confidence:.2f})", flush=True)
        await speaking
        await stream.aclose()
    print(dict(counts))


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.INFO)
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
