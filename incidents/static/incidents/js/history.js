// Search in the history: in this browser, over files that were published for it, a year at a time.
// Nothing that is typed leaves the browser. Without this the months are there as links.
const SHOWN = 30;
const PAUSE_MS = 150;
const form = document.getElementById("search");
const found = document.getElementById("found");
const list = document.getElementById("found-list");
const count = document.getElementById("found-count");
const more = document.getElementById("found-more");
const line = document.getElementById("found-line");
const byMonth = document.getElementById("by-month");
const { lang: language, dataset: { zone } } = document.documentElement;
const words = form?.dataset;

const locale = language === "en" ? "en-GB" : language;
const day = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: zone });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });

// Full-width and half-width, capital and small letters are the same to a reader.
const fold = (text) => text.normalize("NFKC").toLowerCase();

const loaded = new Map();

function load(year) {
  if (!loaded.has(year)) {
    const loading = fetch(`/history/${year}.json`).then((response) => {
      if (!response.ok) throw new Error(response.statusText);
      return response.json();
    });
    loaded.set(year, loading.then((file) => [
      ...file.incidents.map((incident) => entry({ ...incident, path: `incidents/${incident.reference}` }, file.services)),
      ...file.maintenances.map((work) => entry(asIncident(work), file.services)),
    ].sort(byOnset)));
    loading.catch(() => loaded.delete(year));
  }
  return loaded.get(year);
}

// Instants are all in UTC and written alike, so that their texts are in order.
const byOnset = (one, other) => other.started_at.localeCompare(one.started_at);

const asIncident = (work) => ({ ...work, path: `maintenance/${work.id}`, stage: work.state, status: "maintenance" });

function entry(incident, names) {
  const texts = incident.texts[language] ?? {};
  const services = incident.services.map((slug) => names[slug] ?? {});
  const everything = [incident, ...Object.values(incident.texts)].flatMap((told) => [told.title, told.latest]);
  const text = [incident.reference, ...everything, ...services.flatMap((name) => Object.values(name))];
  return {
    ...incident,
    title: texts.title ?? incident.title,
    latest: texts.latest ?? incident.latest,
    names: services.map((name) => name[language] ?? Object.values(name)[0]),
    text: fold(text.filter(Boolean).join("\n")),
  };
}

function asked() {
  const values = new FormData(form);
  return { terms: fold(values.get("q")).split(/\s+/).filter(Boolean), service: values.get("service") };
}

function answers(incident, { terms, service }) {
  return (!service || incident.services.includes(service)) && terms.every((term) => incident.text.includes(term));
}

function time(at, before) {
  const instant = new Date(at);
  const isSameDay = before !== undefined && day.format(new Date(before)) === day.format(instant);
  const element = document.createElement("time");
  element.dateTime = at;
  element.textContent = isSameDay ? clock.format(instant) : `${day.format(instant)} ${clock.format(instant)}`;
  return element;
}

function draw(incident) {
  const item = line.content.cloneNode(true);
  const link = item.querySelector("a");
  link.href = link.getAttribute("href") + incident.path;
  link.textContent = incident.title;
  item.querySelector(".incident-line").classList.add(`incident-${incident.status}`);
  item.querySelector("use").setAttribute("href", `#icon-${incident.status}`);
  const stage = item.querySelector(".stage");
  stage.classList.add(`stage-${incident.stage}`);
  stage.textContent = words[incident.stage];
  const end = incident.ended_at ? time(incident.ended_at, incident.started_at) : words.ongoing;
  item.querySelector(".period").append(time(incident.started_at), language === "ja" ? " ～ " : " – ", end);
  item.querySelector(".found-services").textContent = incident.names.join(" · ");
  item.querySelector(".found-latest").textContent = incident.latest;
  return item;
}

let matches = [];

function drawMore() {
  const next = matches.slice(list.childElementCount, list.childElementCount + SHOWN);
  const first = list.childElementCount;
  list.append(...next.map(draw));
  more.hidden = list.childElementCount >= matches.length;
  list.dispatchEvent(new CustomEvent("added", { bubbles: true }));
  return list.children[first];
}

function summary() {
  if (matches.length === 0) return words.none;
  return matches.length === 1 ? words.one : words.many.replace("{n}", matches.length);
}

let turn = 0;

async function search() {
  const mine = ++turn;
  const question = asked();
  const isAsking = question.terms.length > 0 || question.service !== "";
  keepInAddress();
  found.hidden = !isAsking;
  byMonth.hidden = isAsking;
  matches = [];
  list.replaceChildren();
  more.hidden = true;
  count.textContent = isAsking ? words.searching : "";
  if (!isAsking) return;
  let hasFailed = false;
  for (const year of words.years.trim().split(" ")) {
    const incidents = await load(year).catch(() => { hasFailed = true; return []; });
    if (mine !== turn) return;
    matches.push(...incidents.filter((incident) => answers(incident, question)));
    if (list.childElementCount < SHOWN) drawMore();
  }
  more.hidden = list.childElementCount >= matches.length;
  count.textContent = hasFailed ? `${summary()} ${words.failed}` : summary();
}

function keepInAddress() {
  const values = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(values).toString();
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
}

let pause;

if (form) {
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (["q", "service"].includes(name)) form.elements[name].value = value;
  }
  form.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
  form.addEventListener("input", (event) => {
    clearTimeout(pause);
    if (!event.isComposing) pause = setTimeout(search, PAUSE_MS);
  });
  form.addEventListener("compositionend", search);
  more.addEventListener("click", () => drawMore()?.querySelector("a").focus());
  if (location.search) search();
}
