"use strict";
(() => {
  // The table is complete without this script; it only sorts and filters.
  const $ = (id) => document.getElementById(id);
  const table = $("unit-unit"), tools = $("alat"), find = $("cari"), order = $("urut"), count = $("jumlah");
  if (!table) return;
  const body = table.tBodies[0], first = [...body.rows], names = new Intl.Collator("id", { numeric: true });
  const heads = [...table.querySelectorAll("th[data-k]")];
  const sort = (key, up) => {
    const sign = up ? 1 : -1;
    for (const h of heads)
      h.dataset.k === key ? h.setAttribute("aria-sort", up ? "ascending" : "descending") : h.removeAttribute("aria-sort");
    const rows = key ? [...first].sort((a, b) => {
      const x = a.dataset[key], y = b.dataset[key], last = a.dataset.last - b.dataset.last;
      if (last) return last; // units without a number, or with one in brackets, stay last
      if (key === "name") return sign * names.compare(x, y);
      return (x === "") - (y === "") || sign * (x - y);
    }) : first;
    body.append(...rows);
    const value = key + (up ? "+" : "-");
    order.value = [...order.options].some((o) => o.value === value) ? value : "";
  };
  const filter = () => {
    const words = find.value.trim().toLowerCase();
    let shown = 0;
    for (const row of first) {
      row.hidden = !row.dataset.find.includes(words);
      shown += !row.hidden;
    }
    count.textContent = shown === first.length ? shown + " unit" : shown + " dari " + first.length + " unit";
  };
  find.addEventListener("input", filter);
  order.addEventListener("input", () => sort(order.value.slice(0, -1), order.value.endsWith("+")));
  for (const h of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...h.childNodes);
    h.append(button);
    button.addEventListener("click", () => {
      const now = h.getAttribute("aria-sort");
      sort(h.dataset.k, now ? now === "descending" : h.dataset.k === "name");
    });
  }
  tools.hidden = false;
})();
