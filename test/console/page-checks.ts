// What must hold of any page of the console, whatever stands on it: computed in the browser, from what is really shown.
import type { Page } from "playwright-core";

/** Whether nothing of what strangers wrote was run or taken for markup. */
export function isUntouched(page: Page): Promise<boolean> {
  return page.evaluate(
    () =>
      !("hacked" in window) &&
      !("hacked" in Object.prototype) &&
      document.querySelector("main script, main iframe, main img, main style, main form[action]") === null,
  );
}

/** One sentence for each thing that is wider than its place, covered, or beside the page. */
export function layoutFaults(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth > clientWidth)
      faults.push(`the page is ${scrollWidth - clientWidth} px wider than the window`);
    for (const place of document.querySelectorAll(
      ".panel, .letter-table, .table-scroll, .notice, .page-head, .error-line",
    )) {
      const { right, left } = place.getBoundingClientRect();
      if (right > clientWidth + 1 || left < -1) faults.push(`${place.className} leaves the window`);
      if (place.scrollWidth > place.clientWidth + 1) {
        const inner = [...place.querySelectorAll("*")].find(
          (part) => part.getBoundingClientRect().right > right + 1,
        );
        const named =
          inner === undefined ? "" : `: <${inner.tagName.toLowerCase()} class="${inner.className}">`;
        faults.push(`${place.className} is too narrow for what is in it${named}`);
      }
    }
    for (const row of document.querySelectorAll(".letter-row")) {
      if (row.scrollHeight > row.clientHeight + 1) faults.push("a row is too low for what is in it");
    }
    window.scrollTo(0, 0);
    const door = document.querySelector("nav a");
    const box = door?.getBoundingClientRect();
    const seen = box === undefined ? null : document.elementFromPoint(box.left + 4, box.top + 4);
    if (door === null || seen === null || !(door === seen || door.contains(seen) || seen.contains(door))) {
      faults.push("the navigation is covered");
    }
    return [...new Set(faults)];
  });
}

/** Text whose contrast with what lies behind it is below WCAG AA: 4.5, and 3 for large text. */
export function paleTexts(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    type Colour = readonly [number, number, number, number];
    const canvas = document.createElement("canvas");
    canvas.width = 1;
    canvas.height = 1;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) return ["this browser cannot draw"];
    // Any notation of a colour is drawn, and read back as four numbers.
    const colourOf = (text: string): Colour => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = text;
      context.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    };
    const over = ([r, g, b, a]: Colour, [r2, g2, b2]: Colour): Colour => [
      r * a + r2 * (1 - a),
      g * a + g2 * (1 - a),
      b * a + b2 * (1 - a),
      1,
    ];
    const light = ([r, g, b]: Colour): number => {
      const [x = 0, y = 0, z = 0] = [r, g, b].map((part) => {
        const share = part / 255;
        return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const groundOf = (element: Element): Colour => {
      const layers: Colour[] = [];
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        const colour = colourOf(getComputedStyle(at).backgroundColor);
        layers.push(colour);
        if (colour[3] === 1) break;
      }
      return layers.reduceRight<Colour>((below, layer) => over(layer, below), [255, 255, 255, 1]);
    };
    const pale: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent?.trim() ?? "";
      if (element === null || text === "" || element.closest(".unseen, noscript, option") !== null) continue;
      if (element.getClientRects().length === 0) continue;
      const style = getComputedStyle(element);
      const ground = groundOf(element);
      const ink = over(colourOf(style.color), ground);
      const [bright, dark] = [light(ink), light(ground)].sort((a, b) => b - a);
      const ratio = ((bright ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
      const size = Number.parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5))
        pale.push(`${ratio.toFixed(2)} ${element.className} "${text.slice(0, 30)}"`);
    }
    return [...new Set(pale)];
  });
}
