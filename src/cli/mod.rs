//! The shell: command line, wiring, exit codes.
