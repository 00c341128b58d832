"""Tables: from the tree of a great_tables page to a plain tree for HTML and to a Typst table for print."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lmanalytics.errors import ReportError
from lmanalytics.report.builtin.pandoc import Node, Nodes, plain, rewrite
from lmanalytics.report.builtin.typst import LONG_WORD, content, pieces, string

_ROLES = {
    "gt_heading": "title",
    "gt_group_heading": "group",
    "gt_column_spanner_outer": "spanner",
    "gt_sourcenote": "note",
    "gt_footnote": "note",
    "gt_summary_row": "total",
    "gt_grand_summary_row": "total",
    "gt_stub": "stub",
}
_SIDES = {"gt_right": "right", "gt_center": "center", "gt_left": "left"}
_ALIGNED = {"AlignRight": "right", "AlignCenter": "center", "AlignLeft": "left"}
_HEX = re.compile(r"^#([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})$")
_RGB = re.compile(r"^rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,\s*1(?:\.0)?\s*)?\)$")
_SHORT = re.compile(r"^[\d.,:%+\N{MINUS SIGN}\N{EN DASH}-]{1,24}$")
_UNSET = {"inherit", "unset", "initial", "transparent", "currentcolor"}
_BOLD = {"bold", "bolder", "600", "700", "800", "900"}


@dataclass(frozen=True)
class Cell:
    """One cell: what it says, how many columns and rows it takes, its side, role and marks."""

    blocks: Nodes
    columns: int = 1
    rows: int = 1
    side: str = "left"
    role: str = ""
    fill: str = ""
    ink: str = ""
    is_bold: bool = False


@dataclass
class Grid:
    """A table: columns, heading rows, body rows and the notes under it."""

    columns: int
    head: list[list[Cell]] = field(default_factory=list)
    body: list[list[Cell]] = field(default_factory=list)
    notes: list[Nodes] = field(default_factory=list)


def read_grid(where: str, table: Node) -> Grid:
    """Read a table's tree; roles and marks come from the classes and styles that great_tables writes.

    Raises:
        ReportError: a color is written in a way that print does not know.

    """
    _, _, specs, head, bodies, foot = table["c"]
    sides = [_ALIGNED.get(spec[0]["t"], "") for spec in specs]
    grid = Grid(len(specs))
    grid.head = [_row(where, row, sides) for row in head[1]]
    for _, _, inner, rows in bodies:
        grid.body += [_row(where, row, sides) for row in [*inner, *rows]]
    for row in foot[1]:
        cells = _row(where, row, sides)
        if all(cell.role == "note" for cell in cells):
            grid.notes += [cell.blocks for cell in cells]
        else:
            grid.body.append(cells)
    grid.body = [row for row in grid.body if row]
    return grid


def html_table(grid: Grid) -> Node:
    """Return the grid as a tree whose cells have our classes only, and no style but color and weight."""

    def cell(c: Cell, scope: str) -> list[Any]:
        style = {"background-color": c.fill, "color": c.ink, "font-weight": "bold" if c.is_bold else ""}
        said = ";".join(f"{name}:{value}" for name, value in style.items() if value)
        classes = [name for name in (c.side if c.side != "left" else "", c.role, _numeric(c)) if name]
        pairs = [[name, value] for name, value in (("scope", scope), ("style", said)) if value]
        return [["", classes, pairs], {"t": "AlignDefault"}, c.rows, c.columns, rewrite(c.blocks, _breakable)]

    def rows(lines: list[list[Cell]], scope: str = "") -> list[Any]:
        return [[["", _roles(line), []], [cell(c, scope) for c in line]] for line in lines]

    none: list[Any] = ["", [], []]
    notes = [[Cell(blocks, columns=grid.columns, role="note")] for blocks in grid.notes]
    specs = [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}]] * grid.columns
    bodies = [[none, 0, [], rows(grid.body)]]
    return {
        "t": "Table",
        "c": [["", ["data"], []], [None, []], specs, [none, rows(grid.head, "col")], bodies, [none, rows(notes)]],
    }


def _breakable(node: Node) -> Nodes | None:
    """Let long words break where a copy of them stays whole."""
    if node["t"] != "Str" or len(node["c"]) < LONG_WORD:
        return None
    first, *rest = pieces(node["c"])
    may_break: Node = {"t": "RawInline", "c": ["html", "<wbr>"]}
    return [{"t": "Str", "c": first}, *(part for said in rest for part in (may_break, {"t": "Str", "c": said}))]


def typst_table(grid: Grid) -> str:
    """Return the grid as a call of the template's `data-table`; every text is a string literal."""
    sides = _sides(grid)
    head = ", ".join(_typst_cell(c, sides, n, is_head=True) for row in grid.head for n, c in _placed(row))
    body = ",\n".join(_typst_row(row, sides) for row in grid.body)
    notes = "".join(f"[{content(blocks)}], " for blocks in grid.notes)
    widths = ", ".join(f"({longest}, {share})" for longest, share in _widths(grid))
    return (
        f"#data-table(({widths},), ({', '.join(sides)},), ({head}{',' if head else ''}), ({notes}),\n"
        f"{body}{',' if body else ''}\n)"
    )


def _row(where: str, row: list[Any], sides: list[str]) -> list[Cell]:
    attributes, cells = row
    result: list[Cell] = []
    for (_, classes, pairs), aligned, height, width, blocks in cells:
        names = [*attributes[1], *classes]
        style = _style(dict(pairs).get("style", ""))
        place = sum(c.columns for c in result)
        side = next((_SIDES[name] for name in names if name in _SIDES), "") or style.get("text-align", "")
        side = side or _ALIGNED.get(aligned["t"], "") or (sides[place] if place < len(sides) else "")
        role = next((_ROLES[name] for name in names if name in _ROLES), "")
        result.append(
            Cell(
                blocks=blocks,
                columns=width,
                rows=height,
                side=side if side in {"right", "center"} and role not in {"group", "note"} else "left",
                role=role,
                fill=_color(where, style.get("background-color", "")),
                ink=_color(where, style.get("color", "")),
                is_bold=style.get("font-weight", "") in _BOLD,
            )
        )
    return result


def _style(text: str) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in text.lower().split(";") if ":" in part)
    return {name.strip(): value.replace("!important", "").strip() for name, value in pairs}


def _color(where: str, value: str) -> str:
    if not value or value in _UNSET:
        return ""
    if _HEX.match(value):
        return value
    if match := _RGB.match(value):
        return "#" + "".join(f"{min(int(part), 255):02x}" for part in match.groups())
    message = f"{where}: the color {value!r} of a cell is not supported. Write it as #rrggbb."
    raise ReportError(message)


def _numeric(cell: Cell) -> str:
    return "short" if _SHORT.match(plain(cell.blocks).strip()) else ""


def _roles(line: list[Cell]) -> list[str]:
    roles = {cell.role for cell in line}
    return [next(iter(roles))] if len(roles) == 1 and roles & {"group", "total", "title"} else []


def _placed(row: list[Cell]) -> Iterable[tuple[int, Cell]]:
    place = 0
    for cell in row:
        yield place, cell
        place += cell.columns


def _sides(grid: Grid) -> list[str]:
    """Return the side of each column: that of its first cell of one column in the body."""
    found: dict[int, str] = {}
    for row in grid.body:
        for place, cell in _placed(row):
            if cell.columns == 1:
                found.setdefault(place, cell.side)
    return [found.get(place, "left") for place in range(grid.columns)]


def _widths(grid: Grid) -> list[tuple[int, int]]:
    """Return of each column the characters of its longest cell, and its share of the room if lines must break.

    The share lies between the longest cell and the usual one, so that one long cell does not starve its neighbors.
    """
    lengths: list[list[int]] = [[1] for _ in range(grid.columns)]
    for row in [*grid.head, *grid.body]:
        for place, cell in _placed(row):
            if cell.columns == 1 and place < grid.columns:
                lengths[place].append(len(plain(cell.blocks)))
    return [(max(column), round(10 * (max(column) * sum(column) / len(column)) ** 0.5)) for column in lengths]


def _typst_row(row: list[Cell], sides: list[str]) -> str:
    """Return the cells of a row; the heading of a group stays with its rows and comes again on their next page."""
    cells = ", ".join(_typst_cell(cell, sides, place) for place, cell in _placed(row))
    return f"table.header(level: 2, {cells})" if _roles(row) == ["group"] else cells


def _typst_cell(cell: Cell, sides: list[str], place: int, *, is_head: bool = False) -> str:
    text = content(cell.blocks)
    if _numeric(cell):
        text = f"#box[{text}]"
    marks: Mapping[str, str] = {
        "fill": f'rgb("{cell.ink}")' if cell.ink else "",
        "weight": string("bold") if is_head or cell.is_bold or cell.role in {"group", "total"} else "",
    }
    said = ", ".join(f"{name}: {value}" for name, value in marks.items() if value)
    text = f"#text({said})[{text}]" if said else text
    fill = f'rgb("{cell.fill}")' if cell.fill else "group-fill" if cell.role == "group" else ""
    settings: Mapping[str, str] = {
        "colspan": str(cell.columns) if cell.columns > 1 else "",
        "rowspan": str(cell.rows) if cell.rows > 1 else "",
        "align": cell.side if (place < len(sides) and cell.side != sides[place]) or cell.columns > 1 else "",
        "fill": fill,
    }
    named = "".join(f"{name}: {value}, " for name, value in settings.items() if value)
    return f"table.cell({named}[{text}])" if named else f"[{text}]"
