"""Charts, tables, notebooks and publishing."""

from lmanalytics.lean import skip_slow_imports

skip_slow_imports()
