/* The caller's side of one stream, over as many connections as it takes. Pure.
 *
 * A server begins every connection afresh: its time, its turns and its numbers start at zero.
 * So a call keeps the audio of the open turn, sends it again on a new connection, and
 * renumbers what comes back. For the user times, turns and sequence ids only grow, and a
 * turn that was open goes on. It is the short form of turnwise/client/protocol.py.
 */

export const RETRY_DELAYS_MS = [100, 500, 1000, 2000, 4000, 8000]; // a restart takes less
const RESEND_S_MAX = 120; // longer than nearly any turn
const LEAD_S = 1; // heard before a turn starts, so that half a first word is sent again

/** Return what stands behind `/v2/listen?`. Settings that are null are left to the server. */
export function query(settings) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(settings)) {
    if (name === "keyterms") value.forEach((term) => parameters.append("keyterm", term));
    else if (value !== null && value !== false) parameters.append(name, value);
  }
  return parameters.toString();
}

/** Return the subprotocols that carry a key or a temporary token (contract section 1.3). */
export function subprotocols(secret) {
  if (!secret) return [];
  return [isToken(secret) ? "bearer" : "token", secret];
}

/** Return the same as a header, for HTTP. */
export function authorization(secret) {
  if (!secret) return {};
  return { Authorization: `${isToken(secret) ? "Bearer" : "Token"} ${secret}` };
}

function isToken(secret) {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(secret); // a JSON Web Token, always
}

/** Return whether a secret can travel as a subprotocol: RFC 7230, token. */
export function canBeSent(secret) {
  return secret === "" || /^[!#$%&'*+\-.^`|~\w]+$/.test(secret);
}

export class Call {
  /** settings: what the URL says, by the wire's names; raw linear16 at `sample_rate`. */
  constructor(settings) {
    this.settings = settings;
    this.connections = 1;
    this.turnOpen = false;
    this.finishing = false;
    this.retries = 0;
    this.heardUntilS = 0;
    this.sentSamples = 0;
    this._kept = []; // {at, frame}: may have to be sent again
    this._asked = []; // {at, request}: not answered yet
    this._fromSamples = 0; // where this connection's audio begins
    this._likelyOver = false;
    this._last = null;
    this._turnsEnded = 0;
    this._turnsBefore = 0;
    this._turnStartS = 0;
    this._turnEndS = 0;
    this._sequenceId = -1;
    this._sequenceBase = 0;
  }

  get sentS() {
    return this.sentSamples / this.settings.sample_rate;
  }

  /** Take note of audio (Int16Array) that is sent; return it. */
  audio(frame) {
    this._kept.push({ at: this.sentSamples, frame });
    this.sentSamples += frame.length;
    this._forget();
    return frame;
  }

  /** Take note of a request that is sent; return it as text. */
  request(message) {
    this._asked.push({ at: this.sentSamples, request: message });
    return JSON.stringify(message);
  }

  /** End the open turn, if any, and say that no more audio comes; return the texts to send. */
  finish() {
    if (this.finishing) return [];
    this.finishing = true;
    return [this.request({ type: "ForceEndTurn" }), this.request({ type: "CloseStream" })];
  }

  /** Take a message of the server; return it as the user is to hear it, or null. */
  receive(message) {
    switch (message.type) {
      case "TurnInfo":
        return this._receiveTurn(message);
      case "ConfigureSuccess":
        this._answered("Configure");
        this._configured(message);
        break;
      case "ConfigureFailure":
        this._answered("Configure");
        break;
      case "Warning":
        if (message.code === "FORCE_END_TURN_NO_ACTIVE_TURN") {
          this._answered("ForceEndTurn");
          if (this.finishing && !this._asks("ForceEndTurn")) return null; // finish() needed none
        }
        break;
    }
    return this._hear({ ...message, sequence_id: this._sequenceBase + message.sequence_id });
  }

  /** Return how long to wait before the next attempt, or null to give up. */
  retryDelayMs() {
    return RETRY_DELAYS_MS[this.retries++] ?? null;
  }

  /** A new connection stands: return what to tell the user and what to send again. */
  resume() {
    const neededFrom = this._neededFrom();
    const from = this._kept.length ? Math.max(this._kept[0].at, neededFrom) : this.sentSamples;
    const heard = Math.round(this.heardUntilS * this.settings.sample_rate);
    const told = [];
    if (this._likelyOver) {
      this._likelyOver = false; // the server that said so is gone
      told.push(this._hear({
        ...this._last, event: "TurnResumed", sequence_id: this._sequenceId + 1,
      }));
    }
    told.push({
      type: "Reconnected",
      count: this.connections,
      resent_s: Math.max(0, heard - from) / this.settings.sample_rate,
      lost_s: Math.max(0, from - heard) / this.settings.sample_rate,
    });
    this.connections += 1;
    this._fromSamples = from;
    this._turnsBefore = this._turnsEnded;
    this._sequenceBase = this._sequenceId + 1;
    return { told, again: this._again(from) };
  }

  _again(from) {
    const audio = this._kept
      .filter(({ at, frame }) => at + frame.length > from)
      .map(({ at, frame }) => ({ at, item: frame.subarray(Math.max(0, from - at)) }));
    const asked = this._asked.map(({ at, request }) => ({ at, item: JSON.stringify(request) }));
    // A request stands before the audio that begins where it was made; sorting is stable.
    return [...asked, ...audio].sort((a, b) => a.at - b.at).map(({ item }) => item);
  }

  _receiveTurn(message) {
    const turn = this._renumbered(message);
    if (turn.event === "StartOfTurn" && this.turnOpen) turn.event = "Update";
    if (turn.audio_window_end > this.heardUntilS) this.retries = 0;
    else if (turn.event === "Update" && this.connections > 1) return null; // told before
    if (turn.event === "StartOfTurn") this.turnOpen = true;
    if (turn.event === "EagerEndOfTurn") this._likelyOver = true;
    if (turn.event === "TurnResumed") this._likelyOver = false;
    if (turn.event === "EndOfTurn") {
      this.turnOpen = this._likelyOver = false;
      this._turnsEnded += 1;
      this._turnEndS = turn.audio_window_end;
      if (turn.trigger === "manual") this._answered("ForceEndTurn");
    }
    turn.audio_window_end = this.heardUntilS = Math.max(turn.audio_window_end, this.heardUntilS);
    this._last = turn;
    this._forget();
    return this._hear(turn);
  }

  _renumbered(message) {
    if (this.connections === 1) return { ...message };
    const byS = this._fromSamples / this.settings.sample_rate;
    // The first turn of a connection began where the call's last turn ended.
    const startS = message.turn_index === 0 ? this._turnEndS : message.audio_window_start + byS;
    return {
      ...message,
      sequence_id: this._sequenceBase + message.sequence_id,
      turn_index: this._turnsBefore + message.turn_index,
      audio_window_start: startS,
      audio_window_end: message.audio_window_end + byS,
      words: message.words.map((word) => ({
        ...word,
        ...(word.start === undefined ? {} : { start: word.start + byS }),
        ...(word.end === undefined ? {} : { end: word.end + byS }),
      })),
    };
  }

  _configured({ thresholds, keyterms, numerals }) {
    this.settings = {
      ...this.settings,
      eot_threshold: thresholds.eot_threshold ?? this.settings.eot_threshold,
      eager_eot_threshold: thresholds.eager_eot_threshold ?? null,
      eot_timeout_ms: thresholds.eot_timeout_ms ?? this.settings.eot_timeout_ms,
      keyterms,
      numerals: numerals ?? this.settings.numerals,
    };
  }

  _hear(message) {
    this._sequenceId = message.sequence_id;
    return message;
  }

  _asks(type) {
    return this._asked.some(({ request }) => request.type === type);
  }

  _answered(type) {
    const index = this._asked.findIndex(({ request }) => request.type === type);
    if (index >= 0) this._asked.splice(index, 1);
  }

  _neededFrom() {
    const rate = this.settings.sample_rate;
    const sinceS = this.turnOpen ? this._turnStartS : this.heardUntilS - LEAD_S;
    return Math.max(
      Math.round(Math.max(this._turnEndS, sinceS) * rate), this.sentSamples - RESEND_S_MAX * rate);
  }

  /** Let go of audio that would not be sent again. */
  _forget() {
    if (!this.turnOpen) this._turnStartS = Math.max(this._turnEndS, this.heardUntilS - LEAD_S);
    const neededFrom = this._neededFrom();
    while (this._kept.length && this._kept[0].at + this._kept[0].frame.length <= neededFrom) {
      this._kept.shift();
    }
  }
}
