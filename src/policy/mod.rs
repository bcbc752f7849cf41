//! The rule and site file format: load, validate, explain errors with their place, merge, index.
