/* A WebSocket for a Call: opens it, takes it up again when it breaks, says why it was refused. */

import { authorization, canBeSent, query, subprotocols } from "./call.js";

const BUFFERED_BYTES_MAX = 4 << 20; // two minutes of audio the network does not take
export const NORMAL = [1000, 1005]; // how a server ends what was asked to end

/** Return a WebSocket to a path of the server this page came from.
 *
 * Throws: the secret has characters that cannot travel as a subprotocol.
 */
export function socketTo(path, secret) {
  if (!canBeSent(secret)) {
    throw new Error("The key has characters that a browser cannot send, such as blanks.");
  }
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url, subprotocols(secret));
  socket.binaryType = "arraybuffer";
  return socket;
}

/** Return why a handshake failed: {refused, text}. A browser does not tell; the server does. */
export async function reason(secret, what) {
  try {
    const answer = await fetch(new URL("v1/auth/token", document.baseURI), {
      headers: authorization(secret),
      cache: "no-store",
    });
    if (answer.status === 401) {
      const text = secret
        ? "The server refused this key. Check it and try again."
        : "The server asks for a key. Enter one and try again.";
      return { refused: true, text };
    }
    return { refused: false, text: `The server is there, but opened no ${what}: it may be full, or have none.` };
  } catch {
    return { refused: false, text: "The server cannot be reached." };
  }
}

export class Stream {
  /** on: {open(), message(message), lost(), close(text)}; text is null after a good end. */
  constructor(call, secret, on) {
    this._call = call;
    this._secret = secret;
    this._on = on;
    this._due = []; // what was to be sent before the first connection stood
    this._ended = false;
    this._dial();
  }

  audio(frame) {
    this._send(this._call.audio(frame));
  }

  /** message: Configure, ForceEndTurn. */
  ask(message) {
    this._send(this._call.request(message));
  }

  /** Say that no more audio comes; the rest of what the server heard still follows. */
  finish() {
    this._call.finish().forEach((text) => this._send(text));
  }

  /** Stop at once. */
  drop() {
    this._end(null);
  }

  _dial() {
    const socket = socketTo(`v2/listen?${query(this._call.settings)}`, this._secret);
    this._socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      let items = this._due;
      if (this._due === null) {
        const { told, again } = this._call.resume();
        told.forEach((message) => this._on.message(message));
        items = again;
      }
      this._due = null;
      items.forEach((item) => socket.send(item));
      this._on.open();
    };
    socket.onmessage = ({ data }) => this._receive(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (this._ended) return;
      if (opened && this._call.finishing && NORMAL.includes(code)) this._end(null);
      else if (opened) this._again();
      else this._declined();
    };
  }

  _receive(raw) {
    if (this._ended) return;
    const message = this._call.receive(raw);
    if (message) this._on.message(message);
    if (raw.type === "Error") this._end(`The server ended the stream: ${raw.description}`);
  }

  _send(item) {
    if (this._ended) return;
    if (this._due) this._due.push(item);
    else if (this._socket.readyState === WebSocket.OPEN) {
      this._socket.send(item); // else the call has it, and sends it again
      if (this._socket.bufferedAmount > BUFFERED_BYTES_MAX) {
        this._end("The network does not take what is sent.");
      }
    }
  }

  async _declined() {
    const { refused, text } = await reason(this._secret, "stream");
    if (this._ended) return;
    if (this._due || refused) this._end(text, refused);
    else this._again();
  }

  _again() {
    const delayMs = this._call.retryDelayMs();
    if (delayMs === null) {
      this._end("The connection was lost and did not come back.");
      return;
    }
    this._on.lost();
    setTimeout(() => this._ended || this._dial(), delayMs);
  }

  _end(text, refused = false) {
    if (this._ended) return;
    this._ended = true;
    this._socket.close();
    this._on.close(text, refused);
  }
}
