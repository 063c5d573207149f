// What a page of the dashboard does by itself: counts times up and down, and keeps what a person chose
// while a part of the page is replaced. Without it every page works, and shows the time instead.
"use strict";

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
  // Clocks differ a little: what has just been is not still to come, and what is due is due.
  if (time.dataset.count === "ago") return seconds > -1 ? "just now" : `${span(-seconds)} ago`;
  return seconds < 0 ? "now" : `in ${span(seconds, true)}`;
}

function tick() {
  for (const time of document.querySelectorAll("time[data-count]")) {
    const words = count(time);
    if (time.textContent !== words) time.textContent = words;
  }
}

function sayOld(event) {
  const told = new DOMParser().parseFromString(event.detail.xhr?.responseText || "", "text/html").querySelector(".note");
  const why = told ? told.textContent : "The service does not answer; this page tries again by itself.";
  const note = document.getElementById("old");
  note.textContent = `This is not up to date. ${why}`;
  note.hidden = false;
}

document.addEventListener("DOMContentLoaded", () => {
  tick();
  setInterval(tick, 1000);
  document.body.addEventListener("htmx:afterSwap", tick);
  // A page that nobody looks at asks for nothing.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.requestConfig.verb === "get") event.preventDefault();
  });
  // A part that cannot be had stays as it was, and the page says so until it can.
  for (const name of ["responseError", "sendError", "timeout"]) document.body.addEventListener(`htmx:${name}`, sayOld);
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) document.getElementById("old").hidden = true;
  });
  if (document.querySelector("[data-retry]")) setTimeout(() => location.reload(), 5000);
});

// A box that a person ticked stays ticked when its row is made anew, and what is open stays open.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) =>
  !(name === "checked" && element.type === "checkbox") && !(name === "open" && element.tagName === "DETAILS");
Idiomorph.defaults.ignoreActiveValue = true;
