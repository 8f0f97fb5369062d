"""What is true of an address and of a contact: deciders without files, clocks or databases."""
