"""blackbox.yml: what it may say, and what there is without one."""
