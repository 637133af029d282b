"""Live views of a cluster in a notebook: one noun per widget, a `.py` beside a `.js`."""
