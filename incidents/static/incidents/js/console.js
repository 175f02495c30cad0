"use strict";
(function () {
  const root = document.documentElement;
  root.classList.add("scripted");

  function show(id, visible) {
    const element = document.getElementById(id);
    if (element) element.hidden = !visible;
  }

  // A part that cannot be fetched leaves what is shown, and says so.
  document.addEventListener("htmx:responseError", function (event) {
    if (event.detail.xhr.status === 401) show("signed-out", true);
  });
  document.addEventListener("htmx:sendError", function () { show("offline", true); });
  document.addEventListener("htmx:afterOnLoad", function () { show("offline", false); });

  // The board is not replaced under the hands of someone who is inside of an open part of it.
  document.addEventListener("htmx:beforeRequest", function (event) {
    const board = event.target;
    if (board.id === "board" && board.querySelector("details[open]")) event.preventDefault();
  });

  // A form is sent once; going back in the browser makes its buttons work again.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.method !== "post" || (event.submitter && event.submitter.formTarget)) return;
    setTimeout(function () {
      form.querySelectorAll("button").forEach(function (button) { button.disabled = true; });
    }, 0);
  });
  window.addEventListener("pageshow", function (event) {
    if (!event.persisted) return;
    document.querySelectorAll("form[method=post] button").forEach(function (button) { button.disabled = false; });
  });

  // What is typed is shown in the preview's frame once the typing pauses.
  const previewing = document.querySelector("button[data-live]");
  if (previewing) {
    let pause = 0;
    previewing.form.addEventListener("input", function () {
      clearTimeout(pause);
      pause = setTimeout(function () { previewing.form.requestSubmit(previewing); }, 400);
    });
  }

  const problem = document.querySelector("[data-focus]");
  if (problem) problem.focus();

  // The composer's text stays in this browser until the page shows an update with its request key.
  const composer = document.querySelector("form[data-keep]");
  if (composer) keep(composer, "composer:" + location.host + ":" + composer.dataset.keep);

  function keep(form, name) {
    const kept = Array.from(form.elements)
      .map(function (field) { return field.name; })
      .filter(function (field) { return /^(body|concerned|workaround)(_|$)/.test(field); });
    const initial = read();

    function read() {
      const values = {};
      kept.forEach(function (field) { values[field] = form.elements[field].value; });
      return values;
    }
    function load() {
      try { return JSON.parse(localStorage.getItem(name)); } catch (error) { return null; }
    }
    function store() {
      try {
        localStorage.setItem(name, JSON.stringify({ key: form.elements.request_key.value, values: read() }));
      } catch (error) { /* storage is full or forbidden: the form still works */ }
    }
    function forget() {
      try { localStorage.removeItem(name); } catch (error) { /* as above */ }
    }
    function write(values) {
      kept.forEach(function (field) {
        if (typeof values[field] === "string") form.elements[field].value = values[field];
      });
      kept.filter(function (field) { return field.startsWith("body"); }).forEach(function (field) {
        form.elements[field].dispatchEvent(new Event("kept"));
      });
    }
    function isAcknowledged(key) {
      return Array.from(document.querySelectorAll("[data-request-key]")).some(function (update) {
        return update.dataset.requestKey === key;
      });
    }

    const stored = load();
    if (stored && stored.values) {
      if (isAcknowledged(stored.key)) {
        forget();
      } else if (!("bound" in form.dataset) && JSON.stringify(stored.values) !== JSON.stringify(initial)) {
        form.elements.request_key.value = stored.key;
        window.addEventListener("load", function () { write(stored.values); });
        show("restored", true);
      }
    }
    form.addEventListener("input", function (event) {
      if (kept.includes(event.target.name)) store();
    });
    document.getElementById("discard-restored").addEventListener("click", function () {
      forget();
      write(initial);
      show("restored", false);
    });
  }

  // Offered only where the browser can do it.
  if (navigator.clipboard) {
    document.querySelectorAll("button[data-copy]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
      });
    });
  }
})();
