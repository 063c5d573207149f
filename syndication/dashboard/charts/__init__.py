"""Charts, pure: series along a time axis, drawn as SVG."""
