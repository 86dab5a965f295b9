/* The list of messages as they came, and the ways to take them along. */

import { jsonLines } from "./log.js";
import { append, made } from "./transcript.js";

const ROWS_MAX = 300; // on the page; what is exported is complete

export class RawLog {
  constructor(list) {
    this._list = list;
    this.entries = [];
  }

  clear() {
    this.entries = [];
    this._list.replaceChildren();
  }

  add(entry) {
    this.entries.push(entry);
    const { event, type } = entry.message;
    const row = made("li", event === "Update" ? "update" : "");
    row.append(
      made("span", "meta", `${entry.sent_s.toFixed(2)} s`),
      made("strong", "", ` ${event ?? type} `),
      made("code", "", JSON.stringify(entry.message)),
    );
    append(this._list, row);
    if (this._list.childElementCount > ROWS_MAX) this._list.firstElementChild.remove();
  }

  text(head) {
    return jsonLines({ ...head, entries: this.entries });
  }
}

/** Let the browser save a file. parts: as of Blob. */
export function download(name, type, parts) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000); // once the browser has begun
}
