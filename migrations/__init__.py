"""The schemas of the stores, versioned: a folder a store, a numbered file a change."""
