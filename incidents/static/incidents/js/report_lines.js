// The timeline of a report: a line is dragged in or out, or changed by its buttons, without the page being
// loaded again. Without this each button sends its line.
const lines = document.getElementById("lines");
const problem = document.getElementById("line-problem");
const lists = [...lines.querySelectorAll("[data-lines]")];
const headers = { "HX-Request": "true", ...JSON.parse(document.body.getAttribute("hx-headers")) };

const rank = ({ dataset }) => [Number(dataset.order), Number(dataset.entry)];

function comesAfter(one, other) {
  const [[at, entry], [otherAt, otherEntry]] = [rank(one), rank(other)];
  return at > otherAt || (at === otherAt && entry > otherEntry);
}

function place({ html, entry, is_included: isIncluded }) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  const line = holder.content.firstElementChild;
  document.getElementById(`line-${entry}`)?.remove();
  const list = lists.find((one) => one.dataset.lines === (isIncluded ? "kept" : "left"));
  const next = [...list.children].find((other) => comesAfter(other, line));
  list.insertBefore(line, next ?? null);
}

function count() {
  for (const list of lists) {
    lines.querySelector(`[data-count=${list.dataset.lines}]`).textContent = list.childElementCount;
  }
}

// What stands there by now is told; saving again knowingly replaces it.
function showTheirs(form, theirs) {
  for (const [language, text] of Object.entries(theirs)) {
    form.elements[`base_${language}`].value = text;
    if (text) problem.textContent += ` [${text}]`;
  }
}

async function send(form, step) {
  const body = new URLSearchParams(new FormData(form));
  body.set("step", step);
  const entry = form.closest("li").dataset.entry;
  const answer = await fetch(form.action, { method: "POST", body, headers }).catch(() => null);
  if (answer?.status === 401) document.getElementById("signed-out").hidden = false;
  const told = await answer?.json().catch(() => null);
  problem.hidden = Boolean(told) && !told.problem;
  problem.textContent = told?.problem || problem.dataset.unreachable;
  if (told?.problem) showTheirs(form, told.theirs);
  if (!told || told.problem) return;
  told.rows.forEach(place);
  count();
  document.getElementById(`line-${entry}`).querySelector("button").focus();
}

lines.addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopPropagation();
  send(event.target, event.submitter.value);
});

let dragged = null;
lines.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("li[draggable]") ?? null;
  if (dragged) event.dataTransfer.effectAllowed = "move";
});
lines.addEventListener("dragend", () => {
  dragged = null;
  lines.querySelectorAll(".drop-here").forEach((list) => list.classList.remove("drop-here"));
});
for (const list of lists) {
  const card = list.closest(".card");
  const isOther = () => dragged && dragged.parentElement !== list;
  card.addEventListener("dragover", (event) => {
    if (!isOther()) return;
    event.preventDefault();
    list.classList.add("drop-here");
  });
  card.addEventListener("dragleave", (event) => {
    if (!card.contains(event.relatedTarget)) list.classList.remove("drop-here");
  });
  card.addEventListener("drop", (event) => {
    if (!isOther()) return;
    event.preventDefault();
    send(dragged.querySelector("form"), list.dataset.step);
  });
}
document.querySelectorAll(".drop-hint").forEach((hint) => { hint.hidden = false; });
