/** The facts of /api/admin/state as cards: {title, figure, lines, share, is}; is: good, bad, or "" (not wanted). */
import { language, say } from "./texts.js";

const bytes = (count) => {
  const [unit, size] = count >= 1e9 ? ["gigabyte", 1e9] : ["megabyte", 1e6];
  return new Intl.NumberFormat(language(), { style: "unit", unit, maximumFractionDigits: 1 }).format(count / size);
};

const figure = (value, options) => new Intl.NumberFormat(language(), options).format(value);
const plain = (list) => list.filter(Boolean);

/** Every card that this booth has something to say on. */
export function cards(admin) {
  return [camera(admin.camera), bridge(admin.bridge), printer(admin.printer), queue(admin.queue),
    disk(admin.machine, admin.gallery), heat(admin.machine), memory(admin.machine), event(admin)];
}

function camera({ there, why, source, frames_per_s: rate, restarts, why_restarted: last, viewers, fallbacks }) {
  const running = viewers ? say("admin.frames_per_s", { count: figure(rate, { maximumFractionDigits: 1 }) })
    : say("admin.resting");
  const begun = restarts > 0 && say("admin.restarts", { count: restarts });
  return { title: say("admin.camera"), is: there ? "good" : "bad", figure: there ? running : say("admin.away"),
    lines: plain([source, why, say("admin.viewers", { count: viewers }), begun, last, ...fallbacks]) };
}

function bridge({ there, port, why, pressed, heard }) {
  const states = { true: "admin.ok", false: "admin.away", null: "admin.not_wanted" };
  return { title: say("admin.bridge"), is: { true: "good", false: "bad", null: "" }[there], figure: say(states[there]),
    lines: plain([port, why, there && say("admin.presses", { pressed, heard })]) };
}

const PRINTER = { off: "admin.not_wanted", ready: "admin.ok", printing: "admin.printing", stopped: "admin.stopped",
  away: "admin.away" };

function printer({ state, name, why, queue: waiting, printed, limit }) {
  const count = limit ? say("admin.printed_of", { printed, limit }) : say("admin.printed_so_far", { printed });
  const on = state !== "off";
  const is = { off: "", ready: "good", printing: "good" }[state] ?? "bad";
  return { title: say("admin.printer"), is, figure: say(PRINTER[state]),
    lines: plain([name, why, on && count, waiting > 0 && say("admin.print_queue", { count: waiting })]),
    share: on && limit ? Math.min(1, printed / limit) : undefined };
}

function queue({ developing, sending, why }) {
  return { title: say("admin.queue"), is: why ? "bad" : "good", figure: figure(developing),
    lines: plain([sending > 0 && `${say("admin.uploads")}: ${figure(sending)}`, why]) };
}

function disk({ disk_free_bytes: free, disk_total_bytes: total, missing }, gallery) {
  const held = say("admin.held", { count: gallery.photos, size: bytes(gallery.bytes) });
  const quota = gallery.quota_bytes > 0 && say("admin.quota", { size: bytes(gallery.quota_bytes) });
  const title = say("admin.disk");
  if (free === null) {
    return { title, is: "", figure: say("admin.not_there"), lines: plain([missing.disk_free_bytes, held, quota]) };
  }
  return { title, is: free < 0.05 * total ? "bad" : "good", figure: say("admin.free", { size: bytes(free) }),
    share: 1 - free / total, lines: plain([held, quota]) };
}

function heat({ temperature_c: degrees, throttling, missing }) {
  const known = degrees !== null;
  const slowed = throttling === null ? missing.throttling
    : `${say("admin.throttling")}: ${throttling.join(", ") || say("admin.not_throttled")}`;
  return { title: say("admin.temperature"), is: throttling?.length || degrees >= 80 ? "bad" : known ? "good" : "",
    figure: known ? `${figure(degrees, { maximumFractionDigits: 0 })} °C` : say("admin.not_there"),
    lines: plain([!known && missing.temperature_c, slowed]) };
}

function memory({ memory_free_bytes: free, missing }) {
  return { title: say("admin.memory"), is: free === null ? "" : free < 1e8 ? "bad" : "good",
    figure: free === null ? say("admin.not_there") : say("admin.free", { size: bytes(free) }),
    lines: plain([missing.memory_free_bytes]) };
}

function event({ event_title: title, event_fault: fault, shots, up_s: up, version }) {
  const state = fault ? `${say("admin.event_fault")}: ${fault}` : say("admin.event_good");
  const hours = figure(up / 3600, { maximumFractionDigits: 1 });
  return { title: say("admin.event"), is: fault ? "bad" : "good", figure: title,
    lines: [state, say("admin.shots", { shots, hours }), `masque ${version}`] };
}
