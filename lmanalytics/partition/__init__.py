"""A very large estate in parts: split by what rules must see together, computed part by part, put together again."""
