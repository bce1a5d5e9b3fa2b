
for (const table of document.querySelectorAll("table.records")) {
  const search = table.previousElementSibling;
  const input = search.querySelector("input");
  const output = search.querySelector("output");
  const rows = [...table.tBodies[0].rows];
  search.hidden = false;
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    output.textContent = words.length ? shown + " of " + rows.length : "";
  });
}
