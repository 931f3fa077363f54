"""Registers as CBS delivers them: their dictionary, their files, their reading, their validation."""
