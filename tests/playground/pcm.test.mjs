/* Samples, the log and the agent's messages. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { agentSettings, OpenTurn, Talk } from "../../src/turnwise/playground/agent.js";
import { entry, jsonLines } from "../../src/turnwise/playground/log.js";
import { floats, Framer, linear16, peaks, wav } from "../../src/turnwise/playground/pcm.js";

test("floats become 16 bit, and what is too loud is clipped", () => {
  assert.deepEqual([...linear16([0, 0.5, -1, 1, 7, -7])], [0, 16384, -32768, 32767, 32767, -32768]);
});

test("frames do not depend on how the audio was cut", () => {
  const samples = Int16Array.from({ length: 1000 }, (_, i) => i);
  const whole = new Framer(128).push(samples);
  for (const size of [1, 7, 128, 999]) {
    const framer = new Framer(128);
    const frames = [];
    for (let at = 0; at < 1000; at += size) frames.push(...framer.push(samples.slice(at, at + size)));
    assert.deepEqual(frames, whole);
  }
  assert.equal(whole.length, 7);
});

test("a frame of 80 ms has two bars", () => {
  const frame = new Int16Array(1280);
  frame[3] = 16384;
  frame[700] = -32768;
  assert.deepEqual(peaks(frame, 16000), [[0, 0.5], [-1, 0]]);
});

test("a WAV file says what it holds", () => {
  const bytes = wav(Int16Array.of(1, -2), 16000);
  const view = new DataView(bytes.buffer);
  assert.equal(String.fromCharCode(...bytes.slice(0, 4), ...bytes.slice(8, 16)), "RIFFWAVEfmt ");
  assert.equal(view.getUint32(24, true), 16000);
  assert.equal(view.getUint32(40, true), 4);
  assert.deepEqual([...floats(bytes.buffer.slice(44))], [1 / 32768, -2 / 32768]);
});

test("a log is a line for each message, after one that says whose", () => {
  const lines = jsonLines({
    program: "turnwise 0", url: "/v2/listen?model=m", audio: { name: "a", duration_s: 1.5 },
    entries: [entry(0.32000001, 1.23456, { type: "Connected" })],
  }).split("\n");
  assert.deepEqual(JSON.parse(lines[0]), {
    turnwise_log: 1, program: "turnwise 0", url: "/v2/listen?model=m",
    audio: { name: "a", duration_s: 1.5 },
  });
  assert.equal(lines[1], '{"sent_s":0.32,"clock_s":1.235,"message":{"type":"Connected"}}');
  assert.equal(lines[2], "");
});

const WISHES = {
  prompt: "Be kind.", greeting: "", voice: "aura-2-thalia-en", model: "m", inputRateHz: 16000,
  thresholds: { eot_threshold: 0.8 },
};

test("the agent is told what to hear, think and speak with; an empty greeting is left out", () => {
  const { agent, audio } = agentSettings(WISHES);
  assert.equal(audio.input.sample_rate, 16000);
  assert.equal(agent.listen.provider.version, "v2");
  assert.equal(agent.listen.provider.eot_threshold, 0.8);
  assert.equal(agent.think.prompt, "Be kind.");
  assert.ok(!("greeting" in agent));
});

test("a conversation with the agent goes through its states", () => {
  const talk = new Talk();
  const hear = (type, more = {}, playing = false) => talk.hear({ type, ...more }, playing, 1);
  assert.equal(hear("Welcome"), "apply");
  assert.equal(hear("SettingsApplied"), "start");
  assert.equal(hear("UserStartedSpeaking"), "hush");
  assert.equal(talk.hushed, 0); // the agent was silent
  hear("ConversationText", { role: "user", content: "Hi" });
  hear("AgentThinking");
  assert.equal(talk.state, "thinking");
  hear("AgentStartedSpeaking", { total_latency: 0.7 });
  assert.deepEqual(talk.delays, { answer: 0.7 });
  hear("LatencyReport", { stt_latency: 0.5, ttt_token_latency: 0, tts_latency: 0.1 });
  assert.deepEqual(talk.delays, { listen: 0.5, think: 0, speak: 0.1, answer: 0.7 });
  talk.receiveAudio();
  assert.equal(talk.state, "speaking");
  hear("AgentAudioDone", {}, true);
  assert.equal(talk.state, "speaking"); // it is still to be heard
  talk.playedOut();
  assert.equal(talk.state, "listening");
  assert.deepEqual(talk.said, [{ role: "user", content: "Hi", atS: 1 }]);
});

test("an agent that does not say that it speaks is heard all the same", () => {
  const talk = new Talk();
  talk.receiveAudio();
  assert.equal(talk.state, "waiting"); // nothing may sound before the settings are applied
  talk.hear({ type: "SettingsApplied" }, false);
  talk.receiveAudio();
  talk.playedOut(); // between two pieces
  assert.equal(talk.state, "speaking");
  talk.hear({ type: "AgentAudioDone" }, true);
  talk.playedOut();
  assert.equal(talk.state, "listening");
});

test("who speaks while the agent does silences it, and audio that is done is not waited for", () => {
  const talk = new Talk();
  talk.hear({ type: "SettingsApplied" }, false);
  talk.hear({ type: "AgentStartedSpeaking" }, false);
  assert.equal(talk.hear({ type: "UserStartedSpeaking" }, true), "hush");
  assert.equal(talk.hushed, 1);
  assert.equal(talk.state, "listening");
  talk.hear({ type: "History", role: "assistant", content: "I heard" }, false);
  talk.hear({ type: "History", role: "assistant", content: "I heard" }, false);
  assert.deepEqual(talk.said.map(({ content }) => content), ["You broke in after “I heard”."]);
  talk.hear({ type: "AgentStartedSpeaking" }, false);
  talk.playedOut(); // between two pieces of audio
  assert.equal(talk.state, "speaking");
  talk.hear({ type: "AgentAudioDone" }, false);
  assert.equal(talk.state, "listening");
});

function asked(text) {
  const talk = new Talk();
  const hear = (type, more = {}, playing = false) => talk.hear({ type, ...more }, playing, 1);
  hear("SettingsApplied");
  hear("UserStartedSpeaking");
  hear("History", { role: "user", content: text });
  hear("ConversationText", { role: "user", content: text });
  return { talk, hear };
}

test("a question that nothing answered is asked again on the next connection, and shown once", () => {
  const { talk, hear } = asked("Hi");
  assert.equal(talk.lost(false), "Hi");
  assert.equal(talk.state, "waiting");
  assert.deepEqual(talk.past, []); // it is not of the past
  hear("SettingsApplied");
  hear("ConversationText", { role: "user", content: "Hi" });
  assert.equal(talk.said.length, 1);
  hear("ConversationText", { role: "user", content: "Hi" }); // really said again
  assert.equal(talk.said.length, 2);
});

test("an answer that was being said is of the past, and plays to its end", () => {
  const { talk, hear } = asked("Hi");
  hear("ConversationText", { role: "assistant", content: "Good" });
  talk.receiveAudio();
  hear("ConversationText", { role: "assistant", content: "day." });
  assert.equal(talk.lost(true), null);
  assert.equal(talk.state, "speaking");
  assert.deepEqual(talk.past.map(({ role, content }) => `${role}: ${content}`), [
    "user: Hi", "assistant: Good day.",
  ]);
  hear("SettingsApplied", {}, true);
  talk.playedOut();
  assert.equal(talk.state, "listening");
  const { agent } = agentSettings({ ...WISHES, past: talk.past });
  assert.equal(agent.context.messages.length, 2);
});

test("of the user's sound the open turn is kept, or a second of it, and all of it while nobody listens", () => {
  const turn = new OpenTurn();
  const push = (count) => Array.from({ length: count }, () => turn.push(new Int16Array(1)));
  turn.hear({ type: "SettingsApplied" });
  push(100);
  assert.equal(turn.frames.length, 12);
  turn.hear({ type: "UserStartedSpeaking" });
  push(30);
  assert.equal(turn.frames.length, 42);
  turn.hear({ type: "ConversationText", role: "user" });
  assert.equal(turn.frames.length, 0);
  turn.lost();
  push(2000);
  assert.equal(turn.frames.length, 750);
});
