/** The live picture: a multipart stream of JPEGs onto a canvas. The newest frame wins; a broken stream begins anew. */

const AGAIN_MS = 500;
const FROZEN_PX = 320;
const HEAD_END = [13, 10, 13, 10];

/** Cuts a multipart/x-mixed-replace stream into its parts' bodies by their Content-Length. */
export class Parts {
  constructor() {
    this.bytes = new Uint8Array(0);
  }

  /** Takes bytes, gives the bodies that are whole now. */
  take(bytes) {
    this.bytes = joined(this.bytes, bytes);
    const bodies = [];
    for (let body = this.next(); body; body = this.next()) bodies.push(body);
    return bodies;
  }

  next() {
    const end = indexOf(this.bytes, HEAD_END);
    if (end < 0) return null;
    const head = new TextDecoder("latin1").decode(this.bytes.subarray(0, end));
    const from = end + HEAD_END.length, to = from + Number(/content-length:\s*(\d+)/i.exec(head)?.[1] ?? NaN);
    if (Number.isNaN(to)) throw new Error("a part without Content-Length");
    if (this.bytes.length < to) return null;
    const body = this.bytes.slice(from, to);
    this.bytes = this.bytes.slice(to);
    return body;
  }
}

function joined(one, other) {
  if (!one.length) return other;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function indexOf(bytes, wanted) {
  for (let at = bytes.indexOf(wanted[0]); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (wanted.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}

/** Shows the stream of `path` on `canvas` from start() to stop(); `frames` counts what was drawn. */
export class Preview {
  constructor(canvas, path) {
    Object.assign(this, { canvas, path, frames: 0, stream: null, waiting: null, drawing: false });
    Object.assign(this, { onsize: () => {}, onforbidden: () => {} });
    this.paper = canvas.getContext("2d", { alpha: false });
  }

  start() {
    if (this.stream) return;
    this.stream = new AbortController();
    this.run(this.stream.signal);
  }

  stop() {
    this.stream?.abort();
    this.stream = null;
  }

  async run(signal) {
    while (!signal.aborted) {
      await this.read(signal).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  async read(signal) {
    const answer = await fetch(this.path, { signal, cache: "no-store" });
    if (answer.status === 403) this.onforbidden();
    if (!answer.ok) return;
    const parts = new Parts(), reader = answer.body.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const newest = parts.take(piece.value).pop();
      if (newest) this.offer(newest);
    }
  }

  /** Draws the frame, or keeps it until the one before it is drawn; a frame that still waits is left out. */
  async offer(jpeg) {
    this.waiting = jpeg;
    if (this.drawing) return;
    this.drawing = true;
    while (this.waiting) {
      const frame = this.waiting;
      this.waiting = null;
      await this.draw(frame).catch(() => {});
    }
    this.drawing = false;
  }

  async draw(jpeg) {
    const image = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
    if (this.canvas.width !== image.width || this.canvas.height !== image.height) {
      Object.assign(this.canvas, { width: image.width, height: image.height });
      this.onsize(image.width / image.height);
    }
    this.paper.drawImage(image, 0, 0);
    image.close();
    this.frames += 1;
  }

  /** The frame that is shown now, small and blurred; the preview is a mirror, this is as the picture will be. */
  frozen() {
    const copy = document.createElement("canvas");
    Object.assign(copy, { width: FROZEN_PX, height: Math.round((FROZEN_PX * this.canvas.height) / this.canvas.width) });
    const paper = copy.getContext("2d");
    paper.filter = `blur(${FROZEN_PX / 56}px) saturate(0.25) brightness(0.8)`;
    paper.setTransform(-1, 0, 0, 1, copy.width, 0);
    paper.drawImage(this.canvas, 0, 0, copy.width, copy.height);
    return copy;
  }
}
