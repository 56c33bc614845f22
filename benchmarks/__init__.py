"""The program beside its peers in a real browser. Nothing here is part of the program or of its dependencies."""
