"""What is true of an address and of a contact: checks that decide, without files, clocks or databases."""
