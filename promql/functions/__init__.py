"""The functions of the language, kernels over whole panels and grids."""
