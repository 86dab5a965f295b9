/* Samples: float to 16 bit, frames of 80 ms, peaks to draw, a WAV file to keep. Pure. */

export const FRAME_MS = 80; // what the recogniser hears at once
export const PEAK_MS = 40; // one bar of the waveform; frames end on the same grid

/** Return Int16Array[n] of Float32Array[n], full scale -1 to 1; what is louder is clipped. */
export function linear16(samples) {
  return Int16Array.from(samples, (x) => Math.max(-32768, Math.min(32767, Math.round(x * 32768))));
}

/** Cuts a stream of Int16Array into pieces of one length. */
export class Framer {
  constructor(length) {
    this.length = length;
    this.pending = new Int16Array(0);
  }

  /** Return the frames that are now whole, oldest first. */
  push(samples) {
    const all = concatenate([this.pending, samples]);
    const frames = [];
    let from = 0;
    for (; from + this.length <= all.length; from += this.length) {
      frames.push(all.slice(from, from + this.length));
    }
    this.pending = all.slice(from);
    return frames;
  }
}

export function concatenate(pieces) {
  const all = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Return [lowest, highest] of each bar of a frame, -1 to 1. */
export function peaks(frame, sampleRateHz) {
  const length = Math.round((sampleRateHz * PEAK_MS) / 1000);
  const bars = [];
  for (let from = 0; from < frame.length; from += length) {
    let [low, high] = [0, 0];
    for (const x of frame.subarray(from, from + length)) {
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
    bars.push([low / 32768, high / 32768]);
  }
  return bars;
}

/** Return the bytes of a mono 16 bit WAV file. */
export function wav(samples, sampleRateHz) {
  const bytes = new Uint8Array(44 + 2 * samples.length);
  const view = new DataView(bytes.buffer);
  const text = (at, letters) => bytes.set(new TextEncoder().encode(letters), at);
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); // length of what describes the format
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, 2 * sampleRateHz, true); // bytes a second
  view.setUint16(32, 2, true); // bytes a sample
  view.setUint16(34, 16, true); // bits a sample
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((x, i) => view.setInt16(44 + 2 * i, x, true));
  return bytes;
}

/** Return Float32Array[n], full scale -1 to 1, of 16 bit little endian bytes. */
export function floats(bytes) {
  const view = new DataView(bytes);
  return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) =>
    view.getInt16(2 * i, true) / 32768);
}
