// @deepgram/sdk 5.13.0 in Node: speak.v1 and speak.v2, every send method, and a request.
//
//     npm install @deepgram/sdk@5.13.0
//     node speak.mjs ws://localhost:8080 KEY

import { DeepgramClient } from "@deepgram/sdk";

const [server, apiKey] = process.argv.slice(2);
const http = server.replace(/^ws/, "http");
const client = new DeepgramClient({
  apiKey,
  environment: { base: http, production: server, agent: server, agentRest: http },
});

function show(name, connection) {
  let bytes = 0;
  connection.on("open", () => console.log(name, "open"));
  connection.on("message", (message) => {
    const size = message.byteLength ?? message.size;
    if (size === undefined) console.log(name, JSON.stringify(message));
    else bytes += size;
  });
  connection.on("error", (error) => console.log(name, "error", error.message));
  return new Promise((resolve) =>
    connection.on("close", (event) => resolve(`${name} close ${event.code}, ${bytes} bytes`)),
  );
}

const first = await client.speak.v1.connect({
  model: "aura-2-phoebe-en",
  encoding: "linear16",
  sample_rate: 16000,
});
const firstClosed = show("v1", first);
first.connect();
await first.waitForOpen();
first.sendText({ type: "Speak", text: "This is not heard." });
first.sendClear({ type: "Clear" });
first.sendText({ type: "Speak", text: "Hello there. How are you?" });
first.sendFlush({ type: "Flush" });
first.sendClose({ type: "Close" });
console.log(await firstClosed);

const second = await client.speak.v2.connect({
  model: "flux-haley-en",
  encoding: "linear16",
  sample_rate: 16000,
});
const secondClosed = show("v2", second);
second.connect();
await second.waitForOpen();
second.sendConfigure({ type: "Configure", speed: 1.1 });
second.sendSpeak({ type: "Speak", text: "Hello there. How are you today?" });
second.sendFlush({ type: "Flush" });
await new Promise((resolve) => setTimeout(resolve, 2000));
second.sendInterrupt({ type: "Interrupt", playback_offset: { type: "time_ms", value: 500 } });
second.sendClose({ type: "Close" });
console.log(await secondClosed);

const answer = await client.speak.v1.audio.generate({
  text: "Hello there.",
  model: "aura-2-phoebe-en",
  encoding: "mp3",
});
console.log("request", (await answer.arrayBuffer()).byteLength, "bytes");
