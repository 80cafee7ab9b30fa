// Draws the PNG icons from the mark's own lines, without a browser or an image library: each pixel's cover is computed
// from its distance to the lines. Run by `npm run icons` after a change of the mark; the PNGs are committed.
import { writeFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";

const TEAL = [0x0d, 0x5c, 0x63];
const WHITE = [255, 255, 255];
// The mark on its field of 64 by 64, as in public/icons/icon.svg.
const LINES = [
  [32, 12, 32, 48],
  [32, 14, 15, 48],
  [32, 14, 49, 48],
  [11, 50, 53, 50],
];
const LINE_RADIUS = 2;
const CORNER_RADIUS = 15;

/** `scale` shrinks the mark towards the middle; a `full` field has no round corners (the platform cuts its own). */
function draw(size, { scale, full }) {
  const pixel = 64 / size;
  const rgba = Buffer.alloc(size * size * 4);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const px = (x + 0.5) * pixel;
      const py = (y + 0.5) * pixel;
      const mx = 32 + (px - 32) / scale;
      const my = 32 + (py - 32) / scale;
      const nearest = Math.min(...LINES.map((line) => distance(mx, my, line)));
      const mark = cover((LINE_RADIUS - nearest) * scale, pixel);
      const field = full ? 1 : cover(-outsideSquare(px, py), pixel);
      const color = TEAL.map((teal, i) => Math.round(teal + (WHITE[i] - teal) * mark));
      rgba.set([...color, Math.round(field * 255)], (y * size + x) * 4);
    }
  }
  return png(size, rgba);
}

/** How much of a pixel is inside, from the distance of its middle to the edge. */
function cover(inside, pixel) {
  return Math.min(1, Math.max(0, inside / pixel + 0.5));
}

function distance(x, y, [x1, y1, x2, y2]) {
  const dx = x2 - x1;
  const dy = y2 - y1;
  const along = Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
}

/** Signed distance to the square with round corners: negative inside. */
function outsideSquare(x, y) {
  const qx = Math.abs(x - 32) - 32 + CORNER_RADIUS;
  const qy = Math.abs(y - 32) - 32 + CORNER_RADIUS;
  return Math.hypot(Math.max(qx, 0), Math.max(qy, 0)) + Math.min(Math.max(qx, qy), 0) - CORNER_RADIUS;
}

/** A PNG file (RFC 2083): eight bits of red, green, blue and alpha. */
function png(size, rgba) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let y = 0; y < size; y++) rgba.copy(rows, y * (size * 4 + 1) + 1, y * size * 4, (y + 1) * size * 4);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

const folder = new URL("../public/icons/", import.meta.url);
writeFileSync(new URL("icon-192.png", folder), draw(192, { scale: 1, full: false }));
writeFileSync(new URL("icon-512.png", folder), draw(512, { scale: 1, full: false }));
writeFileSync(new URL("icon-180.png", folder), draw(180, { scale: 0.9, full: true }));
writeFileSync(new URL("maskable-512.png", folder), draw(512, { scale: 0.75, full: true }));
