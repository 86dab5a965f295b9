// @deepgram/sdk 5.13.0 in Node: agent.v1.connect, from Settings to an answer.
//
//     npm install @deepgram/sdk@5.13.0
//     node agent.mjs ws://localhost:8080 KEY AUDIO.pcm

import { readFileSync } from "node:fs";
import { DeepgramClient } from "@deepgram/sdk";

const [server, apiKey, path] = process.argv.slice(2);
const CHUNK_BYTES = 2560;
const http = server.replace(/^ws/, "http");

const client = new DeepgramClient({
  apiKey,
  environment: { base: http, production: server, agent: server, agentRest: http },
});
const connection = await client.agent.v1.connect({});

let soundBytes = 0;
let over = false; // what comes behind the last line is not for it
let applied, answered;
const isApplied = new Promise((resolve) => (applied = resolve));
const isAnswered = new Promise((resolve) => (answered = resolve));
connection.on("open", () => console.log("open"));
connection.on("message", (message) => {
  if (over) return;
  if (!message.type) {
    soundBytes += message.byteLength ?? message.size ?? message.length;
    return;
  }
  console.log(JSON.stringify(message));
  if (message.type === "SettingsApplied") applied();
  if (message.type === "LatencyReport") answered();
});
connection.on("error", (error) => console.log("error", error.message));

connection.connect();
await connection.waitForOpen();
connection.sendSettings({
  type: "Settings",
  audio: {
    input: { encoding: "linear16", sample_rate: 16000 },
    output: { encoding: "linear16", sample_rate: 24000, container: "none" },
  },
  agent: {
    listen: { provider: { type: "deepgram", version: "v2", model: "flux-general-en" } },
    think: { provider: { type: "open_ai", model: "gpt-4o-mini" }, prompt: "Be brief." },
    speak: { provider: { type: "deepgram", model: "aura-2-thalia-en" } },
  },
});
await isApplied;
connection.sendKeepAlive({ type: "KeepAlive" });
const audio = readFileSync(path);
for (let start = 0; start < audio.length; start += CHUNK_BYTES) {
  connection.sendMedia(audio.subarray(start, start + CHUNK_BYTES));
}
await isAnswered;
over = true;
console.log("sound bytes", soundBytes);
connection.close();
