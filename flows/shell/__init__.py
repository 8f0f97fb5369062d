"""What the command line looks like: commands, options and their help; no work is done here."""
