"""What goes wrong when something is sent."""


class SendError(Exception):
    """It was not sent, or not answered; the text is for people, and quotes neither secrets nor what a server says."""
