"""Time series of collective variables: COLVAR text of PLUMED, and plain arrays."""
