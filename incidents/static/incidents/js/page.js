// The page is whole without this. It puts the visitor's own time beside the page's, and keeps an open page
// fresh: once a minute it asks for the newest version, and it says when what is shown has grown old.
const CHECK_MS = 60_000;
const { zone, ownTime } = document.documentElement.dataset;
const language = document.documentElement.lang;
const main = document.getElementById("content");
const live = document.getElementById("live");

function formatters(options) {
  const there = new Intl.DateTimeFormat(language, { ...options, timeZone: zone });
  return { here: new Intl.DateTimeFormat(language, options), there };
}
const days = formatters({ month: "short", day: "numeric" });
const clocks = formatters({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const differs = ({ here, there }, at) => here.format(at) !== there.format(at);

function inOwnTime(at) {
  return differs(days, at) ? `${days.here.format(at)} ${clocks.here.format(at)}` : clocks.here.format(at);
}

function addOwnTimes(root) {
  const alone = root.querySelectorAll('time[datetime*="T"]:not(.period time, .report time)');
  for (const shown of [...alone, ...root.querySelectorAll(".period")]) {
    const times = shown.matches("time") ? [shown] : [...shown.querySelectorAll("time")];
    const instants = times.map((time) => new Date(time.dateTime));
    if (shown.nextElementSibling?.matches(".visitor-time")) continue;
    if (!instants.some((at) => differs(days, at) || differs(clocks, at))) continue;
    const own = document.createElement("span");
    own.className = "visitor-time";
    own.textContent = ` / ${ownTime} ${instants.map(inOwnTime).join(" – ")}`;
    shown.after(own);
  }
}

// What the reader opened or closed is theirs: the page as it came is what may be replaced.
let untouched = new Map();

function take(root) {
  untouched = new Map([...root.querySelectorAll("details")].map((details) => [details, details.open]));
  addOwnTimes(root);
}

function isBeingRead() {
  const focused = document.activeElement;
  const selection = document.getSelection();
  return (
    (focused !== main && main.contains(focused)) ||
    (!selection.isCollapsed && main.contains(selection.anchorNode)) ||
    main.querySelector(":popover-open, dialog[open]") !== null ||
    [...untouched].some(([details, wasOpen]) => details.open !== wasOpen)
  );
}

function say(id, act) {
  if (live.dataset.said === id) return;
  const notice = document.getElementById(id).content.cloneNode(true);
  addOwnTimes(notice);
  notice.querySelector("button").addEventListener("click", act);
  live.replaceChildren(notice);
  live.dataset.said = id;
}

function fallSilent() {
  if ("said" in live.dataset) live.replaceChildren();
  delete live.dataset.said;
}

function announce() {
  const heard = document.createElement("p");
  heard.className = "heard";
  heard.textContent = `${live.dataset.renewed} ${main.querySelector("h1").textContent}`;
  live.replaceChildren(heard);
}

// What stood where the reader looks stays there, whatever comes or goes above it.
function keepingPlace(change) {
  const marks = [...main.querySelectorAll("[id]")].filter((mark) => mark.getBoundingClientRect().bottom > 0);
  const [id, top] = marks.length ? [marks[0].id, marks[0].getBoundingClientRect().top] : [null, 0];
  change();
  const mark = id && document.getElementById(id);
  if (mark && window.scrollY > 0) window.scrollBy(0, mark.getBoundingClientRect().top - top);
}

function renew(next) {
  const isNews = next.getElementById("live").dataset.news !== live.dataset.news;
  keepingPlace(() => main.replaceChildren(...next.getElementById("content").childNodes));
  Object.assign(live.dataset, next.getElementById("live").dataset);
  for (const id of ["when-old", "when-newer"]) {
    const template = next.getElementById(id);
    if (template) document.getElementById(id).replaceWith(template);
  }
  document.title = next.title;
  document.querySelector('link[rel="icon"]').replaceWith(next.querySelector('link[rel="icon"]'));
  take(main);
  fallSilent();
  if (isNews) announce();
  main.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
}

// The time at the server, from its last answer and what has passed since: never the visitor's clock.
let answered = null;

function note(response) {
  const date = Date.parse(response.headers.get("Date"));
  if (Number.isNaN(date)) return;
  const age = Number(response.headers.get("Age")) || 0;
  answered = { at: date + age * 1000, read: performance.now() };
}

function isOld() {
  if (answered === null || main.querySelector(".stopped")) return false;
  const now = answered.at + performance.now() - answered.read;
  const isPast = (instant, seconds) => Date.parse(instant) + Number(seconds) * 1000 < now;
  const { renderedAt, patience } = live.dataset;
  const data = main.querySelector("[data-stale-after]:not(.as-of-old)");
  return (
    (patience !== undefined && isPast(renderedAt, patience)) ||
    (data !== null && isPast(data.querySelector("time").dateTime, data.dataset.staleAfter))
  );
}

let known = null;
let waiting = null;

async function ask(method) {
  const response = await fetch(location.pathname, { method, cache: "no-store" });
  if (!response.ok) throw new Error(response.statusText);
  note(response);
  return response;
}

// The page as it is once publishing has stopped bears the instant of its last publication.
function version(of) {
  const { renderedAt, news } = of.getElementById("live").dataset;
  return `${renderedAt} ${news}`;
}

async function fetchNewer() {
  const response = await ask("GET");
  const next = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!next.getElementById("live") || !next.getElementById("content")) return;
  known = response.headers.get("ETag");
  if (version(next) !== version(document)) waiting = next;
}

function show() {
  renew(waiting);
  waiting = null;
}

function showAsked() {
  show();
  main.focus();
}

async function lookForNewer() {
  const isFirst = answered === null;
  const tag = (await ask("HEAD")).headers.get("ETag");
  if (isFirst) known = tag;
  if (isOld() || (!isFirst && (tag === null || tag !== known))) await fetchNewer();
}

function tell() {
  if (waiting && !isBeingRead()) show();
  if (waiting && waiting.getElementById("live").dataset.news !== live.dataset.news) say("when-newer", showAsked);
  else if (isOld()) say("when-old", () => location.reload());
  else fallSilent();
}

let isChecking = false;

// What is over does not change any more, but a page that was opened before still learns of the end.
const isOver = () => live.dataset.over !== undefined;

// Where the page is not reached, what is shown stays and grows old by the time that passes.
async function check() {
  if (isChecking || isOver()) return;
  isChecking = true;
  await lookForNewer().catch(() => {});
  isChecking = false;
  tell();
}

take(main);
document.addEventListener("added", (event) => addOwnTimes(event.target));
if (live) {
  check();
  setInterval(() => document.hidden || check(), CHECK_MS);
  document.addEventListener("visibilitychange", () => document.hidden || check());
}
