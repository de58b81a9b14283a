"""The commands about identities, each in a module that is loaded when it is called, and what all commands print with."""
