/* What the page makes of messages: turns, the curve, events, delays. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Conversation, median, Sent, sureness,
} from "../../src/turnwise/playground/conversation.js";
import { Timeline } from "../../src/turnwise/playground/timeline.js";

function info(event, endS, text = "Hi", more = {}) {
  const words = text.split(" ").filter(Boolean).map((word) => (
    { word, confidence: 0.9, start: endS - 0.5, end: endS - 0.3 }));
  return {
    type: "TurnInfo", event, turn_index: 0, audio_window_end: endS, transcript: text, words,
    end_of_turn_confidence: 0.5, ...more,
  };
}

function hearing(...messages) {
  const conversation = new Conversation();
  messages.forEach((message) => conversation.hear(message));
  return conversation;
}

const TURN = [
  info("Update", 0.24, ""), info("StartOfTurn", 1), info("EagerEndOfTurn", 1.5),
  info("TurnResumed", 1.6, "Hi there"), info("EagerEndOfTurn", 2, "Hi there"),
  info("EndOfTurn", 2.3, "Hi there", { trigger: "model" }),
];

test("a turn is one entry, from its start to its end", () => {
  const { turns, open } = hearing(...TURN);
  assert.equal(turns.length, 1);
  assert.equal(open, null);
  assert.equal(turns[0].transcript, "Hi there");
  assert.equal(turns[0].startS, 1);
  assert.equal(turns[0].trigger, "model");
  assert.ok(Math.abs(turns[0].delayS - 0.3) < 1e-9);
  assert.ok(Math.abs(turns[0].eagerLeadS - 0.3) < 1e-9);
});

test("the open turn is likely over from its announcement until it is resumed", () => {
  const likely = (n) => hearing(...TURN.slice(0, n)).open.likelyOver;
  assert.deepEqual([2, 3, 4].map(likely), [false, true, false]);
  assert.ok(hearing(...TURN.slice(0, 3), info("Update", 1.55)).open.likelyOver);
});

test("silence is no turn, but a point of the curve", () => {
  const { turns, curve } = hearing(TURN[0]);
  assert.deepEqual(turns, []);
  assert.deepEqual(curve, [[0.24, 0.5]]);
});

test("events are kept with their causes, other messages are not", () => {
  const { events } = hearing(...TURN, { type: "Connected" }, { type: "Reconnected" });
  assert.deepEqual(events.map(({ name, trigger }) => trigger ?? name), [
    "StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EagerEndOfTurn", "model", "Reconnected",
  ]);
});

test("figures are medians, and null where there is nothing to tell", () => {
  assert.equal(new Conversation().figures().endDelayS, null);
  const figures = hearing(...TURN).figures();
  assert.deepEqual([figures.turns, figures.words, figures.resumed], [1, 2, 1]);
  const forced = hearing(...TURN.slice(0, 2), info("EndOfTurn", 2, "Hi", { trigger: "manual" }));
  assert.equal(forced.figures().endDelayS, null); // it waited for the client, not for the model
});

test("a turn without word times has no delay", () => {
  const words = [{ word: "Hi", confidence: 0.9 }];
  const { turns } = hearing(TURN[1], info("EndOfTurn", 2, "Hi", { words, trigger: "model" }));
  assert.equal(turns[0].delayS, null);
});

test("medians", () => {
  assert.equal(median([]), null);
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1]), 2.5);
});

test("confidences have the quickstart's classes", () => {
  assert.deepEqual([1, 0.9, 0.89, 0.7, 0.69, 0].map(sureness), [
    "sure", "sure", "fairly", "unsure", "guess", "guess",
  ]);
});

test("the lag of an answer is from when its audio was sent", () => {
  const sent = new Sent();
  for (let i = 1; i <= 5000; i++) sent.note(i * 0.08, i * 80);
  assert.equal(sent.lagMs(4999 * 0.08, 5000 * 80), 80);
  assert.equal(sent.lagMs(1e9, 0), null);
});

test("the timeline puts messages on the waveform's grid", () => {
  const timeline = new Timeline();
  timeline.push(Array.from({ length: 50 }, () => [-0.1, 0.2]));
  timeline.mark(0.24, 0.3);
  timeline.mark(9, 0.5); // of audio that was not sent: nowhere to draw it
  assert.equal(timeline.endS, 2);
  assert.equal(timeline.loudest, 0.2);
  const [seconds, low, high, confidence] = timeline.between(0.1, 0.3);
  assert.deepEqual(seconds.map((s) => +s.toFixed(2)), [0.12, 0.16, 0.2, 0.24, 0.28, 0.32]);
  assert.deepEqual([low[0], high[0]], [-0.1, 0.2]);
  assert.deepEqual(confidence, [null, null, null, 0.3, null, null]);
});
