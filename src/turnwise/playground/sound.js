/* Where sound comes from and goes to: microphone, files, loudspeaker. */

import { FRAME_MS, floats, Framer, linear16 } from "./pcm.js";

const RATE_HZ = 16000; // what the recogniser hears
const RATES_HZ = [8000, 16000, 24000, 44100, 48000]; // what it takes (contract section 2)
const SILENCE_S = 1; // after a file, so that its last turn can end by itself
const AHEAD_S = 0.05; // of agent audio before it is played, against stutter

function frameSamples(rateHz) {
  return (rateHz * FRAME_MS) / 1000;
}

/** Ask for the microphone. Its frames (Int16Array, 80 ms) go to onFrame until stop(). */
export async function microphone(onFrame) {
  if (!navigator.mediaDevices) {
    throw new Error("This page has no microphone: browsers give it to https and localhost only.");
  }
  const media = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true },
  });
  try {
    return await capturing(media, onFrame);
  } catch (error) {
    silence(media); // or the browser goes on showing that it listens
    throw error;
  }
}

async function capturing(media, onFrame) {
  const { context, source } = listeningTo(media);
  await context.audioWorklet.addModule(new URL("capture-worklet.js", import.meta.url));
  const capture = new AudioWorkletNode(context, "capture", {
    numberOfOutputs: 0,
    channelCount: 1,
    channelCountMode: "explicit",
    processorOptions: { frameSamples: frameSamples(context.sampleRate) },
  });
  capture.port.onmessage = ({ data }) => onFrame(data);
  source.connect(capture);
  await context.resume();
  const stop = () => {
    capture.port.onmessage = null;
    silence(media);
    if (context.state !== "closed") context.close();
  };
  return { rateHz: context.sampleRate, stop };
}

function silence(media) {
  media.getTracks().forEach((track) => track.stop());
}

/** Return an audio graph at 16 kHz, or at the device's rate where the browser insists on it. */
function listeningTo(media) {
  let context = new AudioContext({ sampleRate: RATE_HZ });
  try {
    return { context, source: context.createMediaStreamSource(media) };
  } catch {
    context.close();
    context = new AudioContext();
    if (!RATES_HZ.includes(context.sampleRate)) {
      const rateHz = context.sampleRate;
      context.close();
      throw new Error(`The microphone's rate of ${rateHz} Hz is none the recogniser takes.`);
    }
    return { context, source: context.createMediaStreamSource(media) };
  }
}

/** Return a recording's AudioBuffer: 16 kHz mono. bytes: of any format the browser plays. */
export async function decode(bytes) {
  const decoded = await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(bytes);
  if (decoded.numberOfChannels === 1) return decoded;
  const mixing = new OfflineAudioContext(1, decoded.length, RATE_HZ);
  const source = new AudioBufferSourceNode(mixing, { buffer: decoded });
  source.connect(mixing.destination);
  source.start();
  return mixing.startRendering();
}

/** Give out a recording's frames as fast as it lasts, and silence after it. */
export function play(buffer, { aloud, onFrame, onEnd }) {
  const samples = new Float32Array(buffer.length + SILENCE_S * RATE_HZ);
  samples.set(buffer.getChannelData(0));
  const frames = new Framer(frameSamples(RATE_HZ)).push(linear16(samples));
  const context = aloud ? new AudioContext() : null;
  if (context) {
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    source.start();
  }
  const beganMs = performance.now();
  let given = 0;
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - beganMs) / FRAME_MS);
    while (given < due && given < frames.length) onFrame(frames[given++]);
    if (given === frames.length) {
      clearInterval(timer);
      onEnd();
    }
  }, FRAME_MS / 4);
  const stop = () => {
    clearInterval(timer);
    if (context && context.state !== "closed") context.close();
  };
  return { rateHz: RATE_HZ, stop };
}

/** Plays agent audio as it comes, and falls silent at once when told to. */
export class Speaker {
  constructor(rateHz, onSilent) {
    this._rateHz = rateHz;
    this._onSilent = onSilent;
    this._context = new AudioContext();
    this._sources = new Set();
    this._nextS = 0;
  }

  get playing() {
    return this._sources.size > 0;
  }

  /** bytes: ArrayBuffer of linear16. */
  play(bytes) {
    const samples = floats(bytes);
    if (!samples.length) return;
    const buffer = this._context.createBuffer(1, samples.length, this._rateHz);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this._context, { buffer });
    source.connect(this._context.destination);
    this._nextS = Math.max(this._nextS, this._context.currentTime + AHEAD_S);
    source.start(this._nextS);
    this._nextS += buffer.duration;
    this._sources.add(source);
    source.onended = () => {
      if (this._sources.delete(source) && !this.playing) this._onSilent();
    };
  }

  hush() {
    const sources = [...this._sources];
    this._sources.clear();
    this._nextS = 0;
    sources.forEach((source) => source.stop());
  }

  close() {
    this.hush();
    this._context.close();
  }
}
