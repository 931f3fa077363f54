"""The steps of the road, one module each: they read files, call the pure modules and write files; they hold no definitions."""
