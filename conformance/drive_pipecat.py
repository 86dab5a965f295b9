"""pipecat-ai 1.14.0: DeepgramFluxSTTService in a pipeline, at the pace of a microphone.

Prints the turn events, the transcription frames and any error. In the middle it changes a
threshold and switches eager events off (a null on the wire), which it must see confirmed.

    python drive_pipecat.py ws://localhost:8080 KEY AUDIO.pcm
"""

import asyncio
import sys
from pathlib import Path

from loguru import logger
from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    STTUpdateSettingsFrame,
    TranscriptionFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.workers.runner import WorkerRunner

RATE_HZ = 16_000
CHUNK_BYTES = 640  # 20 ms
SETTLE_S = 2.0
EVENTS = (
    "on_connection_error",
    "on_start_of_turn",
    "on_eager_end_of_turn",
    "on_turn_resumed",
    "on_end_of_turn",
)


class Printer(FrameProcessor):
    def __init__(self) -> None:
        super().__init__()
        self.interim_count = 0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InterimTranscriptionFrame):
            self.interim_count += 1
        elif isinstance(frame, TranscriptionFrame):
            print(f"transcription: {frame.text} (finalized={frame.finalized})", flush=True)
        elif isinstance(frame, ErrorFrame):
            print(f"error: {frame.error}", flush=True)
        await self.push_frame(frame, direction)


def listener(server: str, api_key: str) -> DeepgramFluxSTTService:
    stt = DeepgramFluxSTTService(
        api_key=api_key,
        url=f"{server}/v2/listen",
        settings=DeepgramFluxSTTService.Settings(
            model="flux-general-en",
            eager_eot_threshold=0.4,
            eot_threshold=0.7,
            eot_timeout_ms=5000,
            keyterm=["Robert Johnson"],
            numerals=False,
        ),
    )
    for name in EVENTS:

        async def said(_: object, *arguments: object, name: str = name) -> None:
            print(f"{name}: {' '.join(map(str, arguments))}", flush=True)

        stt.add_event_handler(name, said)
    return stt


async def speak(worker: PipelineWorker, audio: bytes) -> None:
    for start in range(0, len(audio), CHUNK_BYTES):
        if start == len(audio) // CHUNK_BYTES // 2 * CHUNK_BYTES:
            settings = DeepgramFluxSTTService.Settings(eot_threshold=0.8, eager_eot_threshold=None)
            await worker.queue_frame(STTUpdateSettingsFrame(delta=settings))
        chunk = audio[start : start + CHUNK_BYTES]
        await worker.queue_frame(InputAudioRawFrame(chunk, sample_rate=RATE_HZ, num_channels=1))
        await asyncio.sleep(CHUNK_BYTES / 2 / RATE_HZ)
    await asyncio.sleep(SETTLE_S)
    await worker.queue_frame(EndFrame())


async def main(server: str, api_key: str, path: Path) -> None:
    printer = Printer()
    worker = PipelineWorker(
        Pipeline([listener(server, api_key), printer]),
        params=PipelineParams(audio_in_sample_rate=RATE_HZ),
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await asyncio.gather(runner.run(), speak(worker, path.read_bytes()))
    print(f"interim transcriptions: {printer.interim_count}")


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="DEBUG", filter="pipecat.services.deepgram")
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
