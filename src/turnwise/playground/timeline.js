/* What the chart draws, on one grid of PEAK_MS: waveform, confidence, thresholds. Pure. */

import { PEAK_MS } from "./pcm.js";

const STEP_S = PEAK_MS / 1000;
const LOUDEST_MIN = 0.05; // what is softer is silence, and looks like it

export class Timeline {
  constructor() {
    this.loudest = LOUDEST_MIN; // -1 to 1, so far
    this.low = [];
    this.high = [];
    this.confidence = []; // null where no message came
    this.thresholds = []; // {fromS, eot, eager}, oldest first; eager may be null
    this.events = []; // {atS, name}, oldest first
  }

  get endS() {
    return this.low.length * STEP_S;
  }

  /** Add the bars of audio that was sent. */
  push(bars) {
    for (const [low, high] of bars) {
      this.low.push(low);
      this.high.push(high);
      this.loudest = Math.max(this.loudest, -low, high);
      this.confidence.push(null);
    }
  }

  mark(atS, confidence) {
    const index = Math.round(atS / STEP_S) - 1;
    if (index >= 0 && index < this.confidence.length) this.confidence[index] = confidence;
  }

  threshold(fromS, eot, eager) {
    this.thresholds.push({ fromS, eot, eager });
  }

  /** Return [seconds, low, high, confidence] from one moment to another. */
  between(fromS, toS) {
    const from = Math.max(0, Math.floor(fromS / STEP_S));
    const to = Math.min(this.low.length, Math.ceil(toS / STEP_S));
    const seconds = Array.from({ length: Math.max(0, to - from) }, (_, i) =>
      (from + i + 1) * STEP_S);
    return [seconds, ...[this.low, this.high, this.confidence].map((row) => row.slice(from, to))];
  }
}
