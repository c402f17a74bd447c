// The page for the wall: how one comes in while one waits, what is asked, what came of it, and who leads.

const { asked, Connection, drawResults, el, inWords, keepTime, leaderboard, many, questionOf } =
  await import(document.getElementById("live-session").dataset.live);

const place = (id) => document.getElementById(id);
let state = null, shown = "";

function options(activity) {
  const question = questionOf(activity);
  const found = question?.options ?? activity.config.options ?? (question?.kind === "true_false" ? [true, false] : null)
    ?? (activity.type === "ranking" ? activity.config.items : null);
  if (!found) return null;
  const right = activity.is_revealed && question?.kind !== "order" ? [].concat(question?.solution ?? []) : [];
  return el("ul", { class: "options" }, found.map((each) => el("li", { class: right.includes(each) ? "right" : null }, inWords(each),
    right.includes(each) && el("b", {}, " ✓ right"))));
}

function solution(activity) {
  const question = questionOf(activity);
  if (!activity.is_revealed || question?.solution === undefined) return [];
  const words = [].concat(question.solution).map(inWords).join(question.kind === "order" ? ", then " : ", ");
  return [!["single", "multiple", "true_false"].includes(question.kind) && el("p", {}, "Right: ", el("b", {}, words)),
    question.explanation && el("p", { class: "quiet" }, question.explanation)].filter(Boolean);
}

function showActivity(activity) {
  const key = JSON.stringify([activity, Boolean(state.results)]);
  if (key === shown) return;
  shown = key;
  place("stage").replaceChildren(...[
    activity.steps > 1 && el("p", { class: "quiet" }, `Question ${activity.step + 1} of ${activity.steps}`),
    el("h2", {}, asked(activity)),
    el("p", { class: "timer", id: "timer" }),
    !(state.results && ["poll", "quiz", "ranking"].includes(activity.type) && (activity.type !== "quiz" || activity.is_revealed)) && options(activity),
    ...solution(activity),
    !state.results && !activity.is_revealed && el("p", { class: "quiet" }, "Answer on your phone."),
  ].filter(Boolean));
}

function show() {
  const { session, activity, results } = state;
  const waits = session.status !== "completed" && !activity;
  const board = state.leaderboard ?? null;
  place("invite").hidden = !waits || Boolean(board);
  place("small-invite").hidden = session.status === "completed" || !place("invite").hidden;
  place("stage").hidden = waits;
  place("present").textContent = many(session.participants, "is in", "are in") + (session.online < session.participants ? `, ${session.online} of them online` : "");
  if (activity && session.status !== "completed") showActivity(activity);
  else {
    shown = "";
    place("stage").replaceChildren(el("h2", {}, "Thank you. This session is over."));
  }
  place("results").hidden = !activity || !results;
  if (activity && results) place("results").replaceChildren(...drawResults(activity, results));
  place("board").hidden = !board;
  if (board) place("board").replaceChildren(el("h2", {}, "Leaderboard"), leaderboard(board));
}

function hear(message) {
  if (message.type === "gone") {
    place("present").textContent = message.error.message;
    return;
  }
  if (message.state) state = message.state;
  if (!state) return;
  if (message.type === "results" && state.activity?.id === message.activity_id) state.results = message.results;
  if (message.type === "presence") Object.assign(state.session, { participants: message.participants, online: message.online });
  show();
}

keepTime(() => state);
new Connection(hear);
