"use strict";
(() => {
  const said = document.getElementById("said");
  const number = /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i;

  // Empty keys come last in either direction.
  const compare = (a, b, sign) => {
    if (a === b) return 0;
    if (a === "") return 1;
    if (b === "") return -1;
    const both = number.test(a) && number.test(b);
    return sign * (both ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true }));
  };

  const sort = (table, column, head) => {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const key = (row) => row.cells[column].dataset.key ?? "";
    const was = head.getAttribute("aria-sort");
    const numbers = rows.every((row) => key(row) === "" || number.test(key(row)));
    const down = was === null ? numbers : was === "ascending";
    rows.sort((a, b) => compare(key(a), key(b), down ? -1 : 1));
    body.append(...rows);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    said.textContent = `${table.caption.textContent}: sorted by ${head.textContent.trim()}, ${down ? "descending" : "ascending"}`;
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      if ("fixed" in head.dataset) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, column, head));
      head.append(button);
    });
  }

  // One player at a time.
  document.addEventListener("play", (event) => {
    for (const other of document.querySelectorAll("audio")) {
      if (other !== event.target) other.pause();
    }
  }, true);

  if (matchMedia("(min-width: 70rem)").matches) document.getElementById("contents").open = true;

  // On paper nothing can be opened.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
  });
})();
