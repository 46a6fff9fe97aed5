"""Everything with an effect: network, disk, clock, environment; and the command `persepsi`."""
