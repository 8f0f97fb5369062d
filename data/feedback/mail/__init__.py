"""Messages that came back: bounces, complaints, answers."""

from data.feedback.mail.reading import read_mail

__all__ = ["read_mail"]
