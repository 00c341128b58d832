// Shows the lines of a table, paged, searched and narrowed to what the address asks for, or how one subject's answer
// came about. What comes from data is only ever set as text. Scripts beside this page call `lines` with their part.
(() => {
  const about = JSON.parse(document.getElementById("about").textContent);
  const said = about.said, box = document.getElementById("lines"), UNKNOWN = "\u2013", PAGE = 100;
  const parts = [];
  window.lines = (part) => parts.push(part);

  const make = (tag, attributes = {}, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== false) element.setAttribute(name, value);
    }
    element.append(...inside);
    return element;
  };
  const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const read = (file) => new Promise((done, failed) => {
    document.head.append(make("script", {src: file, load: done, error: failed}));
  });
  const plain = (text) => text.replaceAll("_", " ").toLowerCase();
  const count = (number) => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, about.group);
  const asked = (columns) => Object.entries(columns).map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join("&");

  async function table() {
    for (let n = 1; n <= about.chunks; n++) await read(`${about.table}-${n}.js`);
    const columns = about.columns.map((column, n) => ({...column, cells: parts.flatMap((part) => part[n])}));
    const named = new Map(columns.map((column) => [column.name, column]));
    const height = columns.length ? columns[0].cells.length : 0;
    let explained = null;
    if (about.ask) {
      parts.length = 0;
      await read("explanation-0.js");
      explained = new Set(parts[0].map((entry) => entry[0]));
    }
    const searched = Array.from({length: height}, (_, n) => plain(columns.map((column) => column.cells[n]).join("\n")));
    let order = null, page = 0, rows = [];

    const search = make("input", {type: "search", id: "search", input: () => { page = 0; show(); }});
    const chips = make("div", {class: "chips"}), state = make("p", {class: "state", role: "status"});
    const body = make("tbody"), head = make("tr"), pages = make("p", {class: "pages"});
    const apart = ["name", "reason", "rule", "href"];
    const shown = columns.filter((column) => about.table === "rules" ? column.name !== "href" : !apart.includes(column.name));
    for (const column of shown) {
      const sort = make("button", {type: "button", title: said.sort, click: () => sortBy(column)}, column.label);
      head.append(make("th", {scope: "col", class: column.kind}, sort));
      column.head = head.lastChild;
    }
    const grid = make("table", {}, make("thead", {}, head), body);
    box.replaceChildren(
      make("div", {class: "tools"}, make("label", {for: "search"}, said.search + " "), search, state), chips,
      make("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": document.title}, grid), pages,
      make("p", {class: "note"}, said.unknown)
    );

    const number = (text) => {
      const value = Number(text.replaceAll(about.group, "").replace(about.decimal, "."));
      return Number.isNaN(value) ? -Infinity : value;
    };
    function sortBy(column) {
      const down = order && order.column === column ? !order.down : column.kind === "money" || column.kind === "number";
      order = {column, down};
      for (const other of shown) other.head.removeAttribute("aria-sort");
      column.head.setAttribute("aria-sort", down ? "descending" : "ascending");
      page = 0;
      show();
    }
    function fits(cell, wanted) {
      if (wanted === ">0") return /[1-9]/.test(cell) && !cell.startsWith("-");
      const own = plain(cell), text = plain(wanted);
      return own === text || (text.endsWith("\u2026") && own.startsWith(text.slice(0, -1)));
    }
    function show() {
      const conditions = [...new URLSearchParams(location.hash.slice(1))].filter(([name]) => named.has(name));
      const words = plain(search.value).split(/\s+/).filter(Boolean);
      rows = [];
      for (let n = 0; n < height; n++) {
        if (!conditions.every(([name, wanted]) => fits(named.get(name).cells[n], wanted))) continue;
        if (words.every((word) => searched[n].includes(word))) rows.push(n);
      }
      if (order) {
        const {column, down} = order, isNumber = column.kind === "money" || column.kind === "number";
        const key = isNumber ? column.cells.map(number) : column.cells;
        const compare = isNumber ? (a, b) => key[a] - key[b] : (a, b) => (key[a] < key[b] ? -1 : key[a] > key[b] ? 1 : 0);
        rows.sort((a, b) => (down ? -compare(a, b) : compare(a, b)) || a - b);
      }
      const last = Math.max(1, Math.ceil(rows.length / PAGE));
      page = Math.min(page, last - 1);
      body.replaceChildren(...rows.slice(page * PAGE, (page + 1) * PAGE).flatMap(line));
      if (!rows.length) body.append(make("tr", {}, make("td", {colspan: shown.length}, said.none)));
      state.textContent = fill(said.lines, {shown: count(rows.length), all: count(height)});
      chips.replaceChildren(...(conditions.length ? [make("span", {}, said.only + " ")] : []), ...conditions.map(chip));
      const turn = (by) => () => { page += by; show(); box.scrollIntoView(); };
      pages.replaceChildren(...(last === 1 ? [] : [
        make("button", {type: "button", disabled: page === 0 && "", click: turn(-1)}, said.before),
        ` ${fill(said.page, {page: count(page + 1), pages: count(last)})} `,
        make("button", {type: "button", disabled: page === last - 1 && "", click: turn(1)}, said.after)
      ]));
    }
    function chip([name, wanted]) {
      const drop = () => {
        const left = new URLSearchParams(location.hash.slice(1));
        left.delete(name);
        location.hash = asked(Object.fromEntries(left));
      };
      const label = `${named.get(name).label}: ${wanted} `;
      return make("span", {class: "chip"}, label, make("button", {type: "button", "aria-label": `${said.drop}: ${label}`, click: drop}, "\u00d7"));
    }
    function line(n) {
      const cells = shown.map((column) => make("td", {class: column.kind}, ...cell(column, n)));
      const why = [];
      const note = (label, ...inside) => why.push(make("span", {}, make("b", {}, `${label}: `), ...inside));
      const reason = named.get("reason")?.cells[n] ?? UNKNOWN, rule = named.get("rule")?.cells[n] ?? UNKNOWN;
      if (about.table !== "rules") {
        if (reason !== UNKNOWN) note(named.get("reason").label, reason);
        if (about.rules[rule]) note(said.basis, make("a", {href: `${about.rulesPage}#rule=${encodeURIComponent(rule)}`}, about.rules[rule]));
        const links = about.related.map((one) => related(one, n));
        if (links.length) note(said.related, ...links.flatMap((link, place) => (place ? [", ", link] : [link])));
      }
      const first = make("tr", {class: why.length ? "with" : "alone"}, ...cells);
      return why.length ? [first, make("tr", {class: "why"}, make("td", {colspan: shown.length}, ...why))] : [first];
    }
    function cell(column, n) {
      const text = column.cells[n];
      if (text === UNKNOWN) return [text];
      if (column.subject) {
        const name = column.name === "subject_id" && named.has("name") ? named.get("name").cells[n] : text;
        const inside = [name, ...(name === text ? [] : [make("small", {}, ` ${text}`)])];
        if (explained && !explained.has(text)) return inside;
        return [make("a", {href: `explanation.html#${encodeURIComponent(text)}`}, inside[0]), ...inside.slice(1)];
      }
      if (column.name === "clause" && named.has("href") && /^https:/.test(named.get("href").cells[n])) {
        return [make("a", {href: named.get("href").cells[n], rel: "noreferrer"}, text)];
      }
      return [text];
    }
    function related([to, title, by], n) {
      if (to === "@table") {
        const name = named.get("table").cells[n];
        return make("a", {href: `${name.replaceAll(" ", "_")}.html`}, name);
      }
      const where = Object.fromEntries(by.filter((name) => named.has(name)).map((name) => [name, named.get(name).cells[n]]));
      return make("a", {href: `${to}.html#${asked(where)}`}, title);
    }
    addEventListener("hashchange", () => { page = 0; show(); });
    show();
  }

  async function explanation() {
    await read("explanation-0.js");
    const subjects = parts.pop(), places = new Map(subjects.map((entry) => [entry[0], entry]));
    const link = ([id, name]) => make("a", {href: `#${encodeURIComponent(id)}`}, name || id, ...(name ? [make("small", {}, ` ${id}`)] : []));
    const chunks = new Map();
    async function show() {
      const id = decodeURIComponent(location.hash.slice(1));
      if (!id) return list();
      const entry = places.get(id);
      if (!entry) {
        box.replaceChildren(make("h2", {}, id), make("p", {}, fill(about.absent, {subject: id})));
        return undefined;
      }
      if (!chunks.has(entry[2])) {
        await read(`explanation-${entry[2]}.js`);
        chunks.set(entry[2], parts.pop());
      }
      return one(entry, chunks.get(entry[2])[id]);
    }
    function list() {
      const found = make("ul", {class: "subjects"}), search = make("input", {type: "search", id: "search"});
      const narrow = () => {
        const wanted = plain(search.value);
        const fit = subjects.filter(([id, name]) => plain(`${id} ${name}`).includes(wanted));
        found.replaceChildren(...fit.slice(0, 300).map((entry) => make("li", {}, link(entry))));
      };
      search.addEventListener("input", narrow);
      box.replaceChildren(make("div", {class: "tools"}, make("label", {for: "search"}, said.search + " "), search), found);
      narrow();
    }
    function one([id, name], {lines: all, related}) {
      const answered = new Map(), reckoned = [];
      for (const line of all) {
        const [, rule, , , inputs, given] = line, [table] = rule.split(".");
        if (about.keys[table] && !inputs && !given) answered.set(table, [...(answered.get(table) ?? []), line]);
        else reckoned.push(line);
      }
      const shown = [make("h2", {tabindex: "-1"}, name || id, ...(name ? [make("small", {}, ` ${id}`)] : []))];
      if (answered.size) shown.push(make("h3", {}, said.answered), ...[...answered].flatMap(([table, lines]) => answer(table, lines, id)));
      if (reckoned.length) shown.push(make("h3", {}, said.reckoned), steps(reckoned, id));
      if (related.length) shown.push(make("h3", {}, said.related), make("ul", {class: "subjects"}, ...related.map((other) => make("li", {}, link(other)))));
      shown.push(make("p", {class: "note"}, fill(about.command, {subject: id})));
      box.replaceChildren(...shown);
      box.firstChild.focus();
    }
    function answer(table, lines, id) {
      const records = [], columns = [];
      for (const [, rule, value, unit, , , why] of lines) {
        const column = rule.slice(table.length + 1);
        if (!columns.includes(column)) columns.push(column);
        if (!records.length || column in records.at(-1).values) records.push({values: {}, why: ""});
        records.at(-1).values[column] = unit && /^-?[\d,]+\.\d+$/.test(value) ? signs(value) : value;
        records.at(-1).why ||= why;
      }
      const head = make("tr", {}, ...columns.map((column) => make("th", {scope: "col", class: about.numbers.includes(column) && "number"}, about.labels[column] ?? words(column))));
      const rows = records.flatMap(({values, why}) => [
        make("tr", {class: why ? "with" : "alone"}, ...columns.map((column) => make("td", {class: about.numbers.includes(column) && "number"}, readable(values[column])))),
        ...(why ? [make("tr", {class: "why"}, make("td", {colspan: columns.length}, make("span", {}, make("b", {}, `${about.labels.reason}: `), why)))] : [])
      ]);
      const [key, title] = about.keys[table];
      return [
        make("h4", {}, make("a", {href: `${table}.html#${asked({[key]: id})}`}, title)),
        make("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": title}, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)))
      ];
    }
    const words = (text) => text.replaceAll("_", " ");
    const readable = (value) => ({True: said.is_true, False: said.is_false})[value] ?? (value === undefined ? UNKNOWN : /^[a-z]+(_[a-z0-9]+)+$/.test(value) ? words(value) : value);
    const stated = (text) => text.replace(/\b[a-z]\w*(?= = )/g, words).replace(/\b(True|False)\b/g, readable);
    const signs = (value) => value.replace(/[.,]/g, (sign) => (sign === "," ? about.group : about.decimal));
    function steps(lines, id) {
      const names = [said.rule, said.value, said.from, said.given, said.clause];
      const isOwn = lines.every(([subject]) => subject === id);
      const rows = lines.map(([subject, rule, value, unit, inputs, given, clause]) => make("tr", {},
        ...(isOwn ? [] : [make("td", {}, subject)]),
        make("td", {}, make("a", {href: `${about.rulesPage}#rule=${encodeURIComponent(rule)}`}, words(rule.split(".").at(-1))), make("small", {}, ` ${rule}`)),
        make("td", {class: "value"}, readable(value), ...(unit && unit !== "code" ? [make("small", {}, ` ${words(unit)}`)] : [])),
        make("td", {}, stated(inputs)), make("td", {}, stated(given)), make("td", {class: "clause"}, clause)
      ));
      const head = make("tr", {}, ...[...(isOwn ? [] : [said.subject]), ...names].map((text) => make("th", {scope: "col"}, text)));
      return make("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": said.reckoned},
        make("table", {class: "steps"}, make("thead", {}, head), make("tbody", {}, ...rows)));
    }
    addEventListener("hashchange", show);
    await show();
  }

  box.textContent = said.loading;
  (about.kind === "explanation" ? explanation() : table()).catch(() => { box.textContent = about.missing; });
})();
