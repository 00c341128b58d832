"""The terms as dated, cited functions."""
