// Marks in the contents the chapter and section on screen, folds the contents on small screens, and lets every figure
// of a table's row lead where the row's link leads.
document.addEventListener("DOMContentLoaded", () => {
  const contents = document.querySelector("#contents details");
  if (matchMedia("(max-width: 60rem)").matches) contents.removeAttribute("open");
  const links = new Map();
  for (const link of document.querySelectorAll("#contents a")) links.set(link.hash.slice(1), link);
  const targets = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  const mark = () => {
    let last = targets[0];
    for (const target of targets) if (target.getBoundingClientRect().top < 120) last = target;
    for (const item of document.querySelectorAll("#contents .current")) item.classList.remove("current");
    if (!last) return;
    const link = links.get(last.id);
    link.classList.add("current");
    for (let item = link.closest("li"); item; item = item.parentElement.closest("li")) item.classList.add("current");
  };
  document.documentElement.classList.add("scripted");
  for (const link of document.querySelectorAll("table.data tbody a[href^='lines/']")) {
    const row = link.closest("tr");
    if (row.closest("tfoot") || row.querySelector("td.note")) continue;
    row.classList.add("leads");
    row.addEventListener("click", (event) => {
      if (!event.target.closest("a") && !String(getSelection())) link.click();
    });
  }
  document.addEventListener("scroll", mark, {passive: true});
  mark();
});
