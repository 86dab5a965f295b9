/* Hears what a page plays: 20 times a second how loud it is, and what the page says of the agent.
 *
 * It runs before the page's own program, and listens in on whatever is connected to a loudspeaker.
 */

const meters = new Map(); // by audio graph
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...more) {
  const { context } = this;
  if (to === context.destination && context instanceof AudioContext) {
    if (!meters.has(context)) meters.set(context, new AnalyserNode(context, { fftSize: 2048 }));
    connect.call(this, meters.get(context));
  }
  return connect.call(this, to, ...more);
};

function loudness() {
  const samples = new Float32Array(2048);
  let loudest = 0;
  for (const [context, meter] of meters) {
    if (context.state === "closed") continue;
    meter.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
  }
  return loudest;
}

window.meter = []; // {agent, hushed, loud}
setInterval(() => {
  const { agent } = document.body?.dataset ?? {};
  const hushed = Number(document.getElementById("hushed")?.textContent ?? 0);
  if (agent) window.meter.push({ agent, hushed, loud: loudness() });
}, 50);
