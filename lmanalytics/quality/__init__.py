"""Great Expectations on Polars: suites, the gate, quarantine.

Importing this package loads Great Expectations, which takes three seconds: import it where it is needed.
"""

import warnings

from lmanalytics.lean import skip_slow_imports

skip_slow_imports()
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports sre_constants
    import great_expectations as _great_expectations

_great_expectations.__version__  # noqa: B018 (loaded for its side effect alone)
