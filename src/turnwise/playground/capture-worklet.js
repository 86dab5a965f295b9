/* Runs in the audio thread: blocks of 128 samples to messages of one frame, as 16 bit. */

import { Framer, linear16 } from "./pcm.js";

class Capture extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.framer = new Framer(processorOptions.frameSamples);
  }

  process([channels]) {
    if (channels.length === 0) return true; // no device yet
    for (const frame of this.framer.push(linear16(channels[0]))) {
      this.port.postMessage(frame, [frame.buffer]);
    }
    return true;
  }
}

registerProcessor("capture", Capture);
