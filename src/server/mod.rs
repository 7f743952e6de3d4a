//! HTTP: the router is the table of contents; handlers translate and hold no rules.
