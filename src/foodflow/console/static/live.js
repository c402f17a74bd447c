// A live session in a browser: the connection that keeps itself, results as they are drawn everywhere, and taking part.
// What the server renders is the frame; all that moves comes over the socket, or by asking every few seconds without it.

const root = document.getElementById("live-session");
export const about = root?.dataset ?? {};
const KEPT = `foodflow.live.${about.session}.`;
const POLL = 3000, FIRST_WAIT = 4000, LONGEST_WAIT = 30_000, PATIENCE = 6000, POLLS_PER_TRY = 10, OPEN = 1;
const AGAIN = ["unavailable", "live.response.too_many", "rate_limited"]; // refusals that say: the same, a little later
const SVG = "http://www.w3.org/2000/svg";

/** An element; children are nodes or texts, `on…` are listeners, and what is false or missing is left out. */
export function el(name, attributes, ...children) {
  const made = name === "svg" || name === "rect" ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((each) => each != null && each !== false));
  return made;
}

const memory = {}; // where the browser keeps nothing (a private window), until the page is closed
export const kept = (name) => {
  try {
    return JSON.parse(localStorage.getItem(KEPT + name)) ?? memory[name];
  } catch {
    return memory[name];
  }
};
export const keep = (name, value) => {
  memory[name] = value;
  try {
    localStorage.setItem(KEPT + name, JSON.stringify(value ?? null));
  } catch { /* it stays in memory */ }
};

const token = () => (about.role === "participant" ? kept("place")?.token : null);

/** Ask the HTTP interface; raises an Error with the refusal's words, `code` and `status`. */
export async function call(method, path, body) {
  const who = token() ? { Authorization: `Bearer ${token()}` } : { "X-CSRFToken": about.csrf };
  const headers = { Accept: "application/json", ...who, ...(body && { "Content-Type": "application/json" }) };
  const answer = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const said = answer.status === 204 ? null : await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const detail = said.errors?.map((each) => each.message).join("; ") || (typeof said.detail === "string" && said.detail);
  throw Object.assign(new Error(detail || said.title || `refused (${answer.status})`), { code: said.code, status: answer.status });
}

/** A key that no other answer has (UUID 4); `randomUUID` is there over https alone, and a plant's network may have none. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** How long to wait before one tries again: longer each time, and for everybody another time. */
export const pause = (tries) => (0.2 + 0.8 * Math.random()) * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** tries);

let offset = -Infinity; // of the server's clock against this one; the message that was fastest knows it best
const serverNow = () => Date.now() + (Number.isFinite(offset) ? offset : 0);

/** How long what is open takes answers: seconds, and in words; null where nobody knows, or it is over. */
function timeLeft({ activity }) {
  if (!activity?.closes_at || activity.is_revealed) return { left: null, words: "" };
  const left = Math.ceil((Date.parse(activity.closes_at) - serverNow()) / 1000);
  return { left, words: left > 90 ? `${Math.ceil(left / 60)} min left` : left > 0 ? `${left} s left` : "Time is over." };
}

/** Keep the line that tells the time up to date; `more` is told what is left. */
export function keepTime(stateNow, more = () => {}) {
  setInterval(() => {
    const line = document.getElementById("timer"), state = stateNow();
    if (!line || !state) return;
    const { left, words } = timeLeft(state);
    if (line.textContent !== words) line.textContent = words;
    more(left);
  }, 250);
}

/** The connection to a session: tells `hear` whatever comes, comes back by itself, and loses no answer. */
export class Connection {
  constructor(hear) {
    Object.assign(this, { hear, after: null, tries: 0, refusals: 0, socket: null, over: false, timer: 0, probe: 0 });
    addEventListener("online", () => this.look());
    addEventListener("offline", () => this.look());
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    if (this.over) return;
    const query = `role=${about.role}${this.after === null ? "" : `&after=${this.after}`}`;
    const address = `${location.origin.replace(/^http/, "ws")}/api/v1/sessions/${about.session}/socket?${query}`;
    try {
      const socket = new WebSocket(address, ["foodflow", ...(token() ? [`token.${token()}`] : [])]);
      let opened = false;
      socket.onopen = () => {
        opened = true;
        this.refusals = this.tries = 0;
        this.shown("live", "Live");
      };
      socket.onmessage = ({ data }) => this.take(JSON.parse(data));
      socket.onclose = ({ code }) => this.lost(code, opened);
      this.socket = socket;
    } catch {
      this.lost(0, false);
    }
  }

  take(message) {
    clearTimeout(this.probe);
    if (message.sequence !== undefined) this.after = message.sequence;
    if (message.state) offset = Math.max(offset, Date.parse(message.state.server_time) - Date.now());
    if (message.type === "ack" || message.type === "refused") return this.answered(message);
    if (message.type === "removed") return this.end({ type: "removed" });
    this.hear(message);
    return message.type === "state" && this.sendAll();
  }

  async lost(code, opened) {
    clearTimeout(this.probe);
    this.socket = null;
    if (this.over) return;
    if (code === 4403) return this.end({ type: "removed" });
    this.shown("lost", navigator.onLine ? "Reconnecting…" : "Offline");
    if (opened) return this.later(pause(this.tries++));
    // It was not let in, or sockets are blocked on the way: asking once by HTTP tells which.
    this.refusals += 1;
    return (await this.poll()) ? this.later(POLL * (0.8 + 0.4 * Math.random())) : this.over || this.later(pause(this.tries++));
  }

  async later(wait) {
    clearTimeout(this.timer);
    const polls = this.refusals > 1 && this.refusals % POLLS_PER_TRY;
    this.timer = setTimeout(() => (polls ? this.lost(0, false) : this.open()), wait);
  }

  async poll() {
    try {
      const query = `role=${about.role}&after=${this.after ?? 0}`;
      const told = await call("GET", `/sessions/${about.session}/turns?${query}`);
      this.shown("live", "Live, every few seconds");
      this.take({ type: "state", sequence: told.sequence, state: told.state, you: told.you });
      this.tries = 0;
      return true;
    } catch (error) {
      if ([401, 403, 404, 409, 410].includes(error.status)) this.end({ type: "gone", error });
      return false;
    }
  }

  end(message) {
    this.over = true;
    clearTimeout(this.timer);
    this.socket?.close();
    this.shown("lost", "Ended");
    this.hear(message);
  }

  /** Whether the connection still lives: a phone that slept, or changed its network, does not hear that it is dead. */
  look() {
    if (this.over) return undefined;
    if (!this.socket) return this.open();
    if (this.socket.readyState !== OPEN) return undefined;
    this.socket.send('{"type":"sync"}');
    clearTimeout(this.probe);
    this.probe = setTimeout(() => {
      const dead = this.socket;
      if (dead) dead.onclose = dead.onmessage = null;
      dead?.close();
      this.lost(0, true);
    }, PATIENCE);
    return undefined;
  }

  shown(state, text) {
    const place = document.getElementById("connection");
    if (!place || place.textContent === text) return;
    place.dataset.state = state;
    place.textContent = text;
  }

  /** Send an answer, again and again under the same key until it is said to be stored, also after a reload. */
  respond(activityId, data) {
    keep("answers", { ...kept("answers"), [newKey()]: { activity_id: activityId, data } });
    this.sendAll();
  }

  sendAll() {
    for (const [key, answer] of Object.entries(kept("answers") ?? {})) this.send(key, answer);
  }

  async send(key, { activity_id: activityId, data }) {
    this.hear({ type: "sending", activity_id: activityId });
    if (this.socket?.readyState === OPEN) {
      return this.socket.send(JSON.stringify({ type: "respond", key, activity_id: activityId, data }));
    }
    if (this.refusals < 2) return undefined; // it comes back, and sends then
    try {
      const path = `/activities/${activityId}/responses?participant_id=${kept("place")?.participant_id}`;
      const { status } = await call("POST", path, { response_data: data, id: key });
      return this.answered({ type: "ack", key, status });
    } catch (error) {
      if (!error.status || error.status >= 500 || error.status === 429) return undefined; // the next poll sends it again
      return this.answered({ type: "refused", key, code: error.code, detail: error.message });
    }
  }

  answered(message) {
    const { [message.key]: answer, ...others } = kept("answers") ?? {};
    if (!answer) return;
    if (AGAIN.includes(message.code)) return void setTimeout(() => this.sendAll(), pause(0));
    keep("answers", others);
    this.hear({ ...message, activity_id: answer.activity_id, data: answer.data });
  }
}

/* ---- results ---- */

const number = (value) => (typeof value === "number" ? String(Math.round(value * 100) / 100) : value ?? "—");
export const many = (count, one, more) => `${count} ${count === 1 ? one : more}`;

/** A bar of so many of so many; `right` is the solution, said in a word too. */
function bar(label, count, share, { right = false, unit = "%" } = {}) {
  const width = Math.max(0, Math.min(100, unit === "%" ? share : share * 100));
  const said = unit === "%" ? `${count} (${number(share)} %)` : `${number(count)}${unit}`;
  return el("li", { class: right ? "bar right" : "bar" },
    el("span", {}, label, right && label !== WORDS.right && el("b", {}, " ✓ right")), el("span", {}, said),
    el("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, el("rect", { width, height: 10 })));
}

const bars = (rows) => el("ul", { class: "drawn" }, rows);
const nothing = () => el("p", { class: "quiet" }, "Nobody has answered yet.");

function texts(items, deed) {
  if (!items.length) return nothing();
  return el("ul", { class: "texts" }, items.map((each) => el("li", {},
    el("span", {}, each.text, each.nickname && el("small", {}, each.nickname)), deed?.(each))));
}

function cloud(words) {
  if (!words.length) return nothing();
  const list = el("ul", { class: "cloud" }, words.map((each) => {
    const item = el("li", {}, each.word, el("small", {}, ` ${each.frequency}`));
    item.style.fontSize = `${0.9 + each.size / 45}em`; // sizes are 10 to 100
    return item;
  }));
  return list;
}

export function leaderboard(rows, own) {
  if (!rows.length) return el("p", { class: "quiet" }, "Nobody has points yet.");
  const place = (rank) => ({ 1: "1st", 2: "2nd", 3: "3rd" })[rank] ?? `${rank}th`;
  return el("ol", { class: "ranks" }, rows.map((each) => el("li", {}, el("span", {}, place(each.rank)),
    el("span", {}, each.nickname, each.nickname === own && " (you)"), el("b", {}, String(each.score)))));
}

/** Results by kind: what came of an activity, in words and drawn; `deed` may put something beside a listed answer. */
const DRAWN = {
  poll: (it) => [bars(it.options.map((each) => bar(each, it.vote_counts[each], it.percentages[each]))),
    el("p", { class: "quiet" }, many(it.total_responses, "answer", "answers"))],
  qna: (it, deed) => texts(it.approved_questions.map((each) => ({
    ...each,
    nickname: [each.nickname, it.show_vote_counts && many(each.vote_count, "vote", "votes"), each.answered && "answered"].filter(Boolean).join(", "),
  })), deed),
  word_cloud: (it) => cloud(it.word_cloud_data),
  rating: (it) => it.items.map((each) => el("div", { class: "drawn" }, each.item && el("h3", {}, each.item),
    el("p", {}, el("b", {}, `Mean ${number(each.mean)}`), `, median ${number(each.median)}, ${many(each.n, "answer", "answers")}`,
      each.nps?.score != null && `, promoters less detractors ${number(each.nps.score)}`),
    bars(it.grades.map((grade) => bar(labelled(it, grade), each.histogram[grade], each.n ? (100 * each.histogram[grade]) / each.n : 0))))),
  ranking: (it) => [bars(it.items.map((each) => bar(each.item, each.points, it.items[0].points ? each.points / it.items[0].points : 0,
    { unit: ` points, mean rank ${number(each.mean_rank)}` }))),
    it.condorcet_winner && el("p", {}, `${it.condorcet_winner} wins against each other one.`),
    el("p", { class: "quiet" }, many(it.total_responses, "answer", "answers"))],
  planning_poker: (it) => !it.is_revealed || !it.counts ? el("p", {}, `${many(it.total_responses, "card is", "cards are")} on the table, face down.`)
    : [el("ul", { class: "cards-shown" }, it.cards.filter((each) => it.counts[each]).map((each) => el("li", {}, el("b", {}, each), `${it.counts[each]} ×`))),
      el("p", {}, it.consensus ? "All agree." : `From ${number(it.min)} to ${number(it.max)}, median ${number(it.median)}, mean ${number(it.mean)}.`)],
  open_text: (it, deed) => texts(it.texts, deed),
  quiz: (it) => {
    const asked = it.questions.at(-1);
    if (!asked) return nothing();
    const answers = el("p", {}, many(asked.answers, "answer", "answers"), asked.right_share != null && `, ${number(asked.right_share)} % right`);
    if (!asked.is_revealed) return answers;
    const right = ["number", "text"].includes(asked.kind) ? ["right"] : asked.kind === "order" ? [] : [].concat(asked.solution).map(String);
    const order = asked.kind === "order" ? asked.solution.map((label, place) => [label, `${place + 1}. ${label}`]) : Object.keys(asked.counts).map((label) => [label, inWords(label)]);
    return [answers, bars(order.map(([label, words]) => bar(words, asked.counts[label], asked.shares[label], { right: right.includes(label) })))];
  },
};
const WORDS = { true: "True", false: "False", low: "Too low", high: "Too high", right: "Right", wrong: "Wrong" };

/** A solution, or what is counted of answers, in words. */
export const inWords = (label) => WORDS[label] ?? String(label);

export function labelled({ labels, grades }, grade) {
  const place = grades.indexOf(grade);
  const word = labels.length === grades.length ? labels[place] : { 0: labels[0], [grades.length - 1]: labels[1] }[place];
  return word ? `${grade} ${word}` : String(grade);
}

/** What came of an activity as nodes; a kind that nobody draws is said so. */
export function drawResults(activity, results, deed) {
  const drawn = DRAWN[activity.type];
  if (!drawn) return [el("p", { class: "quiet" }, `Results of “${activity.type}” are not drawn here.`)];
  const empty = results.total_responses === 0 && activity.type !== "quiz";
  return [].concat(empty ? nothing() : drawn(results, deed)).filter(Boolean);
}

/** What an activity asks, by whichever name its kind has for it. */
export const asked = (it) => questionOf(it)?.text ?? it.config.question ?? it.config.topic ?? it.config.prompt ?? it.config.story ?? it.title;

/** The open question of a quiz, as far as one may see it. */
export const questionOf = ({ config, step }) => config.questions?.[step] ?? config.question;

export function say(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}
