"""Charts, tables, notebooks and publishing."""
