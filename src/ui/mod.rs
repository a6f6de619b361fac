//! The counter screen: reads a view, pushes commands; no IO, no rule.
