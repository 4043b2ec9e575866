"""The screen: pages, layout, drawing and the ways to a panel."""
