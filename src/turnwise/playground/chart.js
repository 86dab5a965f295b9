/* The chart: end-of-turn confidence, thresholds and events over the waveform. Drawn by uPlot. */

import uPlot from "./vendor/uplot/uPlot.esm.js";

const FOLLOW_S = 20; // of the newest audio while it is live
const HEIGHT_PX = 290;
const ROW_PX = 14; // events have a row each above the curve, so that their names never overlap
const ROWS = [
  ["StartOfTurn", "UserStartedSpeaking"],
  ["EagerEndOfTurn", "AgentThinking"],
  ["TurnResumed", "AgentStartedSpeaking"],
  ["EndOfTurn", "AgentAudioDone"],
  ["Reconnected"],
];
const COLOURS = ["start", "eager", "resumed", "end", "warn"]; // of the rows, from style.css

export class Chart {
  constructor(element, timeline) {
    this._element = element;
    this._due = false;
    this._dark = matchMedia("(prefers-color-scheme: dark)");
    this._dark.addEventListener("change", () => this._build());
    new ResizeObserver(() => this._resize()).observe(element);
    this.follow = true;
    this.begin(timeline);
  }

  /** Show another session. */
  begin(timeline) {
    this.timeline = timeline;
    this.follow = true;
    this._build();
  }

  /** Draw what is new, at most once for each picture the screen shows. */
  update() {
    if (this._due) return;
    this._due = true;
    requestAnimationFrame(() => {
      this._due = false;
      this._draw();
    });
  }

  _draw() {
    const endS = this.timeline.endS;
    const [from, to] = this.follow
      ? [Math.max(0, endS - FOLLOW_S), Math.max(FOLLOW_S, endS)]
      : [0, Math.max(1, endS)];
    this._plot.batch(() => {
      this._plot.setData(this.timeline.between(from, to), false);
      this._plot.setScale("x", { min: from, max: to });
    });
  }

  _resize() {
    const width = this._element.clientWidth;
    if (width > 0 && this._plot) this._plot.setSize({ width, height: HEIGHT_PX });
  }

  _colour(name) {
    return getComputedStyle(this._element).getPropertyValue(`--${name}`).trim();
  }

  _build() {
    this._plot?.destroy();
    const line = { stroke: this._colour("line"), width: 1 };
    const axis = { stroke: this._colour("soft"), grid: line, ticks: line };
    const plain = { points: { show: false } };
    const wave = { ...plain, scale: "wave", stroke: this._colour("wave"), width: 1 };
    this._plot = new uPlot({
      width: Math.max(200, this._element.clientWidth),
      height: HEIGHT_PX,
      padding: [ROWS.length * ROW_PX, 24, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false } },
      scales: {
        x: { time: false },
        wave: { range: () => [-this.timeline.loudest, this.timeline.loudest] },
        confidence: { range: [0, 1] },
      },
      series: [
        {},
        wave,
        wave,
        {
          ...plain,
          scale: "confidence",
          stroke: this._colour("curve"),
          width: 2,
          spanGaps: true,
        },
      ],
      bands: [{ series: [2, 1], fill: this._colour("wave") }],
      axes: [
        { ...axis, values: (_, ticks) => ticks.map((s) => `${+s.toFixed(2)} s`) },
        {
          ...axis,
          scale: "confidence",
          size: 40,
          splits: () => [0, 0.5, 1],
          values: (_, ticks) => ticks.map((c) => c.toFixed(1)),
        },
      ],
      hooks: { draw: [() => this._annotate()] },
    }, this.timeline.between(0, 0), this._element);
    this._draw();
  }

  _annotate() {
    const { ctx, bbox } = this._plot;
    ctx.save();
    this._drawThresholds(ctx, bbox);
    this._drawEvents(ctx, bbox);
    ctx.restore();
  }

  _drawThresholds(ctx, bbox) {
    const ratio = devicePixelRatio;
    const right = bbox.left + bbox.width;
    const x = (s) => Math.min(right, Math.max(bbox.left, this._plot.valToPos(s, "x", true)));
    this.timeline.thresholds.forEach(({ fromS, eot, eager }, i, all) => {
      const untilX = i + 1 < all.length ? x(all[i + 1].fromS) : right;
      for (const [value, colour] of [[eot, "end"], [eager, "eager"]]) {
        if (value === null || untilX <= x(fromS)) continue;
        const y = this._plot.valToPos(value, "confidence", true);
        ctx.beginPath();
        ctx.setLineDash([6 * ratio, 4 * ratio]);
        ctx.lineWidth = ratio;
        ctx.strokeStyle = this._colour(colour);
        ctx.moveTo(x(fromS), y);
        ctx.lineTo(untilX, y);
        ctx.stroke();
      }
    });
    ctx.setLineDash([]);
  }

  _drawEvents(ctx, bbox) {
    const ratio = devicePixelRatio;
    const { min, max } = this._plot.scales.x;
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    const free = ROWS.map(() => 0); // where the last name of each row ends
    for (const { atS, name } of this.timeline.events) {
      const row = ROWS.findIndex((names) => names.includes(name));
      if (row < 0 || atS < min || atS > max) continue;
      const x = Math.round(this._plot.valToPos(atS, "x", true));
      const y = bbox.top - (ROWS.length - row - 0.5) * ROW_PX * ratio;
      ctx.strokeStyle = ctx.fillStyle = this._colour(COLOURS[row]);
      ctx.lineWidth = ratio;
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const width = ctx.measureText(name).width;
      const last = x + 3 * ratio + width > ctx.canvas.width;
      const from = last ? x - 3 * ratio - width : x + 3 * ratio;
      if (from < free[row]) continue; // the list under the chart has them all
      free[row] = from + width + 3 * ratio;
      ctx.fillText(name, from, y);
    }
  }
}
