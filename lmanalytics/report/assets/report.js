// Marks in the contents the chapter and section on screen, and folds the contents on small screens.
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
  document.addEventListener("scroll", mark, {passive: true});
  mark();
});
