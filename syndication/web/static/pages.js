// Buttons that copy an address, and the search that narrows the sections while one types. Without this script a click on
// an address selects it (user-select: all), and the search is a form.
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
  const narrow = () => {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    let left = 0;
    for (const section of sections.children) {
      section.hidden = !words.every((word) => section.dataset.words.includes(word));
      left += section.hidden ? 0 : 1;
    }
    sections.classList.toggle("leading", words.length === 0);
    status.textContent = words.length === 0 ? "" : `${left || "No"} section${left === 1 ? "" : "s"} found.`;
  };
  field.addEventListener("input", narrow);
  if (field.value) narrow(); // After "back", the browser fills in what was typed.
}
