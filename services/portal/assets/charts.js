// Pictures of the overview; the tables beside them say the same in figures.
(() => {
  "use strict";
  const box = document.getElementById("chart-numbers");
  if (!box || !window.echarts) return;
  const numbers = JSON.parse(box.dataset.numbers);
  const colours = ["#8a94a0", "#2f6fb3", "#2e8b57", "#b3261e"];
  const kinds = ["#b3261e", "#2f6fb3", "#c98a1b", "#8a94a0"];
  const bars = (series, palette) => ({
    color: palette, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    animation: false, grid: { left: 8, right: 16, top: series.length > 3 ? 58 : 36, bottom: 8, containLabel: true },
    legend: { top: 0 }, tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
    xAxis: { type: "value", minInterval: 1 }, yAxis: { type: "category", data: numbers.schools, inverse: true },
    series: series.map((one) => ({ ...one, type: "bar", stack: "all" })),
  });
  const options = {
    stages: bars(numbers.stages, colours),
    mix: bars(numbers.mix, kinds),
    states: { animation: false, tooltip: {}, legend: { bottom: 0, formatter: (name) => `${name} ${(numbers.states.find((one) => one.name === name) || {}).value}` }, series: [{ type: "pie", radius: ["35%", "65%"], center: ["50%", "42%"], data: numbers.states, label: { show: false } }] },
  };
  document.querySelectorAll("[data-chart]").forEach((element) => {
    const chart = window.echarts.init(element, null, { renderer: "canvas" });
    chart.setOption(options[element.dataset.chart]);
    window.addEventListener("resize", () => chart.resize());
  });
})();
