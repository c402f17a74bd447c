// Taking part on a phone: a nickname, then whatever the session asks, and what came of it.

const { about, asked, call, Connection, drawResults, el, inWords, keep, keepTime, kept, labelled, leaderboard, many, questionOf, say } =
  await import(document.getElementById("live-session").dataset.live);

/* ---- answering ---- */


const pick = (type, name, value, label, checked) =>
  el("label", { class: "pick" }, el("input", { type, name, value, checked }), el("span", {}, label));
const chosen = (form, name) => [...form.querySelectorAll(`[name="${name}"]:checked`)].map((each) => each.value);
const area = (name, label, max, { single, ...more } = {}) =>
  [el("label", { class: "text", for: name }, label),
    el(single ? "input" : "textarea", { id: name, name, maxlength: max, rows: single ? null : 3, required: true, autocomplete: "off", ...more })];
const tap = (label, pressed, data) => el("button", { type: "button", "aria-pressed": String(Boolean(pressed)), "data-answer": JSON.stringify(data) }, label);

/** A list that one puts in order, by buttons that a keyboard and a thumb can press alike. */
function sortable(items) {
  const list = el("ol", { class: "sorted" });
  const move = (row, by) => {
    const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    other[by < 0 ? "before" : "after"](row);
    count();
    row.querySelector(by < 0 ? "button" : "button:last-child").focus();
    say(`${row.dataset.item}: place ${[...list.children].indexOf(row) + 1}`);
  };
  const count = () => [...list.children].forEach((row, place) => (row.firstChild.textContent = `${place + 1}.`));
  for (const item of items) {
    const row = el("li", { "data-item": item }, el("span", {}), el("span", {}, item),
      el("button", { type: "button", "aria-label": `${item}: further up`, onclick: () => move(row, -1) }, "↑"),
      el("button", { type: "button", "aria-label": `${item}: further down`, onclick: () => move(row, 1) }, "↓"));
    list.append(row);
  }
  count();
  return { list, order: () => [...list.children].map((row) => row.dataset.item) };
}

/** Forms by kind: the fields, and a function that reads the answer from them; `own` are one's answers so far. */
const FORMS = {
  poll: ({ config }, own) => ({
    fields: config.options.map((each) => pick(config.allow_multiple_choice ? "checkbox" : "radio", "option", each, each, own[0]?.selected_options?.includes(each))),
    read: (form) => chosen(form, "option").length > 0 && { selected_options: chosen(form, "option") },
    changes: true,
  }),
  qna: ({ config }) => ({
    fields: [...area("text", "Your question", config.max_question_length), config.allow_anonymous && pick("checkbox", "anonymous", "yes", "Without my name")],
    read: (form) => ({ type: "question", question_text: form.elements.text.value.trim(), anonymous: chosen(form, "anonymous").length > 0 }),
    again: true,
  }),
  word_cloud: ({ config }) => ({
    fields: [...area("text", config.max_words_per_submission > 1 ? `Up to ${config.max_words_per_submission} words, with commas between them` : "A word", 500, { single: true })],
    read: (form) => ({ words: form.elements.text.value.split(config.allow_phrases ? /[,;]/ : /[,;\s]+/).map((each) => each.trim()).filter(Boolean) }),
    again: true,
  }),
  rating: ({ config }, own) => {
    const things = config.items.length ? config.items : [""];
    const given = (thing) => String(own[0]?.ratings?.[thing] ?? own[0]?.rating ?? "");
    return {
      fields: things.map((thing, place) => el("fieldset", {}, el("legend", thing ? {} : { class: "unseen" }, thing || "Grade"),
        el("div", { class: "deck" }, config.grades.map((grade) => pick("radio", `grade${place}`, grade, String(grade), given(thing) === String(grade)))),
        config.labels.length > 0 && el("p", { class: "ends" }, el("span", {}, labelled(config, config.grades[0])), el("span", {}, labelled(config, config.grades.at(-1)))))),
      read: (form) => {
        const found = things.map((thing, place) => [thing, chosen(form, `grade${place}`)[0]]).filter(([, grade]) => grade !== undefined);
        if (!found.length) return null;
        return config.items.length ? { ratings: Object.fromEntries(found.map(([thing, grade]) => [thing, Number(grade)])) } : { rating: Number(found[0][1]) };
      },
      changes: true,
    };
  },
  ranking: ({ config }, own) => {
    const before = own[0]?.ranking ?? [];
    const { list, order } = sortable([...before, ...config.items.filter((each) => !before.includes(each))]);
    const top = config.top ?? config.items.length;
    return { fields: [el("p", { class: "quiet" }, top < config.items.length ? `The first ${top} count, the best one first.` : "The best one first."), list], read: () => ({ ranking: order().slice(0, top) }), changes: true };
  },
  planning_poker: ({ config }, own) => ({
    fields: el("div", { class: "deck" }, config.cards.map((each) => pick("radio", "card", each, each, own[0]?.card === each))),
    read: (form) => chosen(form, "card").length > 0 && { card: chosen(form, "card")[0] },
    changes: true,
  }),
  open_text: ({ config }, own) => ({
    fields: [...area("text", config.max_answers > 1 ? `Your answer (up to ${config.max_answers})` : "Your answer", config.max_length),
      el("p", { class: "quiet" }, config.anonymous ? "Your name is not shown beside it." : "Your name is shown beside it.")],
    read: (form) => ({ text: form.elements.text.value.trim() }),
    again: config.max_answers > 1,
    changes: config.max_answers === 1 && own.length > 0,
  }),
};

const QUIZ = {
  multiple: (question, own) => ({
    fields: question.options.map((each) => pick("checkbox", "option", each, each, own?.choices?.includes(each))),
    read: (form) => chosen(form, "option").length > 0 && { choices: chosen(form, "option") },
  }),
  number: (question, own) => ({
    fields: [...area("text", "A number", 30, { single: true, inputmode: "decimal", value: own?.value })],
    read: (form) => {
      const value = Number(form.elements.text.value.trim().replace(",", "."));
      return form.elements.text.value.trim() && Number.isFinite(value) && { value };
    },
  }),
  text: (question, own) => ({
    fields: [...area("text", "Your answer", 200, { single: true, value: own?.text })],
    read: (form) => ({ text: form.elements.text.value.trim() }),
  }),
  order: (question, own) => {
    const { list, order } = sortable(own?.order ?? question.options);
    return { fields: [list], read: () => ({ order: order() }) };
  },
  single: (question, own) => ({ fields: question.options.map((each) => tap(each, own?.choice === each, { choice: each })) }),
  true_false: (question, own) => ({
    fields: [[true, "True"], [false, "False"]].map(([value, name]) => tap(name, own?.value === value, { value })),
  }),
};

/** A question of a quiz: one tap answers where there is one thing to choose, and no answer is changed. */
FORMS.quiz = (activity, own) => {
  const mine = own.find((each) => each.question === activity.step);
  const { fields, read } = QUIZ[questionOf(activity)?.kind]?.(questionOf(activity), mine) ?? { fields: [] };
  return {
    fields,
    read: read && ((form) => { const said = read(form); return said && { question: activity.step, ...said }; }),
    whole: (data) => ({ question: activity.step, ...data }),
    done: mine !== undefined,
  };
};

/* ---- the page ---- */

const place = (id) => document.getElementById(id);
const stage = place("stage");
let state = null, you = null, shown = "", scored = null;
const mine = {}; // own answers by activity, as they were said to be stored
const told = {}; // by activity: how the last answer fares

function ownAnswers(activity) {
  return mine[activity.id] ?? Object.values(you?.responses ?? {});
}

function put(...children) {
  stage.hidden = false;
  stage.replaceChildren(...children.filter(Boolean));
}

function tell(activityId) {
  const line = stage.querySelector(`[data-told="${activityId}"]`);
  if (!line || !told[activityId]) return;
  const [kind, text] = told[activityId];
  line.dataset.state = kind;
  line.textContent = text;
}

function answer(activity, data) {
  told[activity.id] = ["sending", "Sending…"];
  tell(activity.id);
  connection.respond(activity.id, data);
}

function form(activity) {
  const own = ownAnswers(activity);
  const { fields, read, again, changes, whole, done } = FORMS[activity.type]?.(activity, own) ?? {};
  if (!fields) return el("p", {}, "This activity cannot be answered here.");
  const label = own.length && !again ? "Change my answer" : "Send";
  const made = el("form", { class: "stack" }, el("fieldset", { id: "fields", disabled: done }, el("legend", { class: "unseen" }, asked(activity)), fields),
    read && el("button", { class: "main", id: "send", disabled: done }, changes ? label : "Send"));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = read?.(made);
    if (!data) return say("Choose or write something first.");
    answer(activity, data);
    if (again) made.reset();
    return undefined;
  });
  made.addEventListener("click", ({ target }) => {
    const tapped = target.closest("[data-answer]");
    if (!tapped) return;
    tapped.setAttribute("aria-pressed", "true");
    answer(activity, whole(JSON.parse(tapped.dataset.answer)));
    place("fields").disabled = true;
  });
  return made;
}

function solution(activity) {
  const question = questionOf(activity);
  if (activity.type !== "quiz" || !activity.is_revealed || question?.solution === undefined) return null;
  const gained = scored === null || !you ? 0 : you.score - scored;
  const words = [].concat(question.solution).map(inWords).join(question.kind === "order" ? ", then " : question.kind === "text" ? " or " : ", ");
  return el("div", { class: "stack" }, el("p", {}, "Right: ", el("b", {}, words)), question.explanation && el("p", {}, question.explanation),
    you && el("p", {}, gained > 0 ? `You won ${many(gained, "point", "points")}.` : "No points this time."));
}

function showActivity(activity) {
  const key = JSON.stringify([activity.id, activity.step, activity.is_revealed && (you?.score ?? true), activity.config]);
  if (key === shown) return;
  if (!activity.is_revealed) scored = you?.score ?? 0;
  shown = key;
  const number = activity.steps > 1 ? `Question ${activity.step + 1} of ${activity.steps}` : null;
  put(number && el("p", { class: "quiet" }, number), el("h2", { tabindex: "-1" }, asked(activity)), activity.description && el("p", {}, activity.description),
    el("p", { class: "timer", id: "timer" }), solution(activity) ?? form(activity), el("p", { class: "told", "data-told": activity.id, role: "status" }));
  if (ownAnswers(activity).length && activity.type !== "quiz") told[activity.id] ??= ["stored", "Your answer is stored."];
  tell(activity.id);
  say(activity.is_revealed ? "The solution is shown." : `${number ?? "New activity"}: ${asked(activity)}`);
}

function vote(activity) {
  if (activity.type !== "qna" || !activity.config.enable_voting) return undefined;
  const own = ownAnswers(activity);
  const of = (type) => own.filter((each) => each.type === type).map((each) => each.question_id);
  const voted = of("vote"), mine = of("question");
  return (question) => !mine.includes(question.id) && el("button", {
    type: "button",
    "aria-label": `Vote for: ${question.text}`,
    disabled: voted.includes(question.id) && !activity.config.allow_multiple_votes,
    onclick: ({ target }) => {
      target.disabled = !activity.config.allow_multiple_votes;
      answer(activity, { type: "vote", question_id: question.id });
    },
  }, voted.includes(question.id) ? "Voted" : "Vote");
}

function showResults() {
  const { activity, results } = state;
  const visible = Boolean(activity && results);
  place("results").hidden = !visible;
  if (!visible) return;
  const focused = document.activeElement?.getAttribute("aria-label");
  place("results").replaceChildren(el("h2", {}, activity.type === "qna" ? "Questions" : "Results"), ...drawResults(activity, results, vote(activity)));
  if (focused) place("results").querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
}

function showMe() {
  const facts = you && [el("span", {}, "You are ", el("b", {}, you.nickname)),
    you.answered > 0 && el("span", {}, el("b", {}, String(you.score)), " points"), you.answered > 0 && you.rank && el("span", {}, `place ${you.rank}`),
    you.streak > 1 && el("span", {}, `${you.streak} right in a row`)];
  place("me").replaceChildren(...(facts ?? []).filter(Boolean));
  place("board").hidden = !state.leaderboard;
  if (state.leaderboard) place("board").replaceChildren(el("h2", {}, "Leaderboard"), leaderboard(state.leaderboard, you?.nickname));
}

function show() {
  const { session, activity } = state;
  showResults();
  showMe();
  if (session.status !== "completed" && activity) return showActivity(activity);
  const key = JSON.stringify([session.status, session.status === "completed" && you]);
  if (key === shown) return undefined;
  shown = key;
  if (session.status === "completed") {
    put(el("h2", { tabindex: "-1" }, "This session is over"), el("p", {}, "Thank you for taking part."),
      you?.answered > 0 && el("p", {}, `You have ${many(you.score, "point", "points")}, with ${you.correct} right of ${you.answered}${you.rank ? `: place ${you.rank}` : ""}.`));
  } else {
    put(el("h2", { tabindex: "-1" }, session.status === "draft" ? "You are in" : "Waiting for the next activity"),
      el("p", {}, session.status === "draft" ? "It begins soon. Leave this page open." : "It appears here by itself. Leave this page open."));
  }
  return say(stage.textContent);
}

function hear(message) {
  const { type, activity_id: id } = message;
  if (type === "removed" || type === "gone") return ended(message);
  if (message.state) state = message.state;
  if (message.you !== undefined && message.you !== null) {
    you = message.you;
    if (state?.activity) delete mine[state.activity.id];
  }
  if (type === "results" && state?.activity?.id === id) state.results = message.results;
  if (type === "presence" && state) Object.assign(state.session, { participants: message.participants, online: message.online });
  if (type === "sending") told[id] = ["sending", "Sending…"];
  if (type === "refused") {
    told[id] = ["refused", `Not taken: ${message.detail}.`.replace(/\.\.$/, ".")];
    shown = "";
  }
  if (type === "ack") stored(message);
  // What was open counts by now; not everybody asks for it in the same moment.
  if (message.turn === "session.completed" && you?.answered) setTimeout(() => connection.look(), 3000 * Math.random());
  if (id) tell(id);
  if (state && type !== "ack" && type !== "sending" && type !== "presence") show();
  return undefined;
}

function stored({ activity_id: id, data, status, key }) {
  const current = state?.activity?.id === id ? state.activity : null;
  mine[id] = [...(current ? ownAnswers(current) : []).filter(() => FORMS[current?.type]?.(current, []).again || current?.type === "quiz"), { question_id: key, ...data }];
  told[id] = ["stored", status === "pending" ? "Stored. It is shown once somebody has looked at it." : "Stored."];
  if (place("send") && current && !FORMS[current.type](current, []).again && current.type !== "quiz") place("send").textContent = "Change my answer";
  if (current?.type === "quiz") for (const each of [place("fields"), place("send")]) if (each) each.disabled = true;
}

function ended({ type, error }) {
  for (const id of ["results", "board"]) place(id).hidden = true;
  if (type === "gone" && error.status === 401) {
    keep("place", null);
    return join(error.message);
  }
  const removed = type === "removed" || error.code === "live.participant.removed";
  put(el("h2", { tabindex: "-1" }, removed ? "You were removed" : "This session is not there any more"),
    el("p", {}, removed ? "Whoever leads this session has sent you out. Ask them to let you in again, and then load this page anew." : error.message));
  place("me").replaceChildren();
  return say(stage.textContent);
}

/* ---- coming in ---- */

let connection = null;

function start() {
  if (place("join")) place("join").hidden = true;
  stage.hidden = false;
  connection = new Connection(hear);
}

function join(problem = "") {
  const coming = place("join");
  if (!coming) return;
  stage.hidden = true;
  coming.hidden = false;
  place("join-error").textContent = problem;
}

place("join")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  button.disabled = true;
  place("join-error").textContent = "";
  try {
    const nickname = place("nickname").value.trim();
    const came = await call("POST", `/sessions/${about.session}/join`, { nickname, resumes: true });
    keep("place", { token: came.participant_token, participant_id: came.participant_id });
    start();
  } catch (error) {
    place("join-error").textContent = error.status ? error.message : "There is no connection. Try again.";
    place("nickname").focus();
  }
  button.disabled = false;
});

let looking = 0;
place("nickname")?.addEventListener("input", ({ target }) => {
  clearTimeout(looking);
  looking = setTimeout(async () => {
    const nickname = target.value.trim();
    if (nickname.length < 2) return;
    try {
      const found = await call("GET", `/sessions/${about.session}/nicknames/validate?nickname=${encodeURIComponent(nickname)}`);
      const other = found.suggested_nickname ? `; “${found.suggested_nickname}” is free` : "";
      place("suggested").textContent = found.available ? "Nobody else is called that here." : `“${nickname}” cannot be had${other}.`;
    } catch { /* joining tells */ }
  }, 500);
});

keepTime(() => state, (left) => {
  if (left === null || left > 0 || state.session.status !== "active") return;
  for (const each of [place("fields"), place("send")]) if (each) each.disabled = true;
});
if (kept("place")?.token) start();
else join();
