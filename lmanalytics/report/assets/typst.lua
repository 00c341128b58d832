-- Formulas for Typst with their source as text alternative, which PDF/UA asks for.
local function quoted(text) return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("\n", " ") .. '"' end

return {{
  Math = function(math)
    local source = pandoc.write(pandoc.Pandoc({pandoc.Plain({math})}), "typst"):gsub("%s+$", "")
    local block = tostring(math.mathtype == "DisplayMath")
    return pandoc.RawInline("typst", "#math.equation(block: " .. block .. ", alt: " .. quoted(math.text) .. ", " .. source .. ")")
  end,
}}
