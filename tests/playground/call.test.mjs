/* The caller's side: a URL, credentials, and a call that outlives its connection. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  authorization, Call, canBeSent, query, RETRY_DELAYS_MS, subprotocols,
} from "../../src/turnwise/playground/call.js";

const SETTINGS = {
  model: "flux-general-en", eot_threshold: 0.7, eager_eot_threshold: 0.4, eot_timeout_ms: 5000,
  keyterms: [], numerals: false, encoding: "linear16", sample_rate: 16000,
};
const FRAME = new Int16Array(1280);
const FORCE = { type: "ForceEndTurn" };

function info(event, endS, more = {}) {
  return {
    type: "TurnInfo", event, turn_index: 0, audio_window_start: 0, audio_window_end: endS,
    transcript: "Hi", words: [{ word: "Hi", confidence: 0.9, start: endS - 0.2, end: endS }],
    end_of_turn_confidence: 0.5, sequence_id: 1, ...more,
  };
}

/** Return a call that sent so many seconds. */
function talking(seconds) {
  const call = new Call(SETTINGS);
  for (let i = 0; i < seconds / 0.08; i++) call.audio(FRAME);
  return call;
}

function samples(items) {
  return items.filter((item) => typeof item !== "string").reduce((sum, f) => sum + f.length, 0);
}

test("a query leaves to the server what is not set, and repeats key terms", () => {
  const settings = { ...SETTINGS, eager_eot_threshold: null, keyterms: ["Alba Cruz", "a&b"] };
  assert.equal(
    query(settings),
    "model=flux-general-en&eot_threshold=0.7&eot_timeout_ms=5000" +
      "&keyterm=Alba+Cruz&keyterm=a%26b&encoding=linear16&sample_rate=16000",
  );
});

test("a key and a temporary token travel by their own scheme", () => {
  assert.deepEqual(subprotocols(""), []);
  assert.deepEqual(subprotocols("key"), ["token", "key"]);
  assert.deepEqual(subprotocols("eyJh.eyJp.c2ln"), ["bearer", "eyJh.eyJp.c2ln"]);
  assert.deepEqual(authorization("key"), { Authorization: "Token key" });
  assert.deepEqual(authorization("eyJh.eyJp.c2ln"), { Authorization: "Bearer eyJh.eyJp.c2ln" });
  assert.deepEqual(authorization(""), {});
});

test("a key that is no token of HTTP cannot be sent", () => {
  for (const good of ["", "abc", "a-b_c.d~e", "0123456789abcdef"]) assert.ok(canBeSent(good), good);
  for (const bad of ["a b", "a,b", "a/b", "ä", 'a"b', "a=b"]) assert.ok(!canBeSent(bad), bad);
});

test("the first connection's messages are not changed", () => {
  const call = talking(2);
  const message = info("StartOfTurn", 1);
  assert.deepEqual(call.receive(message), message);
});

test("a turn that was open is sent again from before its start, and goes on", () => {
  const call = talking(10);
  call.receive(info("Update", 4, { sequence_id: 1 }));
  call.receive(info("StartOfTurn", 5, { sequence_id: 2 }));
  call.receive(info("Update", 9, { sequence_id: 3 }));
  const { told, again } = call.resume();
  assert.deepEqual(told, [{ type: "Reconnected", count: 1, resent_s: 6, lost_s: 0 }]);
  assert.equal(samples(again), 7 * 16000); // from second 3, one before the turn was noticed

  assert.equal(call.receive(info("Update", 0.24, { sequence_id: 1 })), null); // told before
  const start = call.receive(info("StartOfTurn", 2, { sequence_id: 2 }));
  assert.equal(start, null); // an Update about what was told before
  const end = call.receive(info("EndOfTurn", 6.5, { sequence_id: 3, trigger: "model" }));
  assert.equal(end.audio_window_end, 9.5);
  assert.equal(end.audio_window_start, 0);
  assert.equal(end.words[0].end, 9.5);
  assert.equal(end.turn_index, 0);
  assert.equal(end.sequence_id, 7);
});

test("turns, times and numbers only grow over several connections", () => {
  const call = talking(4);
  call.receive(info("StartOfTurn", 1, { sequence_id: 1 }));
  call.receive(info("EndOfTurn", 2, { sequence_id: 2, trigger: "model" }));
  call.resume();
  call.receive({ type: "Connected", sequence_id: 0 });
  const next = call.receive(info("StartOfTurn", 1.5, { sequence_id: 1 }));
  assert.equal(next.turn_index, 1);
  assert.equal(next.audio_window_start, 2);
  assert.equal(next.audio_window_end, 3.5);
  assert.equal(next.sequence_id, 4);
});

test("a likely end is taken back, because the server that announced it is gone", () => {
  const call = talking(4);
  call.receive(info("StartOfTurn", 1, { sequence_id: 1 }));
  call.receive(info("EagerEndOfTurn", 2, { sequence_id: 2 }));
  const { told } = call.resume();
  assert.deepEqual(told.map((message) => message.event ?? message.type), [
    "TurnResumed", "Reconnected",
  ]);
  assert.equal(told[0].sequence_id, 3);
});

test("words without times stay without", () => {
  const call = talking(2);
  call.resume();
  const words = [{ word: "Hi", confidence: 0.9 }];
  assert.deepEqual(call.receive(info("StartOfTurn", 1, { words })).words, words);
});

test("what was asked and not answered is asked again, where it stood in the audio", () => {
  const call = talking(1);
  call.request({ type: "Configure", thresholds: {} });
  call.audio(FRAME);
  assert.deepEqual(call.finish(), [
    JSON.stringify(FORCE), '{"type":"CloseStream"}',
  ]);
  const { again } = call.resume();
  const texts = again.map((item) => (typeof item === "string" ? JSON.parse(item).type : "audio"));
  assert.equal(texts.indexOf("Configure"), again.length - 4);
  assert.deepEqual(texts.slice(-3), ["audio", "ForceEndTurn", "CloseStream"]);
  assert.deepEqual(call.finish(), []);
});

test("what was answered is not asked again, and new settings are dialled with", () => {
  const call = talking(1);
  call.request({ type: "Configure", thresholds: { eot_threshold: 0.8 } });
  call.receive({
    type: "ConfigureSuccess", sequence_id: 1, keyterms: ["Alba"], numerals: true,
    thresholds: { eot_threshold: 0.8, eot_timeout_ms: 6000 },
  });
  call.request({ type: "Configure", thresholds: { eot_threshold: 7 } });
  call.receive({ type: "ConfigureFailure", sequence_id: 2 });
  call.request(FORCE);
  call.receive(info("EndOfTurn", 1, { trigger: "manual", sequence_id: 3 }));
  assert.ok(call.resume().again.every((item) => typeof item !== "string"));
  assert.equal(
    query(call.settings),
    "model=flux-general-en&eot_threshold=0.8&eot_timeout_ms=6000&keyterm=Alba&numerals=true" +
      "&encoding=linear16&sample_rate=16000",
  );
});

test("a warning that finish() needed no end of turn is nobody's business", () => {
  const warning = { type: "Warning", code: "FORCE_END_TURN_NO_ACTIVE_TURN", sequence_id: 1 };
  const call = talking(1);
  call.request(FORCE);
  assert.ok(call.receive(warning));
  call.finish();
  assert.equal(call.receive({ ...warning, sequence_id: 2 }), null);
});

test("attempts are counted until something new is heard", () => {
  const call = talking(2);
  assert.deepEqual(RETRY_DELAYS_MS.map(() => call.retryDelayMs()), RETRY_DELAYS_MS);
  assert.equal(call.retryDelayMs(), null);
  call.receive(info("Update", 1));
  assert.equal(call.retryDelayMs(), RETRY_DELAYS_MS[0]);
});

test("no more than two minutes are kept, and what was lost is said", () => {
  const call = talking(1);
  call.receive(info("StartOfTurn", 1));
  for (let i = 0; i < 130 / 0.08; i++) call.audio(FRAME);
  const { told, again } = call.resume();
  assert.equal(samples(again), 120 * 16000);
  assert.ok(Math.abs(told[0].lost_s - (call.sentS - 120 - 1)) < 0.001);
});
