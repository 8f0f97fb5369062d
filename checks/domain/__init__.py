"""Whether a domain takes mail: asking DNS and judging the answers, apart."""
