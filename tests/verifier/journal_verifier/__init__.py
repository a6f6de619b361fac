"""A second reading of the published pages: verifies journals, acknowledgements and conflicts."""
