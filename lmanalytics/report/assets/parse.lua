-- Reads a JSON list of {format, text} from standard input and writes the list of Pandoc documents as JSON.
-- One process reads every cell of a report, each by itself: no cell can leave a fence or a division open for the next.
local parts = pandoc.json.decode(io.read("a"), false)
local documents = {}
for i, part in ipairs(parts) do
  documents[i] = pandoc.write(pandoc.read(part.text, part.format), "json")
end
io.write("[", table.concat(documents, ","), "]")
