"""Drawing: pure functions from Kubernetes objects to SVG; same objects, same bytes."""
