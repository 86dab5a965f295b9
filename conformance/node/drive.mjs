// @deepgram/sdk 5.13.0 in Node: listen.v2.connect, every send method, and the close.
//
//     npm install @deepgram/sdk@5.13.0
//     node drive.mjs ws://localhost:8080 KEY AUDIO.pcm

import { readFileSync } from "node:fs";
import { DeepgramClient } from "@deepgram/sdk";

const [server, apiKey, path] = process.argv.slice(2);
const CHUNK_BYTES = 2560;
const http = server.replace(/^ws/, "http");

const client = new DeepgramClient({
  apiKey,
  environment: { base: http, production: server, agent: server, agentRest: http },
});
const connection = await client.listen.v2.connect({
  model: "flux-general-multi",
  encoding: "linear16",
  sample_rate: 16000,
  eot_threshold: 0.7,
  keyterm: ["Robert Johnson", "window"],
  language_hint: ["en"],
  tag: ["conformance"],
});

const counts = {};
connection.on("open", () => console.log("open"));
connection.on("message", (message) => {
  const name = message.event ?? message.type;
  counts[name] = (counts[name] ?? 0) + 1;
  if (name !== "Update" && name !== "StartOfTurn") console.log(JSON.stringify(message));
});
connection.on("error", (error) => console.log("error", error.message));
const closed = new Promise((resolve) => connection.on("close", resolve));

connection.connect();
await connection.waitForOpen();
const audio = readFileSync(path);
connection.sendForceEndTurn({ type: "ForceEndTurn" }); // nobody speaks yet: a Warning
for (let start = 0; start < audio.length; start += CHUNK_BYTES) {
  connection.sendMedia(audio.subarray(start, start + CHUNK_BYTES));
}
connection.sendConfigure({ type: "Configure", thresholds: { eot_threshold: 0.8 }, keyterms: [] });
connection.sendCloseStream({ type: "CloseStream" });
const event = await closed;
console.log("close", event.code, JSON.stringify(counts));
// A client that reconnects would open the next stream within its shortest delay.
const again = await Promise.race([
  new Promise((resolve) => connection.on("open", () => resolve("opened again"))),
  new Promise((resolve) => setTimeout(() => resolve("stays closed"), 8000)),
]);
console.log(again);
connection.close();
