"""Records, partners and delivery: how nodes, and the modules of one node, meet."""
