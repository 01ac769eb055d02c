"""What browsers tell of their pages: load times, interactions, renderings, and Web Vitals."""
