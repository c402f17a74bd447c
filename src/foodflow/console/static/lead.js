// Leading a live session: its deeds, its activities and their forms, who is here, and what waits for a look.

const root = document.getElementById("live-session");
const { about, asked, call, Connection, drawResults, el, inWords, keepTime, leaderboard, many, questionOf, say } = await import(root.dataset.live);

const place = (id) => document.getElementById(id);
const NAMES = {
  poll: "Poll", quiz: "Quiz", word_cloud: "Word cloud", qna: "Questions and answers", rating: "Rating", ranking: "Ranking",
  planning_poker: "Planning poker", open_text: "Open text",
};
const STATES = { draft: "To come", published: "To come", active: "Open", expired: "Over", cancelled: "Cancelled" };
const SESSION_AT = `/sessions/${about.session}`;

function problem(text) {
  const line = place("problem");
  line.hidden = !text;
  line.textContent = text;
}

/** Do something, and say what was wrong with it. */
async function attempt(deed, button) {
  problem("");
  if (button) button.disabled = true;
  try {
    return await deed();
  } catch (error) {
    problem(error.status ? error.message : "There is no connection. Try again.");
    return null;
  } finally {
    if (button) button.disabled = false;
  }
}

const press = (label, deed, more = {}) =>
  el("button", { type: "button", ...more, onclick: ({ currentTarget }) => attempt(deed, currentTarget) }, label);
const post = (path, body) => () => call("POST", path, body);

/** What cannot be taken back happens at the second press alone. */
function confirmed(label, warning, deed) {
  return el("details", { class: "confirm deed" }, el("summary", {}, label), el("p", {}, warning), press(label, deed, { class: "danger" }));
}

/* ---- forms of activities ---- */

const text = (name, label, usual = "", more = {}) => ({ name, label, usual, make: (value) => el("input", { value, maxlength: 500, autocomplete: "off", ...more }), read: (made) => made.value.trim() });
const whole = (name, label, usual, min, max) => ({ name, label, usual, make: (value) => el("input", { type: "number", value, min, max }), read: (made) => (made.value === "" ? null : Number(made.value)) });
const check = (name, label, usual = false) => ({ name, label, usual, tick: true, make: (value) => el("input", { type: "checkbox", checked: value }), read: (made) => made.checked });
const select = (name, label, options, usual) => ({ name, label, usual,
  make: (value) => el("select", {}, Object.entries(options).map(([key, word]) => el("option", { value: key, selected: key === String(value) }, word))), read: (made) => made.value });
const lines = (name, label) => ({ name, label, usual: [],
  make: (value) => Object.assign(el("textarea", { rows: 4 }), { value: [].concat(value).join("\n") }),
  read: (made) => made.value.split("\n").map((each) => each.trim()).filter(Boolean) });

const FIELDS = {
  poll: [text("question", "Question"), lines("options", "Options, each on a line"), check("allow_multiple_choice", "Several may be chosen"), check("show_live_results", "Everybody sees the results while it is open", true)],
  quiz: [check("speed_bonus", "Who is faster gets more points", true), check("streak_bonus", "Right answers in a row get more points", true)],
  word_cloud: [text("prompt", "What is asked"), whole("max_words_per_submission", "Words at once", 3, 1, 10), check("allow_phrases", "Several words may belong together"),
    check("moderate_submissions", "Somebody looks at them first", true), lines("banned_words", "Words that are not taken, each on a line")],
  qna: [text("topic", "What it is about"), check("enable_voting", "One may vote for questions", true), check("allow_anonymous", "One may ask without a name", true),
    check("moderate_questions", "Somebody looks at them first"), check("show_vote_counts", "Votes are shown", true)],
  rating: [text("question", "Question"), whole("scale", "Highest grade", 5, 2, 10), check("from_zero", "Grades begin with 0"), lines("labels", "Names of the lowest and the highest grade, each on a line"),
    lines("items", "What is rated, each on a line, where it is more than one thing")],
  ranking: [text("question", "Question"), lines("items", "What is put in order, each on a line"), whole("top", "Only the first so many (empty: all)", null, 1, 12)],
  planning_poker: [text("story", "What is estimated"), select("deck", "Cards", { fibonacci: "Fibonacci", t_shirt: "T-shirt sizes", powers: "Powers of two", custom: "Own cards" }, "fibonacci"), lines("cards", "Own cards, each on a line")],
  open_text: [text("question", "Question"), whole("max_length", "Characters at most", 500, 10, 2000), whole("max_answers", "Answers of each", 1, 1, 20), check("moderate", "Somebody looks at them first"), check("anonymous", "Without names", true)],
};
const QUESTION = [
  select("kind", "Kind", { single: "One option is right", multiple: "Several options are right", true_false: "True or false", number: "A number", order: "Put in order", text: "A word" }, "single"),
  text("text", "Question"),
  { ...lines("options", "Options, each on a line (to put in order: in the right order)"), of: ["single", "multiple", "order"] },
  { ...text("right", "Right options by their number, such as 2 or 1, 3"), of: ["single", "multiple"] },
  { ...select("truth", "Solution", { true: "True", false: "False" }, "true"), of: ["true_false"] },
  { ...text("value", "Solution"), of: ["number"] },
  { ...text("tolerance", "So far off is right too", "0"), of: ["number"] },
  { ...lines("spellings", "What is right, each spelling on a line"), of: ["text"] },
  whole("seconds", "Seconds", 20, 5, 600),
  whole("points", "Points", 1000, 0, 10_000),
  text("explanation", "What is said with the solution", "", { maxlength: 1000 }),
];

let fieldNumber = 0;
function inputs(fields, values) {
  const made = fields.map((field) => {
    const input = field.make(values[field.name] ?? field.usual);
    input.id = `field-${(fieldNumber += 1)}`;
    const label = el("label", { for: input.id }, field.label);
    return { field, input, row: el("div", { class: field.tick ? "box" : "field" }, field.tick ? [input, label] : [label, input]) };
  });
  const read = () => Object.fromEntries(made.map(({ field, input }) => [field.name, field.read(input)]).filter(([, value]) => value !== null && value !== ""));
  return { made, rows: made.map(({ row }) => row), read };
}

const asNumber = (value) => Number(String(value).replace(",", "."));

function questionIn(said) {
  const { kind, text: words, options = [], right = "", truth, value, tolerance, spellings, seconds, points, explanation } = said;
  const picked = right.split(/[,\s]+/).filter(Boolean).map((each) => options[Number(each) - 1]).filter((each) => each !== undefined);
  const solutions = { single: picked[0], multiple: picked, true_false: truth === "true", number: asNumber(value), order: options, text: spellings };
  return { kind, text: words ?? "", seconds, points, ...(explanation && { explanation }), solution: solutions[kind],
    ...(["single", "multiple", "order"].includes(kind) && { options }), ...(kind === "number" && { tolerance: asNumber(tolerance ?? 0) }) };
}

function questionOut(question) {
  const { kind, solution, options } = question;
  const picked = [].concat(solution ?? []).map((each) => (options ?? []).indexOf(each) + 1).filter((each) => each > 0).join(", ");
  return { ...question, right: picked, truth: String(solution), value: solution, spellings: solution, ...(kind === "order" && { options: solution }) };
}

function questionForm(question, removed) {
  const form = inputs(QUESTION, question);
  const box = el("fieldset", { class: "boxes" }, el("legend", {}, "Question"), form.rows, el("button", { type: "button", onclick: () => removed(box) }, "Leave this question out"));
  const kind = form.made[0].input;
  const fit = () => form.made.forEach(({ field, row }) => (row.hidden = Boolean(field.of) && !field.of.includes(kind.value)));
  kind.addEventListener("change", fit);
  fit();
  return { box, read: () => questionIn(form.read()) };
}

function questionsForm(questions) {
  const list = el("div", { class: "fields" });
  let forms = [];
  const removed = (box) => {
    forms = forms.filter((each) => each.box !== box);
    box.remove();
  };
  const add = (question) => {
    const form = questionForm(question, removed);
    forms.push(form);
    list.append(form.box);
    return form;
  };
  questions.forEach((each) => add(questionOut(each)));
  if (!questions.length) add({});
  const more = el("button", { type: "button", onclick: () => add({}).box.querySelector("select").focus() }, "Another question");
  return { rows: [list, more], read: () => forms.map((each) => each.read()) };
}

/** The form of an activity, new or not. */
function edit(activity) {
  const config = activity?.config ?? {};
  let type = activity?.type ?? "poll", fields, questions;
  const form = el("form", { class: "fields" });
  const title = inputs([text("title", "Title (the question, where it is empty)", activity?.title ?? "")], {});
  const time = inputs([whole("minutes", "Closes by itself after so many minutes (empty: never)", null, 1, 600)], {});
  const kinds = el("select", { id: "kind", disabled: Boolean(activity) }, Object.entries(NAMES).map(([key, name]) => el("option", { value: key, selected: key === type }, name)));
  const fit = () => {
    type = kinds.value;
    fields = inputs(FIELDS[type] ?? [], config);
    questions = type === "quiz" ? questionsForm(config.questions ?? []) : null;
    form.replaceChildren(el("div", { class: "field" }, el("label", { for: "kind" }, "Kind"), kinds), ...title.rows, ...(questions?.rows ?? []), ...fields.rows,
      ...(activity ? [] : time.rows), el("p", { class: "buttons" }, el("button", { class: "main" }, activity ? "Save" : "Add"), activity && el("button", { type: "button", onclick: () => show(null) }, "Leave it as it was")));
  };
  const show = (next) => {
    place("editor").replaceChildren(edit(next));
    place("adding").open = false;
  };
  kinds.addEventListener("change", () => { fit(); kinds.focus(); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const configuration = { ...config, ...fields.read(), ...(questions && { questions: questions.read() }) };
      const found = await call("POST", "/activities/validate", { activity_type: type, configuration });
      if (!found.valid) return problem(found.errors.join("; "));
      const named = title.read().title || asked({ config: configuration, title: NAMES[type] });
      if (activity) await call("PUT", `/activities/${activity.id}`, { config: configuration, title: named });
      else {
        const { minutes } = time.read();
        const metadata = { duration_seconds: minutes ? minutes * 60 : null };
        const order = Math.max(-1, ...(state?.activities ?? []).map((each) => each.order_index)) + 1;
        await call("POST", `${SESSION_AT}/activities/framework`, { activity_type: type, title: named, configuration, activity_metadata: metadata, order_index: order });
        connection.look();
      }
      return show(null);
    }, form.querySelector("button.main"));
  });
  fit();
  return form;
}

/* ---- the page ---- */

let state = null, shown = {}, board = about.leaderboard === "true", connection = null;

/** Make a part anew only when what it shows has changed, so that nothing is taken from under a finger. */
function part(id, key, make) {
  const said = JSON.stringify(key);
  if (shown[id] === said) return;
  shown[id] = said;
  const active = place(id).contains(document.activeElement) ? document.activeElement.textContent : null;
  place(id).replaceChildren(...[].concat(make()).filter(Boolean));
  if (active) [...place(id).querySelectorAll("button, summary")].find((each) => each.textContent === active)?.focus();
}

function deedsOf({ session, activity, activities }) {
  if (session.status === "draft") return [press("Start the session", post(`${SESSION_AT}/start`), { class: "main" })];
  if (session.status === "completed") return [press("Go on with it", post(`${SESSION_AT}/reopen`))];
  const at = activity && `/activities/${activity.id}`;
  const isHidden = activity && ["quiz", "planning_poker"].includes(activity.type) && !activity.is_revealed;
  const hasNext = activities.some((each) => ["draft", "published"].includes(each.state));
  return [
    isHidden && press(activity.type === "quiz" ? "Show the solution" : "Turn the cards over", post(`${at}/reveal`), { class: "main" }),
    activity && activity.step + 1 < activity.steps && press("Next question", post(`${at}/next-question`), { class: activity.is_revealed ? "main" : null }),
    activity && (activity.shows_results ? press("Hide the results", post(`${at}/hide-results`)) : press("Show the results", post(`${at}/show-results`))),
    activity && press("Close", post(`${at}/close`)),
    hasNext && press(activity ? "Close, and open what comes next" : "Open what comes next", post(`${SESSION_AT}/next`), { class: activity ? null : "main" }),
    activity && confirmed("Take answers back", "The answers to what is asked now count no more, and everybody answers anew.", post(`${at}/reset`, { open_question_only: activity.type === "quiz" })),
    confirmed("End the session", "Nobody comes in or answers any more. You can go on with it later.", post(`${SESSION_AT}/complete`)),
  ];
}

function whereOf({ session, activity }) {
  if (session.status === "draft") return "Not started. Whoever comes in waits.";
  if (session.status === "completed") return "Over.";
  if (!activity) return "Going on; nothing is open.";
  const of = activity.steps > 1 ? `, question ${activity.step + 1} of ${activity.steps}` : "";
  return `${NAMES[activity.type] ?? activity.type}${of}: ${activity.shows_results ? "everybody sees the results" : "only you see the results"}.`;
}

function stageOf(activity) {
  if (!activity) return [];
  const question = questionOf(activity);
  const solution = question?.solution === undefined ? null : el("p", { class: "none" }, `Solution: ${[].concat(question.solution).map(inWords).join(", ")}`);
  return [el("h3", {}, asked(activity)), el("p", { class: "timer", id: "timer" }), solution];
}

async function move(activities, index, by) {
  const order = activities.map((each) => each.id);
  order.splice(index + by, 0, ...order.splice(index, 1));
  for (const [number, id] of order.entries()) {
    if (activities.find((each) => each.id === id).order_index !== number) await call("PUT", `/activities/${id}`, { order_index: number });
  }
}

function planOf({ session, activities }) {
  if (!activities.length) return el("p", { class: "none" }, "There are no activities yet. Add the first one.");
  return el("ol", { class: "rows" }, activities.map((each, index) => el("li", {},
    el("p", {}, el("b", {}, each.title || NAMES[each.type] || each.type), " ", el("span", { class: each.state === "active" ? "badge good" : "badge" }, STATES[each.state]),
      el("small", {}, ` ${NAMES[each.type] ?? each.type}`)),
    el("div", { class: "buttons taps" },
      session.status === "active" && each.state !== "active" && press(each.state === "expired" ? "Open again" : "Open", post(`/activities/${each.id}/open`)),
      press("Edit", async () => {
        place("editor").replaceChildren(edit(await call("GET", `/activities/${each.id}`)));
        place("adding").open = true;
        place("editor").querySelector("input").focus();
      }),
      index > 0 && press("↑", () => move(activities, index, -1), { "aria-label": `${each.title}: earlier` }),
      index + 1 < activities.length && press("↓", () => move(activities, index, 1), { "aria-label": `${each.title}: later` }),
      confirmed("Remove", `“${each.title}” goes, with all answers to it.`, () => call("DELETE", `/activities/${each.id}`))))));
}

/** Answers beside which something can be done: questions are marked as answered, and anything is taken away. */
function listed(each) {
  return el("span", { class: "buttons" }, state.activity.type === "qna" && !each.answered && press("Answered", post(`/responses/${each.id}/answered`)), press("Take away", post(`/responses/${each.id}/reject`)));
}

async function showPending() {
  const activity = state?.activity;
  const found = activity && state.session.status === "active" ? await call("GET", `/activities/${activity.id}/moderation?status=pending`).catch(() => null) : null;
  const rows = found?.results ?? [];
  place("moderation").hidden = !rows.length;
  part("pending", rows, () => el("ul", { class: "rows" }, rows.map(({ id, nickname, response_data: data }) => el("li", {},
    el("p", {}, el("b", {}, data.text ?? data.question_text ?? data.words?.join(", ") ?? JSON.stringify(data)), nickname && data.anonymous === false ? el("small", {}, ` ${nickname}`) : null),
    el("div", { class: "buttons taps" }, press("Let it through", post(`/responses/${id}/approve`)), press("Keep it back", post(`/responses/${id}/reject`)))))));
}

async function showPeople() {
  const [here, gone] = await Promise.all([call("GET", `${SESSION_AT}/participants?limit=200`), call("GET", `${SESSION_AT}/participants/removed`)]);
  const sentOut = gone.participants.filter((each) => !each.by_themselves);
  part("participants", [here.participants.map((each) => [each.participant_id, each.status]), sentOut], () => [
    el("ul", { class: "rows" }, here.participants.map((each) => el("li", {}, el("p", {}, el("b", {}, each.nickname), " ", el("span", { class: "badge" }, each.status)),
      confirmed("Send out", `${each.nickname} sees no more of this session until you let them in again.`, () => call("DELETE", `/participants/${each.participant_id}`))))),
    here.total_count > here.participants.length && el("p", { class: "none" }, `and ${here.total_count - here.participants.length} more`),
    sentOut.length > 0 && el("h3", {}, "Sent out"),
    sentOut.length > 0 && el("ul", { class: "rows" }, sentOut.map((each) => el("li", {}, el("p", {}, each.nickname), press("Let in again", post(`/participants/${each.participant_id}/readmit`))))),
  ]);
}

/** At once, and then at most once within some time. */
function calmly(deed, wait) {
  let timer = 0, again = false;
  return async function run() {
    if (timer) return void (again = true);
    timer = setTimeout(() => {
      timer = 0;
      if (again) run();
      again = false;
    }, wait);
    return deed().catch(() => {});
  };
}

const people = calmly(showPeople, 5000), pending = calmly(showPending, 2000);

function show() {
  const { session, activity, results, activities } = state;
  if (place("where").textContent !== whereOf(state)) place("where").textContent = whereOf(state);
  place("present").textContent = `${many(session.participants, "participant", "participants")}, ${session.online} online`;
  part("deeds", [session.status, activity && [activity.id, activity.step, activity.is_revealed, activity.shows_results], activities.map((each) => each.state)], () => deedsOf(state));
  part("stage", activity && [activity.id, activity.step, activity.config], () => stageOf(activity));
  part("results", activity && results && [activity.id, results], () => (activity && results ? drawResults(activity, results, listed) : []));
  part("plan", [session.status, activities], () => planOf(state));
  part("board-deeds", board, () => press(board ? "Hide it from everybody" : "Show it to everybody", post(`${SESSION_AT}/leaderboard`, { shown: !board })));
  part("board", state.leaderboard, () => leaderboard(state.leaderboard ?? []));
}

function hear(message) {
  if (message.type === "gone") return problem(message.error.message);
  if (message.state) state = message.state;
  if (!state) return undefined;
  if (message.type === "results" && state.activity?.id === message.activity_id) state.results = message.results;
  if (message.type === "presence") Object.assign(state.session, { participants: message.participants, online: message.online });
  if (message.turn?.startsWith("leaderboard.")) board = message.turn === "leaderboard.shown";
  if (["state", "presence"].includes(message.type) || message.turn?.startsWith("participant.")) people();
  if (message.type !== "presence") pending();
  if (message.turn === "session.started") say("The session has begun.");
  return show();
}

/* ---- a new session ---- */

function begin(form) {
  const templates = JSON.parse(place("templates").textContent);
  const { purpose, title } = form.elements;
  const named = () => {
    if (!title.value || Object.values(templates).some((each) => each.title === title.value)) title.value = templates[purpose.value].title;
  };
  purpose.addEventListener("change", named);
  named();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const { max_participants: most, ...said } = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
      const made = await call("POST", "/sessions/", { ...said, max_participants: Math.min(1000, Number(most)) });
      if (Number(most) > 1000) await call("PUT", `/sessions/${made.id}/capacity`, { max_participants: Number(most) });
      for (const [order, activity] of templates[purpose.value].activities.entries()) {
        await call("POST", `/sessions/${made.id}/activities/framework`, { ...activity, order_index: order });
      }
      location.assign(`/live/${made.id}/lead`);
    }, form.querySelector("button.main"));
  });
}

if (place("new-session")) begin(place("new-session"));
else {
  place("editor").replaceChildren(edit(null));
  keepTime(() => state);
  connection = new Connection(hear);
}
