"use strict";
(() => {
  // The page is whole without this script; it only hides what was not searched for.
  const $ = (id) => document.getElementById(id);
  const find = $("cari"), count = $("jumlah");
  const entries = [...document.querySelectorAll("article.q")].map((box) => [box, box.textContent.toLowerCase()]);
  const groups = [...document.querySelectorAll("section.group")], forms = [...document.querySelectorAll("section.form:not(.index)")];
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [box, text] of entries) {
      box.hidden = !words.every((word) => text.includes(word));
      shown += !box.hidden;
    }
    for (const group of [...groups, ...forms]) group.hidden = !group.querySelector("article.q:not([hidden])");
    for (const index of document.querySelectorAll("section.index")) index.hidden = words.length > 0;
    count.textContent = words.length ? shown + " dari " + entries.length + " pertanyaan" : entries.length + " pertanyaan";
  };
  find.addEventListener("input", filter);
  // A link to a question that the search hides would lead nowhere.
  window.addEventListener("hashchange", () => {
    const target = $(decodeURIComponent(location.hash.slice(1)));
    if (target && target.closest("[hidden]")) { find.value = ""; filter(); target.scrollIntoView(); }
  });
  $("alat").hidden = false;
})();
