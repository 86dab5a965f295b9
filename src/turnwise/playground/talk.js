/* One conversation with the agent: microphone, loudspeaker and the Voice Agent API between. */

import { agentSettings, OpenTurn, OUTPUT_RATE_HZ, Talk, updateListen } from "./agent.js";
import { RETRY_DELAYS_MS } from "./call.js";
import { Conversation } from "./conversation.js";
import { entry } from "./log.js";
import { peaks } from "./pcm.js";
import { Recorder } from "./session.js";
import { Speaker } from "./sound.js";
import { NORMAL, reason, socketTo } from "./stream.js";
import { Timeline } from "./timeline.js";

const EVENTS = ["UserStartedSpeaking", "AgentThinking", "AgentStartedSpeaking", "AgentAudioDone"];

export class TalkSession {
  /** wishes: as agentSettings() takes them, without the rate. */
  constructor(view, secret, wishes) {
    this._view = view;
    this._secret = secret;
    this._wishes = wishes;
    this.name = "microphone";
    this.timeline = new Timeline();
    this.conversation = new Conversation(); // stays empty: the agent listens for itself
    this.talk = new Talk();
    this._openTurn = new OpenTurn();
    this._question = null; // to be asked again on the next connection
    this._connections = 0; // on which the agent listened
    this._retries = 0;
    this._sentSamples = 0;
    this._said = 0;
    this._started = false;
    this._ended = false;
    this._beganMs = performance.now();
  }

  get head() {
    return { url: "/v1/agent/converse", audio: { name: this.name, duration_s: this._sentS } };
  }

  get _sentS() {
    return this._sentSamples / this.recorder.rateHz;
  }

  begin(source) {
    this._source = source;
    this.recorder = new Recorder(source.rateHz);
    if (this._ended) { // while the browser asked for the microphone
      source.stop();
      this._view.end(null);
      return;
    }
    this._speaker = new Speaker(OUTPUT_RATE_HZ, () => {
      this.talk.playedOut();
      this._show();
    });
    this._view.state("connecting", "Calling the agent…");
    this._dial();
  }

  _dial() {
    let opened = false;
    this._socket = socketTo("v1/agent/converse", this._secret);
    this._socket.onopen = () => { opened = true; };
    this._socket.onmessage = ({ data }) =>
      typeof data === "string" ? this._message(JSON.parse(data)) : this._audio(data);
    this._socket.onclose = ({ code }) => {
      if (this._ended) return;
      if (!opened) this._declined();
      else if (NORMAL.includes(code)) this._end("The agent hung up.");
      else this._lost();
    };
  }

  frame(frame) {
    if (!this._connections || this._ended) return;
    this._openTurn.push(frame);
    this._sentSamples += frame.length;
    this.timeline.push(peaks(frame, this.recorder.rateHz));
    this.recorder.push(frame);
    if (this._started) this._socket.send(frame); // else it is kept until there is a connection
    this._view.chart();
  }

  /** thresholds: those of the sliders; null is none. The rest was told in Settings. */
  configure({ thresholds }) {
    const given = Object.entries(thresholds).filter(([, value]) => value !== null);
    this._wishes = { ...this._wishes, thresholds: Object.fromEntries(given) };
    if (this._started) this._ask(updateListen(this._wishes.thresholds));
  }

  forceEndTurn() {
    if (this._started) this._ask({ type: "ForceEndTurn" });
  }

  _settings() {
    const settings = { ...this._wishes, inputRateHz: this._source.rateHz, past: this.talk.past };
    return agentSettings(this._connections ? { ...settings, greeting: "" } : settings);
  }

  _ask(message) {
    this._socket.send(JSON.stringify(message));
  }

  /** Hang up. */
  finish() {
    this._end(null);
  }

  _message(message) {
    if (this._ended) return;
    this._view.message(entry(this._sentS, (performance.now() - this._beganMs) / 1000, message));
    if (EVENTS.includes(message.type)) {
      this.timeline.events.push({ atS: this._sentS, name: message.type });
    }
    if (["UserStartedSpeaking", "ConversationText"].includes(message.type)) this._retries = 0;
    this._openTurn.hear(message);
    switch (this.talk.hear(message, this._speaker.playing, this._sentS)) {
      case "apply":
        this._ask(this._settings());
        break;
      case "start":
        this._start();
        break;
      case "hush":
        this._speaker.hush();
        break;
    }
    if (message.type === "Warning") this._view.warning(message.description);
    if (message.type === "Error") this._end(`The agent ended the call: ${message.description}`);
    else this._show();
  }

  /** The agent listens: for the first time, or again. */
  _start() {
    this._started = true;
    this._connections += 1;
    this._view.state("listening", "The agent listens.");
    if (this._connections === 1) return;
    const message = { type: "Reconnected", count: this._connections - 1 };
    this._view.message(entry(this._sentS, (performance.now() - this._beganMs) / 1000, message));
    this.timeline.events.push({ atS: this._sentS, name: message.type });
    if (this._question !== null) this._ask({ type: "InjectUserMessage", content: this._question });
    this._question = null;
    this._openTurn.frames.forEach((frame) => this._socket.send(frame));
  }

  _audio(bytes) {
    if (this._ended) return;
    this.talk.receiveAudio();
    this._speaker.play(bytes);
    this._show();
  }

  _show() {
    for (const { role, content, atS } of this.talk.said.slice(this._said)) {
      this._view.said(role, content, atS);
    }
    this._said = this.talk.said.length;
    this._view.agent(this.talk);
  }

  _lost() {
    if (this._started) this._question = this.talk.lost(this._speaker.playing);
    this._started = false;
    this._openTurn.lost();
    this._show();
    this._again();
  }

  _again() {
    const delayMs = RETRY_DELAYS_MS[this._retries++];
    if (delayMs === undefined) {
      this._end("The connection was lost and did not come back.");
      return;
    }
    this._view.state("reconnecting", "The connection was lost. Trying again…");
    setTimeout(() => this._ended || this._dial(), delayMs);
  }

  async _declined() {
    const { refused, text } = await reason(this._secret, "conversation with an agent");
    if (this._ended) return;
    if (this._connections && !refused) this._again();
    else this._end(text, refused);
  }

  _end(text, refused = false) {
    if (this._ended) return;
    this._ended = true;
    if (!this._source) return; // begin() will notice
    this._source.stop();
    this._socket.close();
    this._speaker.close();
    this._view.end(text, refused);
  }
}
