"""What containers, slices and other control groups use, under cAdvisor's names."""
