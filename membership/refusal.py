"""What a verb answers when it cannot be used now."""


class Refused(Exception):
    """The verb cannot be used now. Its text is a sentence for the person who tried."""
