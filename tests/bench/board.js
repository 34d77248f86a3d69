// What the bench of the board asks the browser: how long interactions take, as the browser itself
// times them (from the event to the next frame), and patches as the server would say them.
(() => {
  "use strict";
  const slow = [];
  let shifts = 0, told = 0;
  const watch = (kind, take, more) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type: kind, buffered: true, ...more });
  watch("event", (one) => one.interactionId && slow.push([one.name, one.duration]), { durationThreshold: 16 });
  watch("layout-shift", (one) => { shifts += one.value; });
  // Sixty lessons move from lecturer to lecturer; versions rise.
  function patch(each, seconds) {
    const rows = [...document.querySelectorAll("#grid .gl[data-lecturer]")];
    const heads = [...document.querySelectorAll(".gh [data-on]")];
    const timer = setInterval(() => {
      const head = heads[told % heads.length], row = rows[(told * 7) % rows.length];
      const lesson = { lesson: "x", school: "杨柳青镇党校", title: "乡村振兴", starts: "13:30", ends: "16:30" };
      const place = { lecturer: row.dataset.lecturer, on: head.dataset.on, half: head.dataset.half };
      window.yuekeLive.hear([{ kind: "assignment", id: `b-${told % 60}`, version: told + 1, state: "committed", ...lesson, ...place }]);
      told += 1;
      if (told >= each * seconds) clearInterval(timer);
    }, 1000 / each);
  }
  window.bench = { patch, slow: () => slow, shifts: () => shifts, told: () => told };
})();
