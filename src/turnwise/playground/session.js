/* One session with the recogniser: a source of sound, a Stream, and what is shown of both. */

import { Call, query } from "./call.js";
import { Conversation, Sent } from "./conversation.js";
import { entry } from "./log.js";
import { concatenate, peaks } from "./pcm.js";
import { Stream } from "./stream.js";
import { Timeline } from "./timeline.js";

const RECORDED_S_MAX = 1800; // of audio kept to be saved: 58 MB at 16 kHz
const GOODBYE_MS_MAX = 30_000; // for a server to say the rest

/** Keeps what was sent, to be saved. */
export class Recorder {
  constructor(rateHz) {
    this.rateHz = rateHz;
    this._frames = [];
    this._samples = 0;
  }

  push(frame) {
    if (this._samples > RECORDED_S_MAX * this.rateHz) return;
    this._frames.push(frame);
    this._samples += frame.length;
  }

  get samples() {
    return concatenate(this._frames);
  }
}

export class ListenSession {
  /** view: what shows it, see app.js. settings: by the wire's names. name: of the audio. */
  constructor(view, secret, settings, name) {
    this._view = view;
    this._secret = secret;
    this._settings = settings;
    this.name = name;
    this.timeline = new Timeline();
    this.conversation = new Conversation();
    this._sent = new Sent();
    this._beganMs = performance.now();
    this._cancelled = false;
  }

  /** The log's first line, but for its version. */
  get head() {
    const audio = { name: this.name, duration_s: this.call.sentS };
    return { url: `/v2/listen?${query(this.settings)}`, audio };
  }

  /** source: {rateHz, stop()}; gives its frames to frame(). Throws: the key cannot be sent. */
  begin(source) {
    this._source = source;
    if (this._cancelled) { // while the browser asked for the microphone
      this._closed(null);
      return;
    }
    this.settings = { ...this._settings, encoding: "linear16", sample_rate: source.rateHz };
    this.call = new Call(this.settings);
    this.recorder = new Recorder(source.rateHz);
    this._view.state("connecting", "Connecting…");
    this._stream = new Stream(this.call, this._secret, {
      open: () => this._opened(),
      message: (message) => this._message(message),
      lost: () => this._view.state("reconnecting", "The connection was lost. Trying again…"),
      close: (text, refused) => this._closed(text, refused),
    });
    const { eot_threshold, eager_eot_threshold } = this.settings;
    this.timeline.threshold(0, eot_threshold, eager_eot_threshold);
  }

  frame(frame) {
    if (!this._stream || this.call.finishing) return;
    this._sent.note(this.call.sentS + frame.length / this.recorder.rateHz, performance.now());
    this.timeline.push(peaks(frame, this.recorder.rateHz));
    this.recorder.push(frame);
    this._stream.audio(frame); // may end the stream, and with it this session
    this._view.chart();
  }

  configure(message) {
    this._stream?.ask(message);
  }

  forceEndTurn() {
    this._stream?.ask({ type: "ForceEndTurn" });
  }

  /** No more sound; the rest of what the server heard is still shown. Twice: not even that. */
  finish() {
    this._cancelled = true;
    this._source?.stop();
    if (!this._stream) return;
    if (this.call.finishing) {
      this._stream.drop();
      return;
    }
    this._stream.finish();
    this._opened();
    setTimeout(() => this._stream.drop(), GOODBYE_MS_MAX);
  }

  _opened() {
    if (this.call.finishing) this._view.state("finishing", "Waiting for the last words…");
    else this._view.state("listening", "Listening.");
  }

  _message(message) {
    const nowMs = performance.now();
    this._view.message(entry(this.call.sentS, (nowMs - this._beganMs) / 1000, message));
    const lagMs = message.type === "TurnInfo"
      ? this._sent.lagMs(message.audio_window_end, nowMs) : null;
    this.conversation.hear(message, lagMs);
    this.timeline.events = this.conversation.events;
    if (message.type === "TurnInfo") {
      this.timeline.mark(message.audio_window_end, message.end_of_turn_confidence);
    }
    if (message.type === "ConfigureSuccess") {
      const { eot_threshold, eager_eot_threshold } = this.call.settings;
      this.timeline.threshold(this.conversation.heardS, eot_threshold, eager_eot_threshold);
    }
    this._view.conversation(this.conversation);
  }

  _closed(text, refused) {
    this._source.stop();
    this._view.end(text, refused);
  }
}
