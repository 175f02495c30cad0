// The banner of a status page on another site, only while something is wrong:
//   <script async src="https://status.example.com/embed.js" data-language="en"></script>
// It stands where the script stands, or at the top of the page where that is in the head. The site's own
// policy must allow the status page in connect-src, frame-src and script-src. Nobody else is asked anything.
(() => {
  const script = document.currentScript;
  const { origin } = new URL(script.src);
  const { language } = script.dataset;
  const everyMilliseconds = 60_000;
  let frame = null;

  const isWrong = ({ status, incidents }) => status.indicator !== "none" || incidents.length > 0;

  const show = () => {
    frame = document.createElement("iframe");
    frame.src = `${origin}${language ? `/${encodeURIComponent(language)}` : ""}/embed`;
    frame.title = "Status";
    Object.assign(frame.style, { display: "block", width: "100%", height: "0", border: "0" });
    if (document.head.contains(script)) document.body.prepend(frame);
    else script.before(frame);
  };

  const hide = () => {
    frame?.remove();
    frame = null;
  };

  // A page that cannot be reached says nothing: what stands here stays.
  const look = async () => {
    try {
      const answer = await fetch(`${origin}/api/v2/summary.json`, { credentials: "omit" });
      if (!answer.ok) return;
      const summary = await answer.json();
      const told = JSON.stringify([summary.status, summary.incidents.map((one) => one.updated_at)]);
      if (told === look.told) return;
      look.told = told;
      hide();
      if (isWrong(summary)) show();
    } catch {
      // asked again in a minute
    }
  };

  addEventListener("message", ({ source, data }) => {
    const height = data?.statusEmbedHeight;
    if (frame && source === frame.contentWindow && Number.isFinite(height)) {
      frame.style.height = `${Math.min(Math.max(height, 0), 400)}px`;
    }
  });

  const begin = () => {
    look();
    setInterval(look, everyMilliseconds);
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
