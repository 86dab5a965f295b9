/* The transcript: a list item for each turn, words coloured by confidence. */

import { sureness } from "./conversation.js";

const NEAR_PX = 48; // less than two lines from the end is at the end

export class Transcript {
  /** list: of finished turns, announced by screen readers. live: the open turn, which is not. */
  constructor(list, live) {
    this._list = list;
    this._live = live;
    this.clear();
  }

  clear() {
    this._list.replaceChildren();
    this._live.replaceChildren();
    this._shown = 0;
  }

  /** Show the turns of a Conversation. */
  update({ turns, open }) {
    for (const turn of turns.slice(this._shown)) {
      if (!turn.ended) break;
      append(this._list, item(turn));
      this._shown += 1;
    }
    this._live.replaceChildren(...(open ? [item(open, "p")] : []));
  }

  /** Add a line of a conversation with an agent. role: "user", "assistant" or "note". */
  say(role, content, atS) {
    const line = made("li", `turn ${role}`);
    const who = { user: "You, ", assistant: "Agent, ", note: "" }[role] ?? `${role}, `;
    line.append(made("span", "meta", `${who}${atS.toFixed(1)} s`), made("span", "words", content));
    append(this._list, line);
  }
}

function item(turn, tag = "li") {
  const element = made(tag, turn.ended ? "turn" : "turn open");
  const words = made("span", "words");
  for (const { word, confidence } of turn.words) {
    const span = made("span", `word ${sureness(confidence)}`, word);
    span.title = `confidence ${confidence.toFixed(2)}`;
    words.append(span, " ");
  }
  element.append(made("span", "meta", described(turn)), words);
  return element;
}

function described(turn) {
  const from = `${turn.startS.toFixed(1)} s`;
  if (!turn.ended) return `${from}, ${turn.likelyOver ? "likely over" : "speaking"}`;
  const delay = turn.delayS === null ? "" : `, ${Math.round(turn.delayS * 1000)} ms after the last word`;
  return `${from} to ${turn.endS.toFixed(1)} s, ended by ${turn.trigger || "the server"}${delay}`;
}

/** Add a line to a list, and keep its end in sight for who was looking at it. */
export function append(list, line) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
  list.append(line);
  if (atEnd) list.scrollTop = list.scrollHeight;
}

export function made(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
