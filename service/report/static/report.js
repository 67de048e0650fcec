"use strict";
// Draws the network from the data in #network-data (service/report/network_figure.py writes it).
(function () {
  const figure = document.getElementById("network-figure");
  const data = JSON.parse(document.getElementById("network-data").textContent);
  const nodes = data.nodes;
  const HOVER_AT = [0.12, 0.25, 0.4, 0.5, 0.6, 0.75, 0.88];
  const EDGE = "rgba(100,116,139," + data.opacity + ")";
  const CHOSEN = "rgba(11,74,130,.85)";
  const PAPER = 690;
  const last = data.columns.length - 1;

  // A link between neighbouring columns is straight; one that skips columns bows around what lies between.
  function point(source, consumer, t) {
    const x0 = nodes.x[source], y0 = nodes.y[source], x1 = nodes.x[consumer], y1 = nodes.y[consumer];
    const straight = y0 + (y1 - y0) * t;
    const span = Math.abs(x1 - x0);
    const away = (y0 + y1) / 2 < 0.5 ? -1 : 1;
    const bow = span > 1 ? away * Math.min(0.3, 0.1 * span) * 4 * t * (1 - t) : 0;
    return [x0 + (x1 - x0) * t, straight + bow];
  }

  function lines(edges) {
    const x = [], y = [];
    for (const [source, consumer] of edges) {
      const steps = Math.abs(nodes.x[consumer] - nodes.x[source]) > 1 ? 16 : 1;
      for (let i = 0; i <= steps; i++) {
        const at = point(source, consumer, i / steps);
        x.push(at[0]);
        y.push(at[1]);
      }
      x.push(null);
      y.push(null);
    }
    return { x, y };
  }

  // From the top of the figure to its bottom; bowed links may leave the columns' height.
  function heights() {
    const y = lines(data.edges).y.filter((at) => at !== null);
    return [y.reduce((most, at) => Math.max(most, at), 1) + 0.02, y.reduce((least, at) => Math.min(least, at), 0) - 0.02];
  }

  // One trace a width: plotly draws a whole trace with one line width.
  function edgeTraces(edges, color) {
    return data.widths.map((width, step) => ({
      ...lines(edges.filter((edge) => edge[2] === step + 1)),
      type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false,
      line: { color, width },
    }));
  }

  function edgeHover(edges) {
    const trace = {
      x: [], y: [], text: [], type: "scatter", mode: "markers", showlegend: false,
      hovertemplate: "%{text}<extra></extra>", marker: { size: 12, color: "#64748b", opacity: 0 },
    };
    for (const edge of edges) {
      for (const t of HOVER_AT) {
        const at = point(edge[0], edge[1], t);
        trace.x.push(at[0]);
        trace.y.push(at[1]);
        trace.text.push(edge[3]);
      }
    }
    return trace;
  }

  function neurons() {
    const pick = (hollow, full) => nodes.hollow.map((is, i) => (is ? hollow : full(i)));
    return {
      x: nodes.x, y: nodes.y, text: nodes.hover, type: "scatter", mode: "markers", showlegend: false,
      hovertemplate: "%{text}<extra></extra>", cliponaxis: false,
      marker: {
        size: nodes.size, symbol: nodes.symbol, opacity: 1,
        color: pick("#ffffff", (i) => nodes.color[i]),
        line: { color: pick("#6b7280", () => "#ffffff"), width: pick(1.8, (i) => (nodes.size[i] > 6 ? 1.2 : 0)) },
      },
    };
  }

  // Names beside the outer columns, under the neurons of the inner ones.
  function names() {
    return nodes.label.map((text, i) => {
      const first = nodes.x[i] === 0, end = nodes.x[i] === last && last > 0, aside = nodes.size[i] / 2 + 5;
      return {
        x: nodes.x[i], y: nodes.y[i], text, showarrow: false, captureevents: false,
        xanchor: first ? "right" : end ? "left" : "center", yanchor: first || end ? "middle" : "top",
        xshift: first ? -aside : end ? aside : 0, yshift: first || end ? 0 : -aside + 3,
        font: { size: 11.5, color: "#334155" }, bgcolor: first || end ? "rgba(0,0,0,0)" : "rgba(255,255,255,.72)",
        borderpad: 0,
      };
    }).filter((label) => label.text !== "");
  }

  function headings() {
    return data.columns.map((column, x) => ({
      x, y: 1, yref: "paper", yanchor: "bottom", yshift: 6, showarrow: false,
      text: "<b>" + column.name + "</b><br>" + column.size, font: { size: 12.5, color: "#16202c" },
    }));
  }

  function margin(column) {
    const longest = nodes.label.reduce(
      (most, text, i) => (nodes.x[i] === column ? Math.max(most, text.replace(/&[^;]+;/g, "x").length) : most), 0);
    return Math.max(56, 30 + 6.6 * longest);
  }

  const layout = {
    autosize: true, hovermode: "closest", hoverdistance: 14, dragmode: "pan", showlegend: false,
    margin: { l: margin(0), r: margin(last), t: 52, b: 16 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, -apple-system, Segoe UI, Roboto, Liberation Sans, Arial, sans-serif" },
    xaxis: { visible: false, range: last > 0 ? [-0.04, last + 0.04] : [-0.5, 0.5] },
    yaxis: { visible: false, range: heights() },
    hoverlabel: { bgcolor: "#ffffff", bordercolor: "#94a3b8", align: "left", font: { size: 13, color: "#16202c" } },
    annotations: headings().concat(names()),
  };
  const config = {
    responsive: true, displaylogo: false, showSendToCloud: false, scrollZoom: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    toImageButtonOptions: { format: "svg", filename: "flow-network" },
  };

  let chosen = null;
  function draw() {
    const own = chosen === null ? [] : data.edges.filter((edge) => edge[0] === chosen || edge[1] === chosen);
    const rest = chosen === null ? data.edges : [];
    const traces = [...edgeTraces(rest, EDGE), ...edgeTraces(own, CHOSEN), edgeHover(rest.concat(own)), neurons()];
    return window.Plotly.react(figure, traces, layout, config);
  }

  draw().then(() => {
    const neuronTrace = 2 * data.widths.length + 1;
    figure.on("plotly_click", (event) => {
      const hit = event.points[0];
      if (hit.curveNumber !== neuronTrace) return;
      chosen = chosen === hit.pointNumber ? null : hit.pointNumber;
      draw();
    });
    // Paper is narrower than the screen, and plotly draws in pixels.
    window.addEventListener("beforeprint", () => window.Plotly.relayout(figure, { width: PAPER }));
    window.addEventListener("afterprint", () => window.Plotly.relayout(figure, { width: null, autosize: true }));
    figure.dataset.drawn = "true";
  });
})();
