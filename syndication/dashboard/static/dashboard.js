// Counts times up and down, and keeps the user's input while a live part is replaced.
// Every page works without it and shows absolute times instead.
"use strict";

document.documentElement.classList.add("scripted");  // What only pages without scripts have to say is hidden.

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

function span(seconds, exactly) {
  const place = UNITS.findIndex(([size]) => seconds >= size);
  const [size, unit] = UNITS[place < 0 ? 3 : place];
  const whole = Math.max(Math.floor(seconds / size), 0);
  if (!exactly || size === 1 || whole >= 10) return `${whole} ${unit}`;
  const [less, lesser] = UNITS[place + 1];
  const rest = Math.floor((seconds - whole * size) / less);
  return rest ? `${whole} ${unit} ${rest} ${lesser}` : `${whole} ${unit}`;
}

function count(time) {
  const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
  // Clocks differ a little: a past time never shows as a countdown, nor a due time as past.
  if (time.dataset.count === "ago") return seconds > -1 ? "just now" : `${span(-seconds)} ago`;
  return seconds < 0 ? "now" : `in ${span(seconds, true)}`;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-count]")) {
    const words = count(time);
    if (time.textContent !== words) time.textContent = words;
  }
}

let updatedAt = new Date();

function clock(moment) {
  const form = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  try {
    return moment.toLocaleTimeString("en-GB", { ...form, timeZone: document.body.dataset.zone });
  } catch { // The browser does not know the newsroom's time zone.
    return moment.toLocaleTimeString("en-GB", form);
  }
}

function showStale(event) {
  const error = new DOMParser().parseFromString(event.detail.xhr?.responseText || "", "text/html").querySelector(".note");
  const note = document.getElementById("old");
  note.hidden = false;
  if ("form" in note.dataset && event.detail.requestConfig?.verb === "get") return;
  if (event.detail.requestConfig?.verb !== "get") { // Nothing sends a form again but the person who filled it in.
    note.textContent = error ? error.textContent : "Not done: the server did not answer. Try again.";
    note.dataset.form = "";
    return;
  }
  const verdict = document.getElementById("verdict-link");
  if (verdict) { // It is not known any more whether all is well; the next answer puts it right.
    verdict.className = "health notice";
    verdict.lastChild.textContent = "Not up to date";
  }
  const shown = `Showing data from ${clock(updatedAt)}`;
  note.textContent = error ? `${shown}. ${error.textContent}` : `Connection lost. ${shown}; retrying.`;
}

// A box that ticks all others of a form, and a button that says how many are ticked.
function showSelected() {
  for (const button of document.querySelectorAll("button[data-selected]")) {
    const boxes = [...document.querySelectorAll(`input[type=checkbox][form="${button.dataset.selected}"]`)];
    const number = boxes.filter((box) => box.checked).length;
    const words = number ? `Withdraw ${number} selected …` : "Withdraw selected …";
    if (button.textContent !== words) button.textContent = words;
    const all = document.querySelector(`label[data-all="${button.dataset.selected}"]`);
    all.hidden = boxes.length < 2;
    all.firstElementChild.checked = number > 0 && number === boxes.length;
    all.firstElementChild.indeterminate = number > 0 && number < boxes.length;
  }
}

function selectAll(event) {
  const all = event.target.closest("label[data-all]");
  if (all) for (const box of document.querySelectorAll(`input[type=checkbox][form="${all.dataset.all}"]`)) box.checked = event.target.checked;
  if (all || event.target.hasAttribute("form")) showSelected();
}

document.addEventListener("DOMContentLoaded", () => {
  showSelected();
  document.body.addEventListener("change", selectAll);
  for (const name of ["afterSwap", "oobAfterSwap"]) document.body.addEventListener(`htmx:${name}`, showSelected);
  tick();
  setInterval(tick, 1000);
  document.body.addEventListener("htmx:afterSwap", tick);
  // A hidden page does not poll.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.requestConfig.verb === "get") event.preventDefault();
  });
  // If an update fails, the part keeps its content and the page shows a note until one succeeds.
  for (const name of ["responseError", "sendError", "timeout"]) document.body.addEventListener(`htmx:${name}`, showStale);
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) return;
    const note = document.getElementById("old");
    if (event.detail.requestConfig.verb !== "get") delete note.dataset.form;
    updatedAt = new Date();
    note.hidden = !("form" in note.dataset); // What is said of a form stays when a part was refreshed.
  });
  // Beside the form the preview is in view already; below it, on a phone, it is not.
  document.body.addEventListener("click", (event) => {
    const shown = event.target.closest("[data-shows]")?.dataset.shows;
    if (shown) document.getElementById(shown)?.scrollIntoView({ block: "nearest" });
  });
  if (document.querySelector("[data-retry]")) setTimeout(() => location.reload(), 5000);
});

// Checked boxes and open details stay so when their row is replaced.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) =>
  !(name === "checked" && element.type === "checkbox") && !(name === "open" && element.tagName === "DETAILS");
Idiomorph.defaults.ignoreActiveValue = true;
