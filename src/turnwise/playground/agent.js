/* What a conversation with an agent comes to, from the messages of the Voice Agent API. Pure.
 *
 * Protocol: /v1/agent/converse. The server says Welcome, we say Settings, it says
 * SettingsApplied; from then on audio goes both ways.
 *
 *     waiting    no settings applied yet
 *     listening  the agent is silent
 *     thinking   the user's turn is over
 *     speaking   the agent's audio comes or is still being played
 */

export const INPUT_RATE_HZ = 16000;
export const OUTPUT_RATE_HZ = 24000;

/** Return the Settings message. wishes: {prompt, greeting, voice, model, thresholds}. */
export function agentSettings({ prompt, greeting, voice, model, inputRateHz, thresholds }) {
  const provider = (more) => ({ type: "deepgram", ...more });
  return {
    type: "Settings",
    experimental: true, // or AgentStartedSpeaking is not said
    audio: {
      input: { encoding: "linear16", sample_rate: inputRateHz },
      output: { encoding: "linear16", sample_rate: OUTPUT_RATE_HZ, container: "none" },
    },
    agent: {
      listen: { provider: provider({ version: "v2", model: "flux-general-en", ...thresholds }) },
      think: { provider: { type: "open_ai", model }, ...(prompt ? { prompt } : {}) },
      speak: { provider: provider({ model: voice }) },
      ...(greeting ? { greeting } : {}),
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
        this.state = "listening";
        return "start";
      case "ConversationText":
        this.said.push({ role: message.role, content: message.content, atS });
        return null;
      case "UserStartedSpeaking": {
        const broke = playing || this.state === "speaking";
        this.state = "listening";
        this._audioDone = true;
        this._broken = broke;
        if (broke) this.hushed += 1;
        return "hush"; // whatever is queued is stale, even if nothing is heard yet
      }
      case "AgentThinking":
        if (this.state === "listening") this.state = "thinking";
        return null;
      case "AgentStartedSpeaking":
        this.state = "speaking";
        this._audioDone = false;
        this.delays = { answer: message.total_latency };
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

  /** Audio came: the agent speaks, whether or not it said so. */
  receiveAudio() {
    if (this.state === "waiting") return;
    this.state = "speaking";
    this._audioDone = false;
  }

  /** All audio that came was played. */
  playedOut() {
    if (this._audioDone && this.state === "speaking") this.state = "listening";
  }
}
