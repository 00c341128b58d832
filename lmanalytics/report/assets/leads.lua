-- A paper has no pages beside it: what leads to the lines of a figure becomes the figure alone.
return {{
  Link = function(link)
    if link.target:match("^lines/") then return link.content end
  end,
}}
