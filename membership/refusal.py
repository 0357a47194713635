"""What a verb answers when it cannot do what was asked."""


class Refused(Exception):
    """It cannot be done, or not now. Its text is a sentence for the person who tried."""
