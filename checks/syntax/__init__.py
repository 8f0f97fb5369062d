"""The shape of an address: impossible ones named, likely repairs proposed."""
