"""What every test shares: no deadlines for properties, since machines differ in speed."""

from hypothesis import settings

settings.register_profile("lmanalytics", deadline=None)
settings.load_profile("lmanalytics")
