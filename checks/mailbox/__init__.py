"""Whether a mailbox exists: the SMTP handshake, from plan to verdict, never DATA."""
