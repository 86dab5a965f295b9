/* What the messages of a stream come to: turns, the curve, events, delays. Pure. */

export const EVENTS = ["StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"];

/** The lowest confidence of each class of words, best first: the quickstart's scale. */
export const SURE = [[0.9, "sure"], [0.8, "fairly"], [0.7, "unsure"], [0, "guess"]];

export function sureness(confidence) {
  return SURE.find(([lowest]) => confidence >= lowest)[1];
}

export function median(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Says when audio was sent, for the lag of an answer about it. */
export class Sent {
  constructor() {
    this._moments = []; // [seconds of audio, milliseconds on the clock], growing
  }

  note(audioS, clockMs) {
    this._moments.push([audioS, clockMs]);
    if (this._moments.length > 2 * SENT_MAX) this._moments.splice(0, SENT_MAX);
  }

  /** Return the milliseconds from sending the audio up to a position until now, or null. */
  lagMs(audioS, clockMs) {
    let [low, high] = [0, this._moments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this._moments[middle][0] < audioS - 1e-6) low = middle + 1;
      else high = middle;
    }
    return low < this._moments.length ? clockMs - this._moments[low][1] : null;
  }
}

const SENT_MAX = 1500; // frames: two minutes; no answer is older

export class Conversation {
  constructor() {
    this.turns = []; // as they are now; the last one may be open
    this.curve = []; // [seconds, confidence]
    this.events = []; // {atS, name, turn, trigger, confidence}
    this.lagsMs = [];
    this.heardS = 0;
    this._eagerS = null;
  }

  get open() {
    const last = this.turns.at(-1);
    return last && !last.ended ? last : null;
  }

  /** Take a message; return whether a turn changed. lagMs: how late it came, or null. */
  hear(message, lagMs = null) {
    if (message.type === "Reconnected") {
      this.events.push({ atS: this.heardS, name: "Reconnected", turn: null, confidence: null });
      return true;
    }
    if (message.type !== "TurnInfo") return false;
    const { event, audio_window_end: atS, end_of_turn_confidence: confidence } = message;
    this.heardS = atS;
    this.curve.push([atS, confidence]);
    if (lagMs !== null) {
      this.lagsMs.push(lagMs);
      if (this.lagsMs.length > LAGS_MAX) this.lagsMs.shift();
    }
    if (EVENTS.includes(event)) {
      this.events.push({
        atS, name: event, turn: message.turn_index, trigger: message.trigger, confidence,
      });
    }
    if (event === "Update" && !message.transcript && !this.open) return false; // nobody speaks
    this._turn(message);
    return true;
  }

  _turn(message) {
    const { event, audio_window_end: atS } = message;
    let turn = this.turns.at(-1);
    if (!turn || turn.index !== message.turn_index) {
      turn = { index: message.turn_index, startS: atS, resumed: 0, ended: false, likelyOver: false };
      this.turns.push(turn);
    }
    turn.words = message.words;
    turn.transcript = message.transcript;
    turn.likelyOver = event === "EagerEndOfTurn" || (turn.likelyOver && event === "Update");
    if (event === "EagerEndOfTurn") this._eagerS = atS;
    if (event === "TurnResumed") {
      this._eagerS = null;
      turn.resumed += 1;
    }
    if (event === "EndOfTurn") {
      const lastS = message.words.at(-1)?.end;
      turn.ended = true;
      turn.endS = atS;
      turn.trigger = message.trigger ?? "";
      turn.delayS = lastS === undefined ? null : atS - lastS;
      turn.eagerLeadS = this._eagerS === null ? null : atS - this._eagerS;
      this._eagerS = null;
    }
  }

  /** Return the figures under the chart; null where there is nothing to tell yet. */
  figures() {
    const ended = this.turns.filter((turn) => turn.ended);
    const byModel = ended.filter((turn) => turn.trigger === "model" && turn.delayS !== null);
    const leads = ended.map((turn) => turn.eagerLeadS).filter((lead) => lead !== null);
    return {
      turns: ended.length,
      words: this.turns.reduce((sum, turn) => sum + turn.words.length, 0),
      endDelayS: median(byModel.map((turn) => turn.delayS)),
      eagerLeadS: median(leads),
      resumed: this.turns.reduce((sum, turn) => sum + turn.resumed, 0),
      lagMs: median(this.lagsMs),
      lagMsMax: this.lagsMs.length ? Math.max(...this.lagsMs) : null,
    };
  }
}

const LAGS_MAX = 250; // about a minute of messages
