// Puts the visitor's own time beside the page's where the two zones differ. The page is whole without it.
const { zone, ownTime } = document.documentElement.dataset;
const language = document.documentElement.lang;
const clock = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const here = new Intl.DateTimeFormat(language, clock);
const there = new Intl.DateTimeFormat(language, { ...clock, timeZone: zone });

for (const time of document.querySelectorAll(".own-time time")) {
  const at = new Date(time.dateTime);
  if (here.format(at) === there.format(at)) continue;
  const own = document.createElement("span");
  own.className = "visitor-time";
  own.textContent = ` / ${ownTime} ${here.format(at)}`;
  time.after(own);
}
