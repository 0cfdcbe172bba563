// What the pages do better with script. Without it everything works, by links and forms.
"use strict";

// Menus close on Escape and when something else is used.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// The slider says where in time it stands, and moves the mark in the picture above it. Letting go of it with the mouse or
// a finger goes there; with the keyboard, Enter does, since every press of an arrow is a change.
const instant = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "UTC",
});
for (const form of document.querySelectorAll("form.slide")) {
  const [slider, output] = [form.querySelector("input[type=range]"), form.querySelector("output")];
  const here = form.querySelector(".here");
  let dragged = false;
  slider.addEventListener("input", () => {
    const [value, min, max] = [slider.value, slider.min, slider.max].map(Number);
    output.value = value >= max ? "now" : instant.format(new Date(value * 1000)).replace("Sept", "Sep");
    slider.setAttribute("aria-valuetext", value >= max ? "now" : `${output.value} UTC`);
    here?.setAttribute("x", String((1000 * (value - min)) / (max - min) - 1.5));
  });
  slider.addEventListener("pointerdown", () => { dragged = true; });
  slider.addEventListener("keydown", () => { dragged = false; });
  slider.addEventListener("change", () => { if (dragged) form.requestSubmit(); });
}

// All categories open or closed, in place.
for (const link of document.querySelectorAll("[data-all]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    for (const category of document.querySelectorAll("details.category")) category.open = link.dataset.all === "open";
  });
}

// The filter of permissions works as it is typed. What is hidden keeps its switch, and is posted with the others.
for (const form of document.querySelectorAll("[data-filter]")) {
  const field = form.querySelector("input[type=search]");
  if (field.value) continue;
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const category of document.querySelectorAll("details.category")) {
      let found = 0;
      for (const item of category.querySelectorAll("[data-search]")) {
        const text = `${item.dataset.search} ${category.dataset.search}`.toLowerCase();
        item.hidden = !words.every((word) => text.includes(word));
        if (!item.hidden) found += 1;
      }
      category.hidden = found === 0;
      if (words.length && found) category.open = true;
    }
  });
}

// What is not saved is said, and not lost by leaving.
for (const form of document.querySelectorAll("form.switches")) {
  const bar = form.querySelector(".savebar .quiet");
  const boxes = [...form.querySelectorAll("input[type=checkbox], input[type=radio]")].filter((box) => !box.disabled);
  let posted = false;
  const changed = () => boxes.filter((box) => box.checked !== box.defaultChecked).length;
  const usual = bar?.textContent;
  form.addEventListener("change", () => {
    const count = changed();
    if (bar) bar.textContent = count ? `${count} changed, not saved yet.` : usual;
  });
  form.addEventListener("submit", () => { posted = true; });
  addEventListener("beforeunload", (event) => { if (!posted && changed()) event.preventDefault(); });
}
