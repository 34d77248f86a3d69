// Run on every shot: what overflows, is clipped, overlaps or has no glyph. Answers sentences.
() => {
  const found = [];
  const say = (what, element, more = "") => {
    const name = element.tagName.toLowerCase() + (element.id ? `#${element.id}` : "") +
      (typeof element.className === "string" && element.className ? "." + element.className.trim().split(/\s+/).join(".") : "");
    const text = (element.textContent || element.value || "").trim().replace(/\s+/g, " ").slice(0, 60);
    const line = `${what}: <${name}> "${text}" ${more}`;
    if (found.length < 40 && !found.includes(line)) found.push(line);
  };
  const styles = new Map();
  const style = (element) => {
    if (!styles.has(element)) styles.set(element, getComputedStyle(element));
    return styles.get(element);
  };
  const scrolls = (value) => value === "auto" || value === "scroll";
  const clips = (value) => value === "hidden" || value === "clip";
  const titled = (element) => element.closest("[title]") !== null;
  const root = document.documentElement;
  // An open modal dialog is all there is to see.
  const modal = [...document.querySelectorAll("dialog[open]")].pop();
  const ground = modal || document.body;

  // A text meant for screen readers only.
  const isHidden = (element) => {
    if (element.checkVisibility && !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) return true;
    for (let one = element; one && one !== root; one = one.parentElement) {
      const s = style(one), box = one.getBoundingClientRect();
      if (s.visibility === "hidden" || s.display === "none" || s.opacity === "0") return true;
      if (s.position === "absolute" && box.width <= 2 && box.height <= 2) return true;
      if (box.right < -100) return true; // a skip link, until it has the focus
    }
    return false;
  };
  const layerOf = (element) => {
    for (let one = element; one && one !== root; one = one.parentElement) {
      const p = style(one).position;
      if (p === "fixed" || p === "sticky" || one.matches("dialog[open], .person-menu")) return one;
    }
    return document.body;
  };

  if (!modal && root.scrollWidth > root.clientWidth + 1) {
    found.push(`the page is ${root.scrollWidth} wide in a window of ${root.clientWidth}`);
  }

  const pieces = []; // lines of text as they are drawn
  const glyphs = new Map(); // font -> characters
  const walker = document.createTreeWalker(ground, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.nodeValue;
    const element = node.parentElement;
    if (!text.trim() || !element || element.closest("script, style, noscript, template, option, title, desc")) continue;
    if (isHidden(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter((r) => r.width > 0.5 && r.height > 0.5);
    if (!rects.length) continue;
    const s = style(element);
    if (!element.closest("textarea")) {
      const font = `${s.fontStyle} ${s.fontWeight} 24px ${s.fontFamily}`;
      glyphs.set(font, (glyphs.get(font) || "") + text);
    }
    for (const rect of rects) {
      let left = rect.left, right = rect.right, top = rect.top, bottom = rect.bottom, gone = false, contained = false;
      for (let one = element; one && one !== root && !gone; one = one.parentElement) {
        const o = style(one), box = one.getBoundingClientRect();
        if (o.display === "inline" || o.display === "contents") continue;
        const inSvg = one instanceof SVGElement && !(one instanceof SVGSVGElement);
        if (inSvg) continue;
        if (!contained) {
          contained = true;
          const ownScroll = scrolls(o.overflowX) || scrolls(o.overflowY);
          if (!ownScroll && (rect.right > box.right + 1.5 || rect.left < box.left - 1.5) && !clips(o.overflowX)) {
            say("text leaves its box", one, `${Math.round(rect.left)}–${Math.round(rect.right)} of ${Math.round(box.left)}–${Math.round(box.right)}`);
          }
        }
        if (scrolls(o.overflowX) || scrolls(o.overflowY)) {
          left = Math.max(left, box.left); right = Math.min(right, box.right);
          top = Math.max(top, box.top); bottom = Math.min(bottom, box.bottom);
          if (right - left < 1 || bottom - top < 1) gone = true;
          continue;
        }
        if (clips(o.overflowX) && (right > box.right + 1 || left < box.left - 1) && !(o.textOverflow === "ellipsis" && titled(element))) {
          say("text is cut", one, `${Math.round(left)}–${Math.round(right)} of ${Math.round(box.left)}–${Math.round(box.right)}`);
          gone = true;
        }
        if (clips(o.overflowY) && (bottom > box.bottom + 3 || top < box.top - 3) && !(titled(element) || one.closest("details:not([open])"))) {
          say("text is cut in height", one, `${Math.round(top)}–${Math.round(bottom)} of ${Math.round(box.top)}–${Math.round(box.bottom)}`);
          gone = true;
        }
        if (o.position === "fixed") break;
      }
      if (!gone) pieces.push({ node, element, layer: layerOf(element), left, right, top, bottom });
    }
  }

  // Boxes that leave the box they lie in.
  for (const element of ground.querySelectorAll("*")) {
    const parent = element.parentElement;
    if (!parent || element.closest("svg, script, style, option, colgroup, dialog:not([open])") || isHidden(element)) continue;
    const s = style(element), p = style(parent);
    if (s.display === "inline" || s.display === "contents" || p.display === "inline" || p.display === "contents") continue;
    if (s.position === "fixed" || s.position === "absolute") continue;
    const box = element.getBoundingClientRect(), around = parent.getBoundingClientRect();
    if (box.width < 1 || box.height < 1) continue;
    if (p.overflowX === "visible" && (box.right > around.right + 2 || box.left < around.left - 2)) {
      if (parseFloat(s.marginLeft) < 0 || parseFloat(s.marginRight) < 0) continue; // on purpose
      say("leaves its container", element, `${Math.round(box.left)}–${Math.round(box.right)} of ${Math.round(around.left)}–${Math.round(around.right)} in <${parent.tagName.toLowerCase()}.${parent.className}>`);
    }
  }

  // What stands in inputs, chosen options and hints of inputs.
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  for (const input of ground.querySelectorAll("input, select")) {
    if (isHidden(input) || ["hidden", "checkbox", "radio", "password", "file", "range", "color"].includes(input.type)) continue;
    const s = style(input);
    const select = input.tagName === "SELECT";
    if (["date", "time", "datetime-local", "month", "week", "number"].includes(input.type)) {
      if (input.scrollWidth > input.clientWidth + 1) say("the value is cut", input);
      continue;
    }
    const text = select ? input.selectedOptions[0]?.textContent.trim() : input.value || input.placeholder;
    if (!text || (select && (input.multiple || input.size > 1))) continue;
    pen.font = `${s.fontStyle} ${s.fontWeight} ${s.fontSize} ${s.fontFamily}`;
    const room = input.clientWidth - parseFloat(s.paddingLeft) - (select ? Math.max(parseFloat(s.paddingRight), 16) : parseFloat(s.paddingRight));
    if (pen.measureText(text).width > room + 2 && !input.title) say(input.value && !select ? "the value is cut" : select ? "the choice is cut" : "the hint is cut", input, text);
  }

  // Two texts on one spot.
  pieces.sort((a, b) => a.top - b.top);
  for (let i = 0; i < pieces.length; i++) {
    const a = pieces[i];
    for (let k = i + 1; k < pieces.length && pieces[k].top < a.bottom - 1; k++) {
      const b = pieces[k];
      if (a.node === b.node || a.layer !== b.layer) continue;
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 2 && high > 0.4 * Math.min(a.bottom - a.top, b.bottom - b.top)) {
        say("text on text", a.element, `and "${b.node.nodeValue.trim().slice(0, 40)}"`);
      }
    }
  }

  // A glyph nobody has looks like that of a character that is none.
  const SIZE = 32;
  for (const [font, text] of glyphs) {
    const wanted = [...new Set(text)].filter((c) => !/[\s\u200b-\u200f\ufe00-\ufe0f\u2028-\u202f\u00ad]/u.test(c));
    const all = ["\u{10fffd}", ...wanted];
    const columns = 32, rows = Math.ceil(all.length / columns);
    pen.canvas.width = columns * SIZE; pen.canvas.height = rows * SIZE;
    pen.font = font; pen.textBaseline = "middle"; pen.textAlign = "center";
    const look = all.map((c, i) => {
      const x = (i % columns) * SIZE, y = Math.floor(i / columns) * SIZE;
      pen.save(); pen.beginPath(); pen.rect(x, y, SIZE, SIZE); pen.clip();
      pen.fillText(c, x + SIZE / 2, y + SIZE / 2);
      pen.restore();
      return [x, y];
    });
    const image = pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height).data;
    const print = look.map(([x, y]) => {
      let out = "";
      for (let row = 0; row < SIZE; row++) for (let column = 0; column < SIZE; column++)
        out += image[((y + row) * pen.canvas.width + x + column) * 4 + 3] > 100 ? "1" : "0";
      return out;
    });
    const missing = wanted.filter((_, i) => print[i + 1] === print[0] && print[0].includes("1"));
    if (missing.length) found.push(`no glyph for: ${missing.join(" ")} in ${font}`);
  }
  return found;
}
