// Buttons that copy an address, and the search that narrows the sections while one types, then asks for tags and authors.
// Without this script a click on an address selects it (user-select: all), and the search is a form.
"use strict";
for (const button of document.querySelectorAll("button.copy")) {
  const address = document.getElementById(button.dataset.copies);
  const words = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.setAttribute("aria-describedby", address.id);
  button.addEventListener("click", async () => {
    let copied = true;
    try {
      await navigator.clipboard.writeText(address.textContent);
    } catch {
      getSelection().selectAllChildren(address); // Without permission, or over plain HTTP.
      copied = document.execCommand("copy");
    }
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { button.textContent = words; }, 2500);
  });
}

const field = document.querySelector("input[data-filters]");
if (field) {
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{Mn}/gu, "").normalize("NFC");
  const sections = document.getElementById(field.dataset.filters);
  const status = document.getElementById("found");
  const terms = document.getElementById("terms");
  const write = (left, more) => {
    status.textContent = `${left || "No"} section${left === 1 ? "" : "s"} found.${more ? ` Tags and authors: ${more}.` : ""}`;
  };
  let pause, asked = new AbortController();
  // Tags and authors are not in this page: after a pause in typing, they are taken from the page of the search.
  const ask = async (left) => {
    const signal = asked.signal;
    try {
      const answer = await fetch(`${field.form.action}?q=${encodeURIComponent(field.value)}`, { signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("terms");
      if (signal.aborted || !answer.ok || !page) return;
      terms.replaceChildren(...page.childNodes);
      write(left, terms.querySelectorAll("li").length);
    } catch {
      // Left out: the button asks again, and shows what is wrong.
    }
  };
  const narrow = () => {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    let left = 0;
    for (const section of sections.children) {
      section.hidden = !words.every((word) => section.dataset.words.includes(word));
      left += section.hidden ? 0 : 1;
    }
    sections.classList.toggle("leading", words.length === 0);
    if (words.length === 0) status.textContent = "";
    else write(left, 0);
    if (!terms) return;
    clearTimeout(pause);
    asked.abort();
    asked = new AbortController();
    terms.replaceChildren();
    if (words.length > 0) pause = setTimeout(ask, 350, left);
  };
  field.addEventListener("input", narrow);
  if (field.value) narrow(); // After "back", the browser fills in what was typed.
}
