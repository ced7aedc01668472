"""What goes wrong in a way that whoever typed the command can mend."""


class CommandError(Exception):
    """The command cannot do its work; the message says what to do about it."""
