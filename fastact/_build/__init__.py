"""What setup.py needs, loaded by its path; no part of the installed package."""
