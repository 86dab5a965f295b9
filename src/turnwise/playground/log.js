/* A session as JSON Lines: the format that `turnwise inspect` reads. docs/log.md says it in
 * words. Pure.
 */

export const LOG_VERSION = 1;

/** Return the text of a log.
 *
 * program: who wrote it. url: path and query of the stream. audio: {name, duration_s}.
 * entries: as entry() makes them, oldest first.
 */
export function jsonLines({ program, url, audio, entries }) {
  const first = { turnwise_log: LOG_VERSION, program, url, audio };
  return [first, ...entries].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Return an entry: when a message came, in audio sent and on the clock, and the message. */
export function entry(sentS, clockS, message) {
  return { sent_s: rounded(sentS), clock_s: rounded(clockS), message };
}

function rounded(seconds) {
  return Math.round(seconds * 1000) / 1000;
}
