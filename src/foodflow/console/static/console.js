// Makes the board live. The server renders everything: what happens is only a reason to fetch the part that it concerns.

const TYPES = [
  "plant.line.state_recorded", "plant.line.counted", "plant.batch.created", "plant.batch.started", "plant.batch.completed",
  "plant.batch.held", "plant.batch.resumed", "plant.batch.cancelled", "plant.line.stopped", "plant.line.started",
  "plant.sensor.readings_stored", "plant.sensor.limits_broken", "plant.sensor.limits_restored",
  "plant.anomaly.raised", "plant.anomaly.cleared", "plant.alarm.acknowledged", "plant.alarm.silenced",
  "plant.alarm.closed", "plant.alarm_flood.began", "plant.alarm_flood.ended",
];
const ADDRESS = "/api/v1/live?topic=plant.line&topic=plant.batch&topic=plant.sensor";
const LEAST_WAIT = 1000; // between two fetches of one part
const PATIENCE = 5; // a part is fetched again after so many times what fetching it took, so that a slow server gets rest
const RETRY = 3000;
const MINUTE = 60, HOUR = 3600, DAY = 86400, MONTH = DAY * 30.436875, YEAR = DAY * 365.2425;

/** A length of time in the server's words (console/words.py). */
export function span(seconds) {
  if (seconds < MINUTE) return "under a minute";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h ${Math.floor((seconds % HOUR) / MINUTE)} min`;
  if (seconds < 60 * DAY) return `${Math.floor(seconds / DAY)} days`;
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / MONTH)} months`;
  return `${Math.floor(seconds / YEAR)} years`;
}

const indicator = document.getElementById("live");
let offset = 0; // of the server's clock against this machine's, which may be wrong

function tick() {
  const now = Date.now() + offset;
  for (const time of document.querySelectorAll("time[data-age]")) {
    const text = span((now - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

/** What somebody is doing in a part: returns what does the same in the part that takes its place. */
function inHand(place) {
  if (!place) return () => {};
  const open = [...place.querySelectorAll("details[open][id]")].map((each) => each.id);
  const typed = [...place.querySelectorAll("input[id]:not([type=hidden]), select[id]")].map((each) => [each.id, each.value]);
  const active = place.contains(document.activeElement) ? document.activeElement : null;
  const { id } = active ?? {};
  const link = active?.getAttribute("href");
  return (fresh) => {
    const found = (key) => key && fresh.querySelector(`#${CSS.escape(key)}`);
    for (const each of open) found(each)?.setAttribute("open", "");
    for (const [key, value] of typed) if (found(key)) found(key).value = value;
    const again = found(id) || (link && fresh.querySelector(`[href="${CSS.escape(link)}"]`));
    again?.focus({ preventScroll: true });
  };
}

function show(state, text) {
  if (indicator.dataset.state === state) return;
  indicator.dataset.state = state;
  indicator.textContent = text;
}

/** A part of the page: fetched when it is out of date and in sight, not again within its wait. */
class Part {
  constructor(path, id, placed = () => {}) {
    Object.assign(this, { path, id, placed, dirty: false, timer: 0, busy: false, next: 0 });
  }

  touch() {
    this.dirty = true;
    this.plan();
  }

  plan() {
    if (!this.dirty || this.busy || this.timer || document.hidden || unseen.has(this.id)) return;
    this.timer = setTimeout(() => this.fetch(), Math.max(0, this.next - Date.now()));
  }

  async fetch() {
    this.timer = 0;
    this.busy = true;
    this.dirty = false;
    const begun = Date.now();
    try {
      await this.take(await fetch(this.path + location.search, { headers: { Accept: "text/html" } }));
      this.next = begun + Math.max(LEAST_WAIT, PATIENCE * (Date.now() - begun));
    } catch {
      this.dirty = true;
      this.next = Date.now() + RETRY;
    }
    this.busy = false;
    this.plan();
  }

  async take(answer) {
    if (answer.status === 401) return location.assign("/login");
    if (answer.status === 404 && lines.size) return columns.touch(); // the line is out of service
    if (!answer.ok) throw new Error(`${this.path} was answered with ${answer.status}`);
    const fresh = document.createRange().createContextualFragment(await answer.text()).firstElementChild;
    const place = document.getElementById(this.id);
    const goOn = inHand(place);
    place?.replaceWith(fresh);
    goOn(fresh);
    this.placed(fresh);
    return tick();
  }
}

const unseen = new Set(); // ids of the cards that are far from what is on the screen
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) unseen.delete(target.id);
    else unseen.add(target.id);
    lines.get(target.dataset.line)?.plan();
  }
}, { rootMargin: "300px" });

const lines = new Map();
const figures = new Part("/fragments/figures", "figures", placedFigures);
const columns = new Part("/fragments/board", "columns", placedColumns);
const excursions = new Part("/fragments/excursions", "excursions");

function placedFigures(element) {
  offset = Date.parse(element.dataset.now) - Date.now();
  const shown = element.dataset.shown.split(" ").filter(Boolean).sort().join(" ");
  if (shown !== [...lines.keys()].sort().join(" ")) columns.touch(); // a line is new, gone, or fits the filter by now
}

function placedColumns() {
  watcher.disconnect();
  unseen.clear();
  lines.clear();
  for (const card of document.querySelectorAll("[data-line]")) {
    const id = card.dataset.line;
    lines.set(id, new Part(`/fragments/line/${id}`, card.id, (fresh) => watcher.observe(fresh)));
    watcher.observe(card);
  }
}

// Parts that say themselves where they come from (data-part), what they are about (data-hears: the beginnings of
// types), and of which line or sensor (data-of; all where it is missing).
const parts = [...document.querySelectorAll("[data-part]")].map((element) => {
  const { part, hears, of } = element.dataset;
  return Object.assign(new Part(part, element.id), { hears: hears.split(" "), of });
});

function touchParts() {
  for (const part of parts) part.touch();
}

function heardByParts(event) {
  const { type, topic, data } = JSON.parse(event.data);
  const about = [data.line_id, data.sensor_id, topic.slice(topic.indexOf("/") + 1)];
  for (const part of parts) {
    if (part.hears.some((each) => type.startsWith(each)) && (!part.of || about.includes(part.of))) part.touch();
  }
}

function touchAll() {
  touchParts();
  for (const part of [figures, excursions, ...lines.values()]) part.touch();
}

function heard(event) {
  heardByParts(event);
  const { type, topic, data } = JSON.parse(event.data);
  const id = data.line_id ?? (topic.startsWith("plant.line/") ? topic.slice("plant.line/".length) : undefined);
  if (id === undefined) return touchAll();
  lines.get(id)?.touch();
  if (type.startsWith("plant.sensor.limits")) excursions.touch();
  return figures.touch(); // which also tells whether a line that is not here belongs here by now
}

let source = null;

function connect(opened, happened) {
  if (source || document.hidden) return;
  const again = () => connect(opened, happened);
  source = new EventSource(ADDRESS);
  source.onopen = () => {
    show("live", "Live");
    opened();
  };
  source.onerror = () => {
    show(navigator.onLine ? "reconnecting" : "offline", navigator.onLine ? "Reconnecting…" : "Offline");
    if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    disconnect();
    setTimeout(again, RETRY);
    (lines.size ? figures : parts[0] ?? figures).touch(); // its answer tells whether we are still signed in
  };
  source.addEventListener("reset", opened);
  for (const type of TYPES) source.addEventListener(type, happened);
}

function disconnect() {
  source?.close();
  source = null;
}

function start(opened, happened) {
  const again = () => connect(opened, happened);
  again();
  addEventListener("online", again);
  addEventListener("offline", () => show("offline", "Offline"));
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", again);
  document.addEventListener("visibilitychange", () => {
    // A hidden page holds no connection: a browser has only a few for all its tabs.
    if (document.hidden) disconnect();
    else again();
  });
}

if (document.getElementById("figures")) {
  placedColumns();
  placedFigures(document.getElementById("figures"));
  setInterval(tick, 30_000);
  setInterval(touchAll, 60_000); // the window moves on even if nothing happens
  // All is fetched anew on opening: something may have happened since the page was made, or the connection lost.
  start(touchAll, heard);
} else if (document.querySelector(".empty")) {
  start(() => {}, () => location.reload()); // there were no lines; something happened, so there is one
} else if (indicator) {
  setInterval(tick, 30_000);
  setInterval(touchParts, 60_000);
  start(touchParts, heardByParts);
}
