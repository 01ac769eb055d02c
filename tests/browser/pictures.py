"""Two pictures of a dashboard, panel by panel: whether they tell the same, whatever the letters look like.

Pixels differ between versions of Chromium and with the fonts of a machine. What is compared is coarser: for each panel the
mean colours of a few cells, and how much of it is of which hue. A series that is missing, another colour, a fill too much
or a panel elsewhere are seen in that; an edge that is smoothed otherwise is not.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCALE = 0.5
CELL = 40.0
"""By how much, of 255, the mean colour of a cell may be another."""
HUE = 0.0015
"""By how much, of all of a panel, the share of a hue may be another, besides the half of it."""
MEASURE = """async ([picture, boxes]) => {
  const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + picture)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height), ctx = canvas.getContext('2d');
  ctx.drawImage(image, 0, 0);
  return boxes.map(([x, y, w, h]) => {
    const {data} = ctx.getImageData(x, y, w, h);
    const cells = Array.from({length: 24}, () => [0, 0, 0, 0]), hues = Array(6).fill(0);
    for (let i = 0; i < data.length; i += 4) {
      const at = i / 4, cell = cells[6 * Math.floor(4 * Math.floor(at / w) / h) + Math.floor(6 * (at % w) / w)];
      const [r, g, b] = data.slice(i, i + 3);
      [r, g, b, 1].forEach((part, k) => (cell[k] += part));
      const most = Math.max(r, g, b), apart = most - Math.min(r, g, b);
      if (apart < 40) continue;
      const turn = most === r ? (g - b) / apart + 6 : most === g ? (b - r) / apart + 2 : (r - g) / apart + 4;
      const hue = Math.floor(turn), next = turn - hue;  // what lies between two hues counts for both, not for the nearer
      hues[hue % 6] += (1 - next) / (w * h);
      hues[(hue + 1) % 6] += next / (w * h);
    }
    return {cells: cells.flatMap(([r, g, b, n]) => [r / n, g / n, b / n]), hues};
  });
}"""
SMALLER = """async ([picture, scale]) => {
  const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + picture)).blob());
  const canvas = new OffscreenCanvas(image.width * scale, image.height * scale), ctx = canvas.getContext('2d');
  ctx.imageSmoothingQuality = 'high';
  ctx.drawImage(image, 0, 0, canvas.width, canvas.height);
  const bytes = new Uint8Array(await (await canvas.convertToBlob({type: 'image/png'})).arrayBuffer());
  return Array.from(bytes);
}"""


def smaller(blank: Page, picture: bytes) -> bytes:
    """The PNG at `SCALE`."""
    return bytes(blank.evaluate(SMALLER, [b64encode(picture).decode(), SCALE]))


def differences(blank: Page, kept: bytes, now: bytes, boxes: dict[str, list[int]]) -> list[str]:
    """What is another in which box `[x, y, width, height]`, in words."""
    one, other = (blank.evaluate(MEASURE, [b64encode(each).decode(), list(boxes.values())]) for each in (kept, now))
    return [f"{name}: {told}" for name, a, b in zip(boxes, one, other, strict=True) for told in _told(a, b)]


def _told(kept: dict[str, Any], now: dict[str, Any]) -> list[str]:
    off = max(abs(a - b) for a, b in zip(kept["cells"], now["cells"], strict=True))
    found = [f"a cell's colour is {off:.0f} of 255 off"] if off > CELL else []
    for hue, (a, b) in enumerate(zip(kept["hues"], now["hues"], strict=True)):
        if abs(a - b) > HUE + max(a, b) / 2:
            found.append(f"{('red', 'yellow', 'green', 'cyan', 'blue', 'violet')[hue]} was {a:.1%} and is {b:.1%}")
    return found
