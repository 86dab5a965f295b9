/* What a conversation with an agent comes to, from the messages of the Voice Agent API. Pure.
 *
 * Protocol: /v1/agent/converse. The server says Welcome, we say Settings, it says
 * SettingsApplied; from then on audio goes both ways.
 *
 * A server forgets a conversation whose connection is lost. So we keep what was said, what the
 * user has asked and nobody answered, and the sound of the turn that is open: on a new
 * connection they are told, asked and said again, and the conversation goes on.
 *
 *     waiting    no settings applied yet, or no connection
 *     listening  the agent is silent
 *     thinking   the user's turn is over
 *     speaking   the agent's audio comes or is still being played
 */

export const INPUT_RATE_HZ = 16000;
export const OUTPUT_RATE_HZ = 24000;

const listening = (thresholds) => ({
  provider: { type: "deepgram", version: "v2", model: "flux-general-en", ...thresholds },
});

/** Return the message that changes when a turn ends, in mid-conversation. */
export function updateListen(thresholds) {
  return { type: "UpdateListen", listen: listening(thresholds) };
}

const LEAD_FRAMES = 12; // a second: heard before a turn starts, so that no first word is cut
const OPEN_FRAMES_MAX = 750; // a minute
const PAST_MAX = 100; // messages; the model is told fewer

/** Return the Settings message.
 *
 * wishes: {prompt, greeting, voice, model, thresholds}, and past: what was said before.
 */
export function agentSettings({ prompt, greeting, voice, model, inputRateHz, thresholds, past = [] }) {
  return {
    type: "Settings",
    experimental: true, // or AgentStartedSpeaking is not said
    audio: {
      input: { encoding: "linear16", sample_rate: inputRateHz },
      output: { encoding: "linear16", sample_rate: OUTPUT_RATE_HZ, container: "none" },
    },
    agent: {
      listen: listening(thresholds),
      think: { provider: { type: "open_ai", model }, ...(prompt ? { prompt } : {}) },
      speak: { provider: { type: "deepgram", model: voice } },
      ...(greeting ? { greeting } : {}),
      ...(past.length ? { context: { messages: past } } : {}),
    },
  };
}

export class Talk {
  constructor() {
    this.state = "waiting";
    this.said = []; // {role: "user" | "assistant" | "note", content, atS}
    this.hushed = 0; // how often the user broke in
    this.delays = {}; // of the last answer, in seconds, as the server reports them
    this._audioDone = true;
    this._broken = false; // the user broke in, and what was heard is not known yet
    this.past = []; // History messages, oldest first
    this.question = null; // what the user said and nothing answers yet
    this._answer = []; // what is being said, piece by piece
    this._asked = null; // a question that is shown already, because it is asked again
  }

  /** The connection is lost; what came of the agent's audio is played to its end.
   *
   * Return the question that is to be asked again, or null.
   */
  lost(playing) {
    if (this._answer.length) this._remember("assistant", this._answer.join(" "));
    else if (this.question !== null) {
      this._asked = this.question;
      if (this.past.at(-1)?.content === this.question) this.past.pop(); // it is asked anew
    }
    this._answer = [];
    this.question = null;
    this._audioDone = true;
    this.state = playing ? "speaking" : "waiting";
    return this._asked;
  }

  _remember(role, content) {
    this.past.push({ type: "History", role, content });
    if (this.past.length > PAST_MAX) this.past.shift();
  }

  /** Take a message; return what the shell is to do: "apply", "start", "hush" or null.
   *
   * playing: whether agent audio is still to be heard here.
   */
  hear(message, playing, atS = 0) {
    switch (message.type) {
      case "Welcome":
        return "apply";
      case "SettingsApplied":
        this.state = playing ? "speaking" : "listening";
        return "start";
      case "ConversationText":
        this._text(message, atS);
        return null;
      case "UserStartedSpeaking": {
        const broke = playing || this.state === "speaking";
        this.state = "listening";
        this._audioDone = true;
        this._broken = broke;
        this.question = null; // whoever goes on speaking takes it back
        if (broke) this.hushed += 1;
        return "hush"; // whatever is queued is stale, even if nothing is heard yet
      }
      case "AgentThinking":
        if (this.state === "listening") this.state = "thinking";
        return null;
      case "AgentStartedSpeaking":
        this.state = "speaking";
        this._audioDone = false;
        this.delays = { answer: message.total_latency || undefined }; // a greeting answers nobody
        return null;
      case "LatencyReport":
        this.delays = {
          listen: message.stt_latency,
          think: message.ttt_token_latency,
          speak: message.tts_latency,
          answer: message.total_latency ?? this.delays.answer,
        };
        return null;
      case "History":
        this._remember(message.role, message.content);
        if (message.role === "assistant") this._answer = [];
        if (message.role === "assistant" && this._broken) {
          this._broken = false;
          const heard = message.content ? `after “${message.content}”` : "at once";
          this.said.push({ role: "note", content: `You broke in ${heard}.`, atS });
        }
        return null;
      case "AgentAudioDone":
        this._audioDone = true;
        if (!playing) this.state = "listening";
        return null;
      default:
        return null;
    }
  }

  _text({ role, content }, atS) {
    if (role === "assistant") this._answer.push(content);
    else {
      this.question = content;
      this._answer = [];
    }
    const shown = role === "user" && content === this._asked;
    this._asked = null;
    if (!shown) this.said.push({ role, content, atS });
  }

  /** Audio came: the agent speaks, whether or not it said so. */
  receiveAudio() {
    if (this.state === "waiting") return;
    this.question = null;
    this.state = "speaking";
    this._audioDone = false;
  }

  /** All audio that came was played. */
  playedOut() {
    if (this._audioDone && this.state === "speaking") this.state = "listening";
  }
}

/** Keeps the frames that would have to be said again: those of the open turn, or a lead. */
export class OpenTurn {
  constructor() {
    this.frames = [];
    this._open = false;
    this._connected = false;
  }

  push(frame) {
    this.frames.push(frame);
    const most = this._open || !this._connected ? OPEN_FRAMES_MAX : LEAD_FRAMES;
    this.frames.splice(0, this.frames.length - most);
  }

  /** Take a message of the server. */
  hear({ type, role }) {
    if (type === "SettingsApplied") this._connected = true;
    if (type === "UserStartedSpeaking") this._open = true;
    if (type === "ConversationText" && role === "user") {
      this.frames = [];
      this._open = false;
    }
  }

  lost() {
    this._connected = false;
  }
}
