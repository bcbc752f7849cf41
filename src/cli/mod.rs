//! Arguments, exit codes, wiring; one file per subcommand.
