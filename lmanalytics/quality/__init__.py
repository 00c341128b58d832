"""Great Expectations on Polars: suites, the gate, quarantine.

Importing this package loads Great Expectations, which takes two seconds: import it where it is needed. It imports
SciPy's statistics and Altair for a check that compares distributions, which is not used here.
"""

import warnings

from lmanalytics.lean import loaded_later, skip_slow_imports

skip_slow_imports()
with warnings.catch_warnings(), loaded_later("scipy.stats", "altair"):
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports sre_constants
    import great_expectations as _great_expectations

_great_expectations.__version__  # noqa: B018 (loaded for its side effect alone)
