"""Charts, added up before they are drawn."""
