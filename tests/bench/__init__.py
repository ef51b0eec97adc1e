"""`make bench`: what pages cost beside the bare page, on both databases; docs/performance.md tells how to read it."""
