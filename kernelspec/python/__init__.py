"""mlnb for Python's notebook tools: a Pygments lexer and papermill's translator. Written by `mlnb install`."""

__version__ = "@VERSION@"
