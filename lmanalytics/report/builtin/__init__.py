"""The built-in publisher: from executed notebooks to one HTML page and a PDF."""
