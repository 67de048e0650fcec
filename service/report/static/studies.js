"use strict";
// Draws each figure of a study from the JSON that its element names (service/report/studies/blocks.py).
(function () {
  const LAYOUT = {
    autosize: true, height: 380, margin: { l: 70, r: 24, t: 24, b: 60 }, hovermode: "closest",
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, -apple-system, Segoe UI, Roboto, Liberation Sans, Arial, sans-serif", color: "#16202c" },
    colorway: ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#AA4499", "#56B4E9"],
    hoverlabel: { bgcolor: "#ffffff", bordercolor: "#94a3b8", align: "left", font: { size: 13, color: "#16202c" } },
  };
  const PAPER = 690;

  for (const place of document.querySelectorAll(".study-figure")) {
    const given = JSON.parse(document.getElementById(place.dataset.figure).textContent);
    const config = {
      responsive: true, displaylogo: false, showSendToCloud: false, scrollZoom: false,
      modeBarButtonsToRemove: ["select2d", "lasso2d"],
      toImageButtonOptions: { format: "svg", filename: place.dataset.figure },
    };
    window.Plotly.newPlot(place, given.data, Object.assign({}, LAYOUT, given.layout), config).then(() => {
      // Paper is narrower than the screen, and plotly draws in pixels.
      window.addEventListener("beforeprint", () => window.Plotly.relayout(place, { width: PAPER }));
      window.addEventListener("afterprint", () => window.Plotly.relayout(place, { width: null, autosize: true }));
      place.dataset.drawn = "true";
    });
  }
})();
