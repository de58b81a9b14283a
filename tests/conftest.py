"""Plugins of the tests: `pytester` runs pytest on files of its own, for the tests of the pytest plugin."""

pytest_plugins = ["pytester"]
