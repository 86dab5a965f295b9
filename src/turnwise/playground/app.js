/* The page: buttons, settings and what is shown of a session. */

import { Chart } from "./chart.js";
import { wav } from "./pcm.js";
import { download, RawLog } from "./rawlog.js";
import { ListenSession } from "./session.js";
import { decode, microphone, play } from "./sound.js";
import { TalkSession } from "./talk.js";
import { Timeline } from "./timeline.js";
import { made, Transcript } from "./transcript.js";

const FILE_BYTES_MAX = 200 << 20; // decoded it is several times as large, in memory
const CONFIGURE_DELAY_MS = 250; // a slider that is dragged changes many times

const $ = (id) => document.getElementById(id);
const form = $("settings");
const chart = new Chart($("chart"), new Timeline());
const transcript = new Transcript($("transcript"), $("open-turn"));
const rawLog = new RawLog($("messages"));
let session = null; // the last one, running or not
let running = false;
let eventsShown = 0;

/** What a session may do to the page. */
const view = {
  state(name, text) {
    document.body.dataset.state = name;
    $("status").textContent = text;
  },
  chart: () => chart.update(),
  message(entry) {
    rawLog.add(entry);
    if (rawLog.entries.length === 1) buttons();
    const { type, description } = entry.message;
    if (type === "ConfigureSuccess") $("configured").textContent = "Changed.";
    if (type === "ConfigureFailure") $("configured").textContent = `Refused: ${description}`;
  },
  conversation(conversation) {
    transcript.update(conversation);
    showEvents(conversation.events);
    showFigures(conversation.figures());
    chart.update();
  },
  warning: (text) => problem(text),
  said: (role, content, atS) => transcript.say(role, content, atS),
  agent(talk) {
    document.body.dataset.agent = talk.state;
    $("agent-state").textContent = talk.state;
    $("hushed").textContent = talk.hushed;
    for (const step of ["answer", "listen", "think", "speak"]) {
      $(`${step}-delay`).textContent = inMs(talk.delays[step] ?? null);
    }
    showEvents(session.timeline.events);
    chart.update();
  },
  end(text, refused) {
    running = false;
    if (text) {
      this.state("failed", "Stopped.");
      problem(text, refused);
    } else this.state("ended", "Ended.");
    buttons();
  },
};

function problem(text, refused = false) {
  $("problem").textContent = text;
  $("key").setAttribute("aria-invalid", refused);
  if (refused) $("key").focus();
}

function showEvents(events) {
  for (const { atS, name, trigger } of events.slice(eventsShown)) {
    const why = trigger ? ` (${trigger})` : "";
    $("events").append(made("li", "", `${atS.toFixed(2)} s ${name}${why}`));
  }
  eventsShown = events.length;
}

function inMs(seconds) {
  return seconds === null ? "–" : `${Math.round(seconds * 1000)} ms`;
}

function showFigures(figures) {
  $("end-delay").textContent = inMs(figures.endDelayS);
  $("eager-lead").textContent = inMs(figures.eagerLeadS);
  $("lag").textContent = figures.lagMs === null ? "–" : inMs(figures.lagMs / 1000);
  $("lag-max").textContent = figures.lagMsMax === null ? "–" : inMs(figures.lagMsMax / 1000);
  $("counts").textContent = `${figures.turns}, ${figures.words}`;
  $("resumed").textContent = figures.resumed;
}

function buttons() {
  for (const id of ["microphone", "which", "sample", "choose"]) $(id).disabled = running;
  document.getElementsByName("mode").forEach((radio) => { radio.disabled = running; });
  for (const id of ["stop", "force"]) $(id).disabled = !running;
  for (const id of ["copy", "save", "save-audio"]) $(id).disabled = rawLog.entries.length === 0;
}

/** Begin a session. open: takes it, returns its source of sound. */
async function start(next, open) {
  if (running) return;
  running = true;
  session = next;
  problem("");
  transcript.clear();
  rawLog.clear();
  $("events").replaceChildren();
  eventsShown = 0;
  showFigures(session.conversation.figures());
  chart.begin(session.timeline);
  $("whole").setAttribute("aria-pressed", "false");
  buttons();
  let source = null;
  try {
    view.state("connecting", "Opening the sound…");
    source = await open(session);
    session.begin(source);
  } catch (error) {
    source?.stop();
    view.end(explained(error), error.message.startsWith("The key"));
  }
  buttons();
}

function explained(error) {
  if (error.name === "NotAllowedError") return "The browser may not use the microphone. Allow it and try again.";
  if (error.name === "NotFoundError") return "There is no microphone.";
  if (error.name === "EncodingError") return "This browser cannot read that recording.";
  if (error.name === "AbortError") return "The server cannot be reached."; // nor the worklet
  return error.message;
}

const secret = () => $("key").value.trim();

function speak() {
  const next = mode() === "agent"
    ? new TalkSession(view, secret(), wishes())
    : new ListenSession(view, secret(), settings(), "microphone");
  return start(next, (s) => microphone((frame) => s.frame(frame)));
}

function playChosen(file) {
  if (file.size > FILE_BYTES_MAX) problem("A recording may have 200 MB at most.");
  else playFile(file.name, () => file.arrayBuffer());
}

function playFile(name, bytes) {
  return start(new ListenSession(view, secret(), settings(), name), async (s) => {
    const buffer = await decode(await bytes());
    const onFrame = (frame) => s.frame(frame);
    return play(buffer, { aloud: $("aloud").checked, onFrame, onEnd: () => s.finish() });
  });
}

async function sample(name) {
  try {
    const answer = await fetch(new URL(`samples/${name}`, import.meta.url));
    return await answer.arrayBuffer();
  } catch {
    throw new Error("The server cannot be reached.");
  }
}

/* Settings. */

const field = (name) => form.elements.namedItem(name);
const mode = () => document.querySelector("[name=mode]:checked").value;

function thresholds() {
  return {
    eot_threshold: field("eot_threshold").valueAsNumber,
    eager_eot_threshold: field("eager").checked ? field("eager_eot_threshold").valueAsNumber : null,
    eot_timeout_ms: field("eot_timeout_ms").valueAsNumber,
  };
}

function keyterms() {
  return field("keyterms").value.split(",").map((term) => term.trim()).filter(Boolean);
}

function settings() {
  const numerals = field("numerals").checked;
  return { model: "flux-general-en", ...thresholds(), keyterms: keyterms(), numerals };
}

function wishes() {
  const given = Object.entries(thresholds()).filter(([, value]) => value !== null);
  const text = (name) => field(name).value.trim();
  return {
    prompt: text("prompt"), greeting: text("greeting"), voice: text("voice"), model: text("model"),
    thresholds: Object.fromEntries(given),
  };
}

function showSettings() {
  const eager = field("eager_eot_threshold");
  eager.disabled = !field("eager").checked;
  eager.value = Math.min(eager.valueAsNumber, field("eot_threshold").valueAsNumber);
  $("eot-value").textContent = field("eot_threshold").valueAsNumber.toFixed(2);
  $("eager-value").textContent = eager.disabled ? "off" : eager.valueAsNumber.toFixed(2);
  $("timeout-value").textContent = `${field("eot_timeout_ms").value} ms`;
}

function showMode() {
  for (const element of document.querySelectorAll("[data-for]")) {
    element.hidden = element.dataset.for !== mode();
  }
  $("microphone").textContent = mode() === "agent" ? "Call the agent" : "Microphone";
}

let configureTimer = 0;
form.addEventListener("input", () => {
  showSettings();
  clearTimeout(configureTimer);
  if (!running) return;
  configureTimer = setTimeout(() => {
    $("configured").textContent = "";
    session.configure({
      type: "Configure", thresholds: thresholds(), keyterms: keyterms(),
      numerals: field("numerals").checked,
    });
  }, CONFIGURE_DELAY_MS);
});
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementsByName("mode").forEach((radio) => radio.addEventListener("change", showMode));

/* Buttons. */

$("microphone").addEventListener("click", speak);
$("sample").addEventListener("click", () => {
  const name = $("which").value;
  playFile(name, () => sample(name));
});
$("choose").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  if (file) playChosen(file);
  target.value = ""; // so that the same one can be chosen again
});
$("stop").addEventListener("click", () => session.finish());
$("force").addEventListener("click", () => session.forceEndTurn());
$("whole").addEventListener("click", () => {
  chart.follow = !chart.follow;
  $("whole").setAttribute("aria-pressed", !chart.follow);
  chart.update();
});
$("updates").addEventListener("change", ({ target }) => {
  $("messages").classList.toggle("no-updates", !target.checked);
});

/* Taking the log along. */

function logText() {
  const program = `turnwise ${document.querySelector("[name=turnwise-version]").content}`;
  return rawLog.text({ program, ...session.head });
}

$("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(logText());
    $("status").textContent = "The messages were copied.";
  } catch {
    problem("The browser did not let the messages be copied; save them instead.");
  }
});
$("save").addEventListener("click", () =>
  download("session.jsonl", "application/x-ndjson", [logText()]));
$("save-audio").addEventListener("click", () =>
  download("session.wav", "audio/wav", [wav(session.recorder.samples, session.recorder.rateHz)]));

/* Recordings dropped on the page. */

addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", ({ relatedTarget }) => {
  if (!relatedTarget) document.body.classList.remove("dropping");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const [file] = event.dataTransfer.files;
  if (file && mode() === "listen") playChosen(file);
});

const server = new URL("v2/listen", document.baseURI);
$("url").textContent = `${server.href.replace("http", "ws")}?model=flux-general-en&encoding=linear16&sample_rate=16000`;
showSettings();
showMode();
buttons();
