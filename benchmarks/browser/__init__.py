"""Bars 2 to 4: how soon a slow phone can answer a check-in, and see its own trajectory. See the README beside this."""
