"""Start a notebook's kernel: `python -P -m lmanalytics.report.kernel`.

It is ipykernel, behind this package's import, which keeps slow libraries out.
"""

from ipykernel import kernelapp

if __name__ == "__main__":
    kernelapp.launch_new_instance()
