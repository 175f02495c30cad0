// The editor of a report: what is typed is saved field by field, kept in this browser until the server has it,
// and shown as it would be printed. Without this the form is saved and previewed by its buttons.
const SAVE_MS = 1_500;
const LONGEST_MS = 10_000;
const LIVE_MS = 500;
const STATE_MS = 20_000;
const RETRY_MS = [2_000, 4_000, 8_000, 15_000];
const PATIENCE_MS = 15_000;
const MARKER = /\(\\?\*([1-9][0-9]{0,2})\)/g;
const ITEM = /^[ \t]*(?:[-*+]|[0-9]+\.)[ \t]/gm;

const desk = document.getElementById("desk");
const form = document.getElementById("report-form");
const sheet = document.getElementById("sheet");
const checks = document.getElementById("checks");
const words = document.getElementById("desk-words").dataset;
const stateLine = document.getElementById("save-state");
const headers = { "HX-Request": "true", ...JSON.parse(document.body.getAttribute("hx-headers")) };

const bare = (text) => tidy(text).replace(MARKER, "(*)");
const tidy = (text) => text.replace(/\r\n?/g, "\n").trim();

function ask(address, options = {}) {
  return fetch(address, { ...options, headers, signal: AbortSignal.timeout(PATIENCE_MS) });
}

// A field of the form: what it says, what the server last said of it, and what is kept of it here.
class Part {
  constructor(element) {
    this.element = element;
    this.name = element.dataset.part;
    this.control = form.elements[this.name];
    this.base = form.elements[`base_${this.name}`];
    this.isProse = this.control.tagName === "TEXTAREA" || this.control.type === "text";
    this.saved = this.isProse ? this.base.value : this.value;
    this.key = `report:${location.host}:${desk.dataset.report}:${this.name}`;
    this.isOvertaken = false;
    this.isComposing = false;
  }

  get value() {
    return this.control.type === "checkbox" ? (this.control.checked ? "on" : "") : this.control.value;
  }

  set value(text) {
    if (this.control.type === "checkbox") this.control.checked = text === "on";
    else this.control.value = text;
  }

  get isDirty() {
    return tidy(this.value) !== tidy(this.saved);
  }

  keep() {
    try {
      localStorage.setItem(this.key, JSON.stringify({ text: this.value, base: this.base.value }));
    } catch { /* storage is full or forbidden: the server still gets it */ }
  }

  kept() {
    try { return JSON.parse(localStorage.getItem(this.key)); } catch { return null; }
  }

  forget() {
    try { localStorage.removeItem(this.key); } catch { /* as above */ }
  }

  // What the server says of a field that was sent, or that nobody touches here.
  take({ base, value }, sent) {
    if (this.isProse && sent !== undefined && bare(value) !== bare(sent)) return; // not what was sent: sent again
    const isAsSent = sent === undefined || this.value === sent;
    this.saved = isAsSent ? value : sent;
    this.base.value = isAsSent || !this.isProse ? base : sent;
    if (!isAsSent) return;
    if (tidy(this.value) !== tidy(value) && !this.isComposing) this.replace(value);
    if (sent !== undefined) this.forget();
  }

  replace(text) {
    if (!this.isProse) {
      this.value = text;
      return;
    }
    const { selectionStart, selectionEnd } = this.control;
    const places = [selectionStart, selectionEnd].map((place) => follow(this.control.value, text, place));
    this.control.value = text;
    if (document.activeElement === this.control) this.control.setSelectionRange(...places);
  }

  mark(sentence) {
    this.element.querySelector(".errorlist")?.remove();
    this.element.classList.toggle("wrong", Boolean(sentence));
    if (!sentence) return;
    const list = document.createElement("ul");
    list.className = "errorlist";
    list.append(Object.assign(document.createElement("li"), { textContent: sentence }));
    this.control.after(list);
  }

  showTheirs(theirs) {
    this.isOvertaken = true;
    this.element.querySelector(".theirs")?.remove();
    const box = document.getElementById("overtaken").content.cloneNode(true);
    box.querySelector(".entry-text").textContent = theirs;
    box.querySelector("[data-choose=mine]").addEventListener("click", () => this.settle(theirs, true));
    box.querySelector("[data-choose=theirs]").addEventListener("click", () => this.settle(theirs, false));
    this.element.append(box);
  }

  settle(theirs, keepsMine) {
    this.isOvertaken = false;
    this.element.querySelector(".theirs").remove();
    this.base.value = theirs;
    this.saved = theirs;
    if (!keepsMine) {
      this.value = theirs;
      this.forget();
    }
    this.control.focus();
    save();
    askLive();
  }
}

const parts = [...form.querySelectorAll("[data-part]")].map((element) => new Part(element));
const partOf = (control) => parts.find((part) => part.control === control);

// Where a place in a text is, once its footnotes are numbered anew.
function follow(old, text, place) {
  const [before, after] = [old, text].map((one) => [...one.matchAll(MARKER)]);
  let shift = 0;
  before.forEach((marker, index) => {
    const end = marker.index + marker[0].length;
    if (after[index] && end <= place) shift = after[index].index + after[index][0].length - end;
  });
  return place + shift;
}

function say(state, clock = "") {
  stateLine.dataset.state = state;
  stateLine.textContent = [words[state], clock].filter(Boolean).join(" ");
}

// Saving

let pause = 0;
let since = 0;
let isSaving = false;
let isAskedAgain = false;
let isToSettle = false;
let isUnsettled = false;
let underWay = Promise.resolve();
let failures = 0;

function askSave() {
  if (!since) since = Date.now();
  if (stateLine.dataset.state !== "retrying" && stateLine.dataset.state !== "signedOut") say("typing");
  clearTimeout(pause);
  pause = setTimeout(save, Date.now() - since > LONGEST_MS ? 0 : failures ? retryAfter() : SAVE_MS);
}

const retryAfter = () => RETRY_MS[Math.min(failures, RETRY_MS.length) - 1];

// Answers once the server has, so that whoever sends the form by its button comes after that.
function save({ settles = false } = {}) {
  clearTimeout(pause);
  isToSettle ||= settles && isUnsettled;
  if (isSaving) isAskedAgain = true;
  else underWay = send();
  return underWay;
}

async function send() {
  const dirty = parts.filter((part) => part.isDirty && !part.isOvertaken && !part.isComposing);
  if (dirty.length === 0 && !isToSettle) return;
  isSaving = true;
  since = 0;
  const sent = new Map(dirty.map((part) => [part, part.value]));
  const body = new URLSearchParams();
  for (const part of dirty) {
    body.append(part.name, part.value);
    body.append(`base_${part.name}`, part.base.value);
  }
  if (isToSettle) {
    body.append("settle", "1");
    isUnsettled = false;
  }
  say("saving");
  // Kept alive, it outlasts a click on a link; browsers allow that to 64 kB.
  const keepalive = body.toString().length < 60_000;
  let answer = null;
  try {
    answer = await ask(desk.dataset.save, { method: "POST", body, keepalive });
  } catch { /* told below */ }
  isSaving = false;
  await hear(answer, sent);
  if (isAskedAgain && failures === 0) {
    isAskedAgain = false;
    await send();
  }
}

async function hear(answer, sent) {
  if (answer?.ok && !answer.headers.has("HX-Refresh")) {
    failures = 0;
    isToSettle = false;
    takeState(await answer.json(), sent);
  } else if (answer && [401, 403].includes(answer.status)) {
    fail("signedOut");
    document.getElementById("signed-out").hidden = false;
  } else if (answer?.status === 409) {
    say("wrong");
    stateLine.textContent = (await answer.json()).refused;
  } else {
    fail("retrying");
  }
}

function fail(state) {
  failures += 1;
  say(state);
  clearTimeout(pause);
  pause = setTimeout(state === "signedOut" ? lookAround : save, retryAfter());
}

function takeState({ base, value, clock, version, wrong = {}, overtaken = {} }, sent = new Map()) {
  noteVersion(version);
  for (const part of parts) {
    const isSent = sent.has(part);
    if (isSent) part.mark(wrong[part.name]);
    if (part.name in overtaken) part.showTheirs(overtaken[part.name]);
    else if (!(part.name in wrong) && (isSent || !part.isDirty) && !part.isOvertaken) {
      part.take({ base: base[part.name], value: value[part.name] }, sent.get(part));
    }
  }
  if (parts.some((part) => part.isOvertaken)) say("overtaken");
  else if (Object.keys(wrong).length) say("wrong");
  else if (parts.some((part) => part.isDirty)) askSave();
  else say("saved", clock);
}

// Who else is here, and what they have saved meanwhile. Being looked at keeps nobody signed in.

async function lookAround() {
  const field = partOf(document.activeElement)?.name ?? "";
  let answer = null;
  try {
    answer = await ask(`${desk.dataset.state}?${new URLSearchParams({ field })}`);
  } catch { /* the next one may come through */ }
  if (answer?.status === 401) {
    fail("signedOut");
    document.getElementById("signed-out").hidden = false;
    return;
  }
  if (!answer?.ok || answer.headers.has("HX-Refresh")) {
    if (stateLine.dataset.state === "signedOut") fail("signedOut");
    return;
  }
  const state = await answer.json();
  headers["X-CSRFToken"] = state.token;
  document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((input) => { input.value = state.token; });
  document.getElementById("signed-out").hidden = true;
  showPeople(state.people);
  if (stateLine.dataset.state === "signedOut") {
    failures = 0;
    save();
  }
  if (!isSaving) adopt(state);
}

// The steps beside the text are taken for the text that is shown here.
function noteVersion(version) {
  document.querySelectorAll("#report-life input[name=version]").forEach((input) => { input.value = version; });
}

function adopt(state) {
  noteVersion(state.version);
  const changed = parts.filter((part) => !part.isDirty && tidy(part.base.value) !== tidy(state.base[part.name]));
  for (const part of changed) part.take({ base: state.base[part.name], value: state.value[part.name] });
  if (changed.length) askLive();
}

function showPeople(people) {
  const names = people.map(({ name, field }) => (field ? `${name} (${field})` : name));
  document.getElementById("people").textContent = names.length ? `${words.people} ${names.join(", ")}` : "";
}

// The sheet and the checks

let livePause = 0;
let turn = 0;

function askLive() {
  clearTimeout(livePause);
  livePause = setTimeout(showLive, LIVE_MS);
}

async function showLive() {
  const mine = ++turn;
  const body = new URLSearchParams({ language: desk.dataset.language });
  for (const part of parts) {
    body.append(part.name, part.value);
    body.append(`base_${part.name}`, "");
  }
  const answer = await ask(desk.dataset.live, { method: "POST", body }).catch(() => null);
  if (!answer?.ok || answer.headers.has("HX-Refresh") || mine !== turn) return;
  const shown = await answer.json();
  if (mine !== turn) return;
  const { scrollTop } = sheet;
  sheet.innerHTML = shown.sheet;
  sheet.scrollTop = scrollTop;
  if (!checks.contains(document.activeElement) || document.activeElement === checks.querySelector("summary")) {
    checks.innerHTML = shown.checks;
  }
}

// Somebody vouches for a sentence without leaving what is being typed.
checks.addEventListener("submit", async (event) => {
  event.preventDefault();
  event.stopPropagation();
  const body = new URLSearchParams(new FormData(event.target));
  const answer = await ask(event.target.action, { method: "POST", body }).catch(() => null);
  if (answer?.ok) {
    checks.querySelector("summary").focus();
    showLive();
  }
});

// Footnotes: the marker where the cursor is, its note before the next item of a list or at the end.

const numbersIn = (text) => [...text.matchAll(MARKER)].map((marker) => Number(marker[1]));

function insertNote(part) {
  const { control } = part;
  const number = 1 + Math.max(0, ...parts.flatMap((one) => numbersIn(one.value)));
  const at = control.selectionEnd;
  const item = [...control.value.matchAll(ITEM)].find((found) => found.index >= at && found.index > 0);
  const end = item ? item.index : control.value.length;
  const marker = `(*${number})`;
  const middle = control.value.slice(at, end).trimEnd();
  const lead = `${marker}${middle}\n\n${marker} `;
  control.setRangeText(`${lead}${words.note}${item ? "\n\n" : ""}`, at, end);
  control.focus();
  control.setSelectionRange(at + lead.length, at + lead.length + words.note.length);
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

// Figures: pasted, dropped or chosen, with what they show asked for.

const dialog = document.getElementById("figure-dialog");
const file = document.getElementById("figure-file");
const alternative = document.getElementById("figure-alternative");
const caption = document.getElementById("figure-caption");
const problem = document.getElementById("figure-problem");
let target = null;

function offerFigure(part, files) {
  target = part;
  problem.hidden = true;
  file.value = "";
  alternative.value = caption.value = "";
  if (files?.length) file.files = files;
  dialog.showModal();
  (files?.length ? alternative : file).focus();
}

function complain(errors) {
  const [name, sentence] = Object.entries(errors)[0] ?? ["", words.unreachable];
  const control = { figure: file, alternative, caption }[name];
  problem.textContent = control ? `${control.labels[0].textContent}: ${sentence}` : sentence;
  problem.hidden = false;
  control?.focus();
}

async function insertFigure() {
  const body = new FormData();
  if (file.files[0]) body.append("figure", file.files[0]);
  body.append("alternative", alternative.value);
  body.append("caption", caption.value);
  const answer = await ask(desk.dataset.figures, { method: "POST", body }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (!told?.markdown) {
    complain(told?.errors ?? {});
    return;
  }
  dialog.close();
  const { control } = target;
  const before = control.value.slice(0, control.selectionEnd).trimEnd();
  const after = control.value.slice(control.selectionEnd).trimStart();
  const start = [before, told.markdown].filter(Boolean).join("\n\n");
  control.value = [start, after].filter(Boolean).join("\n\n");
  control.focus();
  control.setSelectionRange(start.length, start.length);
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

const pictures = (transfer) => [...(transfer?.files ?? [])].some((one) => one.type.startsWith("image/"));

function readyFor(part) {
  const { control } = part;
  control.addEventListener("paste", (event) => {
    if (!pictures(event.clipboardData)) return;
    event.preventDefault();
    offerFigure(part, event.clipboardData.files);
  });
  control.addEventListener("dragover", (event) => {
    if ([...event.dataTransfer.types].includes("Files")) event.preventDefault();
  });
  control.addEventListener("drop", (event) => {
    if (!pictures(event.dataTransfer)) return;
    event.preventDefault();
    offerFigure(part, event.dataTransfer.files);
  });
}

// What an earlier visit left here

function offerKept() {
  const left = parts.map((part) => ({ part, kept: part.kept() })).filter(({ kept }) => kept);
  const unsaved = left.filter(({ part, kept }) => tidy(kept.text) !== tidy(part.value));
  left.filter((one) => !unsaved.includes(one)).forEach(({ part }) => part.forget());
  const banner = document.getElementById("kept");
  banner.hidden = unsaved.length === 0;
  document.getElementById("kept-take").onclick = () => {
    banner.hidden = true;
    for (const { part, kept } of unsaved) {
      part.value = kept.text;
      part.base.value = kept.base;
    }
    save();
    askLive();
  };
  document.getElementById("kept-drop").onclick = () => {
    banner.hidden = true;
    unsaved.forEach(({ part }) => part.forget());
  };
}

form.addEventListener("input", (event) => {
  const part = partOf(event.target);
  if (!part) return;
  isUnsettled = true;
  part.keep();
  part.element.querySelector("[data-untranslated]")?.toggleAttribute("hidden", part.value.trim() !== "");
  askSave();
  if (!part.isComposing) askLive();
});
form.addEventListener("compositionstart", (event) => { partOf(event.target).isComposing = true; });
form.addEventListener("compositionend", (event) => {
  partOf(event.target).isComposing = false;
  askSave();
  askLive();
});
form.addEventListener("change", () => save({ settles: true }));
form.addEventListener("submit", async (event) => {
  if (!isSaving) {
    clearTimeout(pause);
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  await underWay;
  form.requestSubmit(event.submitter);
}, { capture: true });
form.addEventListener("click", (event) => {
  const { insert } = event.target.dataset;
  const part = insert && partOf(event.target.closest("[data-part]").querySelector("textarea"));
  if (insert === "note") insertNote(part);
  if (insert === "figure") offerFigure(part);
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
  event.preventDefault();
  save({ settles: true });
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) save();
  else lookAround();
});
window.addEventListener("online", () => save());
document.getElementById("figure-insert").addEventListener("click", insertFigure);
document.getElementById("figure-cancel").addEventListener("click", () => dialog.close());
dialog.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  insertFigure();
});

parts.filter((part) => part.element.querySelector("[data-insert=figure]")).forEach(readyFor);
form.querySelectorAll(".part-tools").forEach((tools) => { tools.hidden = false; });
document.getElementById("desk-strip").hidden = false;
document.getElementById("preview-text").hidden = true;
say("saved");
offerKept();
lookAround();
setInterval(() => document.hidden || lookAround(), STATE_MS);
